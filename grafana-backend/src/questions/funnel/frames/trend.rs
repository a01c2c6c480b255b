//! Conversion by bucket of entry.

use super::rest;
use crate::{
    chance::Part,
    compared,
    frame::{Column, Frame},
    numbers::{integer, share},
    partial,
    questions::funnel::{
        fold_plan::FoldPlan,
        group::{Entered, Group},
        model::Funnel,
        named::NamedGroup,
    },
    scope::Scope,
    time::buckets::Buckets,
};

/// A bucket of one value.
struct Row<'g> {
    name: Option<&'g String>,
    start_ms: i64,
    end_ms: i64,
    now: Entered,
    /// Of the bucket at the same place of the earlier range.
    before: Option<Entered>,
}

impl Entered {
    fn part(self) -> Part {
        Part { count: self.converted, of: self.entered }
    }
}

/// A row a bucket of entry, and of a value: who entered, who took the last step.
pub fn trend(
    funnel: &Funnel,
    plan: &FoldPlan,
    named: &[NamedGroup],
    earlier: Option<&Buckets>,
    scope: &Scope,
) -> Frame {
    let mut frame = Frame::new("funnel");
    let Some(buckets) = &plan.buckets else { return frame };
    let rows: Vec<Row<'_>> = named.iter().flat_map(|of| rows(of, buckets, earlier)).collect();
    frame.push(Column::time("time", rows.iter().map(|row| Some(row.start_ms)).collect()));
    if let Some(split) = &funnel.split {
        let rest = rest(named);
        let label = |row: &Row<'_>| Some(row.name.unwrap_or(&rest).clone());
        frame.push(Column::string(split.breakdown.dimension.title(), rows.iter().map(label).collect()));
    }
    frame.push(Column::integer("entered", rows.iter().map(|row| Some(integer(row.now.entered))).collect()));
    frame.push(Column::integer("converted", rows.iter().map(|row| Some(integer(row.now.converted))).collect()));
    let rates = rows.iter().map(|row| share(row.now.converted, row.now.entered)).collect();
    frame.push(Column::number("rate", rates).with_unit("percentunit"));
    // Who entered at the bucket's end may still convert until the window has passed.
    let is_mature = |row: &Row<'_>| row.end_ms.saturating_add(funnel.window_ms) <= scope.now_ms;
    frame.push(Column::integer("mature", rows.iter().map(|row| Some(i64::from(is_mature(row)))).collect()));
    if earlier.is_some() {
        let before = |pick: fn(Entered) -> u64| rows.iter().map(|row| row.before.map(pick)).collect::<Vec<_>>();
        compared::push_previous(&mut frame, "entered", &before(|entered| entered.entered));
        compared::push_previous(&mut frame, "converted", &before(|entered| entered.converted));
        let now: Vec<Part> = rows.iter().map(|row| row.now.part()).collect();
        let before: Vec<Option<Part>> = rows.iter().map(|row| row.before.map(Entered::part)).collect();
        compared::push_rates(&mut frame, "rate", &now, &before);
        compared::push_chance(&mut frame, &now, &before);
    }
    partial::marked(frame, buckets, scope)
}

fn rows<'g>(of: &'g NamedGroup, buckets: &Buckets, earlier: Option<&Buckets>) -> impl Iterator<Item = Row<'g>> {
    let earlier_count = earlier.map_or(0, |earlier| earlier.starts_ms.len());
    let in_bucket = |group: &Group, at: usize| group.by_entry.get(&at).copied().unwrap_or_default();
    buckets.bounds().enumerate().map(move |(at, (start_ms, end_ms))| {
        let is_there = |_: &&Group| at < earlier_count;
        let before = of.before.as_ref().filter(is_there).map(|group| in_bucket(group, at));
        Row { name: of.name.as_ref(), start_ms, end_ms, now: in_bucket(&of.group, at), before }
    })
}

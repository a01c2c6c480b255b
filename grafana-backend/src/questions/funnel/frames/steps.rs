//! The steps.

use super::rest;
use crate::{
    chance::Part,
    compared,
    frame::{Column, Frame},
    numbers::{integer, mean, quantile, share},
    questions::funnel::{fold_plan::FoldPlan, group::Group, model::Funnel, named::NamedGroup},
};

/// A value and one of the steps.
#[derive(Clone, Copy)]
struct Row<'g> {
    of: &'g NamedGroup,
    step: usize,
}

/// A step of one range.
#[derive(Clone, Copy)]
struct Bar {
    /// Who took it, of all who entered.
    taken: Part,
    /// Who took it as well, of those who took the step before that is not optional; of the first step, of itself.
    continued: Part,
}

impl Bar {
    fn of(group: &Group, step: usize, plan: &FoldPlan) -> Self {
        let taken = group.taken[step];
        let continued = match plan.required_before(step) {
            Some(before) => Part { count: group.continued[step], of: group.taken[before] },
            None => Part { count: taken, of: taken },
        };
        Self { taken: Part { count: taken, of: group.entered }, continued }
    }
}

/// A row a value and step.
pub fn steps(funnel: &Funnel, plan: &FoldPlan, named: &[NamedGroup], never_entered: Option<u64>) -> Frame {
    let mut frame = Frame::new("funnel");
    let rows: Vec<Row<'_>> =
        named.iter().flat_map(|of| (0..funnel.steps.len()).map(move |step| Row { of, step })).collect();
    let bars: Vec<Bar> = rows.iter().map(|row| Bar::of(&row.of.group, row.step, plan)).collect();
    if let Some(split) = &funnel.split {
        let rest = rest(named);
        let label = |row: &Row<'_>| Some(row.of.name.clone().unwrap_or_else(|| rest.clone()));
        frame.push(Column::string(split.breakdown.dimension.title(), rows.iter().map(label).collect()));
    }
    frame.push(Column::string("step", rows.iter().map(|row| Some(funnel.step_name(row.step))).collect()));
    frame.push(Column::integer("count", bars.iter().map(|bar| Some(integer(bar.taken.count))).collect()));
    let rate = |part: Part| share(part.count, part.of);
    let rates = bars.iter().map(|bar| rate(bar.taken)).collect();
    frame.push(Column::number("rate", rates).with_unit("percentunit"));
    let step_rates = bars.iter().map(|bar| rate(bar.continued)).collect();
    frame.push(Column::number("step_rate", step_rates).with_unit("percentunit"));
    let drop_offs = bars.iter().map(|bar| Some(integer(bar.continued.of - bar.continued.count)));
    frame.push(Column::integer("drop_off", drop_offs.collect()));
    push_times(&mut frame, &rows);
    if let Some(count) = never_entered {
        frame.push(Column::integer("never_entered", rows.iter().map(|_| Some(integer(count))).collect()));
    }
    if funnel.compare.is_some() {
        let before = |row: &Row<'_>| row.of.before.as_ref().map(|group| Bar::of(group, row.step, plan));
        push_comparison(&mut frame, &bars, &rows.iter().map(before).collect::<Vec<_>>());
    }
    frame
}

/// From the step taken before.
fn push_times(frame: &mut Frame, rows: &[Row<'_>]) {
    let seconds = |pick: fn(&mut [i64]) -> Option<f64>| {
        let of_row = |row: &Row<'_>| pick(&mut row.of.group.times_ms[row.step].clone()).map(|ms| ms / 1000.0);
        rows.iter().map(of_row).collect()
    };
    frame.push(Column::number("median_s", seconds(|ms| quantile(ms, 0.5))).with_unit("s"));
    frame.push(Column::number("p90_s", seconds(|ms| quantile(ms, 0.9))).with_unit("s"));
    frame.push(Column::number("avg_s", seconds(|ms| mean(ms))).with_unit("s"));
}

fn push_comparison(frame: &mut Frame, now: &[Bar], before: &[Option<Bar>]) {
    let taken: Vec<Part> = now.iter().map(|bar| bar.taken).collect();
    let taken_before: Vec<Option<Part>> = before.iter().map(|bar| Some(bar.as_ref()?.taken)).collect();
    let counts: Vec<u64> = taken.iter().map(|part| part.count).collect();
    let counts_before: Vec<Option<u64>> = taken_before.iter().map(|part| Some((*part)?.count)).collect();
    compared::push_counts(frame, "count", &counts, &counts_before);
    compared::push_rates(frame, "rate", &taken, &taken_before);
    compared::push_chance(frame, &taken, &taken_before);
}

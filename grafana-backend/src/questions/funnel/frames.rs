//! A funnel's numbers as frames.

use std::collections::HashMap;

use super::{fold_plan::FoldPlan, group::Group, model::Funnel, named::NamedGroup, tally::ListedActor};
use crate::{
    events::actor::Actor,
    frame::{Column, Frame},
    label::{OTHER, apart},
    numbers::{integer, quantile, share},
    time::buckets::Buckets,
};

/// Upper bounds of the classes of time to convert, in milliseconds.
const CLASSES_MS: [i64; 16] = [
    1_000,
    5_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    1_800_000,
    3_600_000,
    10_800_000,
    43_200_000,
    86_400_000,
    259_200_000,
    604_800_000,
    i64::MAX,
];

/// A row of [`steps`].
struct StepRow<'g> {
    of: &'g NamedGroup,
    step: usize,
    /// Of the step before that is not optional: who took it, and of those who went on to this one.
    before: Option<Continued>,
}

#[derive(Clone, Copy)]
struct Continued {
    from: u64,
    count: u64,
}

impl StepRow<'_> {
    fn taken(&self) -> u64 {
        self.of.group.taken[self.step]
    }

    /// The share of those who took the step before; of the first step, of itself.
    fn step_rate(&self) -> Option<f64> {
        match self.before {
            Some(before) => share(before.count, before.from),
            None => share(self.taken(), self.taken()),
        }
    }

    fn drop_off(&self) -> u64 {
        self.before.map_or(0, |before| before.from - before.count)
    }
}

/// A row a value and step.
pub fn steps(funnel: &Funnel, plan: &FoldPlan, named: &[NamedGroup]) -> Frame {
    let mut frame = Frame::new("funnel");
    let row = |of: &'_ NamedGroup, step: usize| {
        let before = plan.required_before(step);
        before.map(|before| Continued { from: of.group.taken[before], count: of.group.continued[step] })
    };
    let rows: Vec<StepRow<'_>> = named
        .iter()
        .flat_map(|of| (0..funnel.steps.len()).map(move |step| StepRow { of, step, before: row(of, step) }))
        .collect();
    if let Some(split) = &funnel.split {
        let rest = rest(named);
        let label = |row: &StepRow<'_>| Some(row.of.name.clone().unwrap_or_else(|| rest.clone()));
        frame.push(Column::string(split.breakdown.dimension.title(), rows.iter().map(label).collect()));
    }
    frame.push(Column::string("step", rows.iter().map(|row| Some(funnel.step_name(row.step))).collect()));
    frame.push(Column::integer("count", rows.iter().map(|row| Some(integer(row.taken()))).collect()));
    let rates = rows.iter().map(|row| share(row.taken(), row.of.group.entered)).collect();
    frame.push(Column::number("rate", rates).with_unit("percentunit"));
    frame.push(Column::number("step_rate", rows.iter().map(StepRow::step_rate).collect()).with_unit("percentunit"));
    frame.push(Column::integer("drop_off", rows.iter().map(|row| Some(integer(row.drop_off()))).collect()));
    for (name, at) in [("median_s", 0.5), ("p90_s", 0.9)] {
        let seconds = |row: &StepRow<'_>| {
            let mut times_ms = row.of.group.times_ms[row.step].clone();
            quantile(&mut times_ms, at).map(|ms| ms / 1000.0)
        };
        frame.push(Column::number(name, rows.iter().map(seconds).collect()).with_unit("s"));
    }
    frame
}

/// A row of [`trend`].
struct EntryRow<'g> {
    name: Option<&'g String>,
    start_ms: i64,
    end_ms: i64,
    entered: u64,
    converted: u64,
}

/// A row a bucket of entry, and of a value: who entered, who took the last step.
pub fn trend(funnel: &Funnel, plan: &FoldPlan, named: &[NamedGroup], now_ms: i64) -> Frame {
    let mut frame = Frame::new("funnel");
    let Some(buckets) = &plan.buckets else { return frame };
    let last = plan.last_required().unwrap_or(0);
    let rows: Vec<EntryRow<'_>> = named.iter().flat_map(|of| entry_rows(of, buckets, last)).collect();
    frame.push(Column::time("time", rows.iter().map(|row| Some(row.start_ms)).collect()));
    if let Some(split) = &funnel.split {
        let rest = rest(named);
        let label = |row: &EntryRow<'_>| Some(row.name.unwrap_or(&rest).clone());
        frame.push(Column::string(split.breakdown.dimension.title(), rows.iter().map(label).collect()));
    }
    frame.push(Column::integer("entered", rows.iter().map(|row| Some(integer(row.entered))).collect()));
    frame.push(Column::integer("converted", rows.iter().map(|row| Some(integer(row.converted))).collect()));
    let rates = rows.iter().map(|row| share(row.converted, row.entered)).collect();
    frame.push(Column::number("rate", rates).with_unit("percentunit"));
    // Who entered at the bucket's end may still convert until the window has passed.
    let is_mature = |row: &EntryRow<'_>| row.end_ms.saturating_add(funnel.window_ms) <= now_ms;
    frame.push(Column::integer("mature", rows.iter().map(|row| Some(i64::from(is_mature(row)))).collect()));
    frame
}

fn entry_rows<'g>(of: &'g NamedGroup, buckets: &Buckets, last: usize) -> impl Iterator<Item = EntryRow<'g>> {
    buckets.bounds().enumerate().map(move |(at, (start_ms, end_ms))| {
        let taken = |step: usize| of.group.by_entry.get(&at).map_or(0, |counts| counts[step]);
        EntryRow { name: of.name.as_ref(), start_ms, end_ms, entered: taken(0), converted: taken(last) }
    })
}

/// A row a class of time from the first step to the last.
pub fn histogram(groups: HashMap<u64, Group>) -> Frame {
    let mut all = Group::default();
    groups.into_values().for_each(|group| all.merge(group));
    let mut counts = [0_i64; CLASSES_MS.len()];
    for ms in &all.totals_ms {
        counts[CLASSES_MS.partition_point(|bound| bound < ms)] += 1;
    }
    let mut frame = Frame::new("funnel");
    let bounds = |ms: i64| (ms < i64::MAX).then(|| f64::from(i32::try_from(ms / 1000).unwrap_or(i32::MAX)));
    frame.push(Column::string("within", CLASSES_MS.iter().map(|ms| Some(class_name(*ms))).collect()));
    frame.push(Column::number("up_to_s", CLASSES_MS.iter().map(|ms| bounds(*ms)).collect()).with_unit("s"));
    frame.push(Column::integer("count", counts.iter().map(|count| Some(*count)).collect()));
    frame
}

/// A row an actor.
pub fn actors(funnel: &Funnel, actors: &[ListedActor], ids: &HashMap<u64, String>) -> Frame {
    let mut frame = Frame::new("funnel");
    let title = match funnel.by {
        Actor::Visitor => "visitor",
        Actor::User => "user_id",
        Actor::Session => "session_id",
    };
    frame.push(Column::string(title, actors.iter().map(|listed| ids.get(&listed.actor).cloned()).collect()));
    frame.push(Column::time("entered", actors.iter().map(|listed| Some(listed.entered_ms)).collect()));
    let last_step = |listed: &ListedActor| Some(funnel.step_name(listed.chain.last()?.step));
    frame.push(Column::string("last_step", actors.iter().map(last_step).collect()));
    #[expect(clippy::cast_precision_loss, reason = "milliseconds within a year fit an f64 exactly")]
    let seconds = |listed: &ListedActor| Some((listed.chain.last()?.at_ms - listed.entered_ms) as f64 / 1000.0);
    frame.push(Column::number("time_s", actors.iter().map(seconds).collect()).with_unit("s"));
    frame
}

/// What the values beyond the limit are called.
fn rest(named: &[NamedGroup]) -> String {
    apart(OTHER, named.iter().filter_map(|named| named.name.as_deref()))
}

/// A class of times, for people.
fn class_name(ms: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    match UNITS.iter().find(|(unit_ms, _)| ms != i64::MAX && ms % unit_ms == 0) {
        Some((unit_ms, unit)) => format!("≤ {} {unit}", ms / unit_ms),
        None => "longer".to_owned(),
    }
}

//! A funnel's numbers as frames.

use std::collections::HashMap;

use super::{
    Named,
    model::{Actor, Funnel},
    tally::{Group, Plan, Tally, quantile},
};
use crate::{
    frame::{Column, Frame},
    query::label::{OTHER, apart},
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

/// A row a value and step.
pub fn steps(funnel: &Funnel, plan: &Plan, named: Named) -> Frame {
    let mut frame = Frame::new("funnel");
    let broken_down = funnel.breakdown.as_ref().map(|breakdown| breakdown.dimension.title());
    let count = funnel.steps.len();
    let rows = named.len() * count;
    let at = |row: usize| (row / count, row % count);
    if let Some(title) = broken_down {
        let rest = rest(&named);
        let label = |row: usize| Some(named[at(row).0].0.clone().unwrap_or_else(|| rest.clone()));
        frame.push(Column::text(title, (0..rows).map(label).collect()));
    }
    frame.push(Column::text("step", (0..rows).map(|row| Some(funnel.step_name(at(row).1))).collect()));
    let of = |row: usize| (&named[at(row).0].1, at(row).1);
    let whole = |pick: &dyn Fn(&Group, usize) -> Option<u64>| {
        let each =
            (0..rows).map(|row| pick(of(row).0, of(row).1).map(|count| i64::try_from(count).unwrap_or(i64::MAX)));
        each.collect::<Vec<_>>()
    };
    let number = |pick: &dyn Fn(&Group, usize) -> Option<f64>| {
        (0..rows).map(|row| pick(of(row).0, of(row).1)).collect::<Vec<_>>()
    };
    frame.push(Column::whole("count", whole(&|group, step| Some(group.taken[step]))));
    frame.push(
        Column::number("rate", number(&|group, step| share(group.taken[step], group.entered))).with_unit("percentunit"),
    );
    let before = |group: &Group, step: usize| plan.required_before(step).map(|before| group.taken[before]);
    frame.push(
        Column::number(
            "step_rate",
            number(&|group, step| match before(group, step) {
                Some(before) => share(group.continued[step], before),
                None => share(group.taken[step], group.taken[step]),
            }),
        )
        .with_unit("percentunit"),
    );
    frame.push(Column::whole(
        "drop_off",
        whole(&|group, step| Some(before(group, step).map_or(0, |before| before - group.continued[step]))),
    ));
    for (name, at) in [("median_s", 0.5), ("p90_s", 0.9)] {
        let seconds = number(&|group, step| quantile(&mut group.times_ms[step].clone(), at).map(|ms| ms / 1000.0));
        frame.push(Column::number(name, seconds).with_unit("s"));
    }
    frame
}

/// A row a bucket of entry, and of a value: who entered, who took the last step.
pub fn trend(funnel: &Funnel, plan: &Plan, named: Named, now_ms: i64) -> Frame {
    let mut frame = Frame::new("funnel");
    let Some(buckets) = &plan.buckets else { return frame };
    let last = plan.last_required().unwrap_or(0);
    let rows = || {
        named.iter().flat_map(|(name, group)| {
            buckets.starts_ms.iter().enumerate().map(move |(at, start)| (name, group, at, *start))
        })
    };
    frame.push(Column::time("time", rows().map(|(_, _, _, start)| Some(start)).collect()));
    if let Some(breakdown) = &funnel.breakdown {
        let rest = rest(&named);
        let label = |name: &Option<String>| Some(name.clone().unwrap_or_else(|| rest.clone()));
        frame.push(Column::text(breakdown.dimension.title(), rows().map(|(name, ..)| label(name)).collect()));
    }
    let taken = |group: &Group, at: usize, step: usize| group.by_entry.get(&at).map_or(0, |counts| counts[step]);
    let whole = |count: u64| Some(i64::try_from(count).unwrap_or(i64::MAX));
    frame.push(Column::whole("entered", rows().map(|(_, group, at, _)| whole(taken(group, at, 0))).collect()));
    frame.push(Column::whole("converted", rows().map(|(_, group, at, _)| whole(taken(group, at, last))).collect()));
    let rates = rows().map(|(_, group, at, _)| share(taken(group, at, last), taken(group, at, 0))).collect();
    frame.push(Column::number("rate", rates).with_unit("percentunit"));
    // Who entered at the bucket's end may still convert until the window has passed.
    let end = |at: usize| buckets.starts_ms.get(at + 1).copied().unwrap_or(buckets.end_ms);
    let mature =
        rows().map(|(_, _, at, _)| Some(i64::from(end(at).saturating_add(funnel.window_ms) <= now_ms))).collect();
    frame.push(Column::whole("mature", mature));
    frame
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
    frame.push(Column::text("within", CLASSES_MS.iter().map(|ms| Some(class_name(*ms))).collect()));
    frame.push(Column::number("up_to_s", CLASSES_MS.iter().map(|ms| bounds(*ms)).collect()).with_unit("s"));
    frame.push(Column::whole("count", counts.iter().map(|count| Some(*count)).collect()));
    frame
}

/// A row an actor.
pub fn actors(funnel: &Funnel, tally: &Tally, ids: &HashMap<u64, String>) -> Frame {
    let mut frame = Frame::new("funnel");
    let title = match funnel.by {
        Actor::Visitor => "visitor",
        Actor::User => "user_id",
        Actor::Session => "session_id",
    };
    frame.push(Column::text(title, tally.actors.iter().map(|(_, actor, _)| ids.get(actor).cloned()).collect()));
    frame.push(Column::time("entered", tally.actors.iter().map(|(at_ms, ..)| Some(*at_ms)).collect()));
    let last = tally.actors.iter().map(|(_, _, chain)| chain.last());
    frame.push(Column::text("last_step", last.clone().map(|taken| Some(funnel.step_name(taken?.step))).collect()));
    #[expect(clippy::cast_precision_loss, reason = "milliseconds within a year fit an f64 exactly")]
    let seconds =
        tally.actors.iter().map(|(at_ms, _, chain)| Some((chain.last()?.at_ms - at_ms) as f64 / 1000.0)).collect();
    frame.push(Column::number("time_s", seconds).with_unit("s"));
    frame
}

/// What the values beyond the limit are called.
fn rest(named: &Named) -> String {
    apart(OTHER, named.iter().filter_map(|(name, _)| name.as_deref()))
}

#[expect(clippy::cast_precision_loss, reason = "shares; counts stay whole")]
fn share(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

/// A class of times, for people.
fn class_name(ms: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    match UNITS.iter().find(|(unit_ms, _)| ms != i64::MAX && ms % unit_ms == 0) {
        Some((unit_ms, unit)) => format!("≤ {} {unit}", ms / unit_ms),
        None => "longer".to_owned(),
    }
}

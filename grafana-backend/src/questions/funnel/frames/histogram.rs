//! How long conversions took.

use std::collections::HashMap;

use crate::{
    compared,
    frame::{Column, Frame},
    numbers::integer,
    questions::funnel::group::Group,
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

/// A row a class of time between the two steps.
pub fn histogram(groups: HashMap<u64, Group>, before: Option<HashMap<u64, Group>>) -> Frame {
    let counts = in_classes(groups);
    let mut frame = Frame::new("funnel");
    let bounds = |ms: i64| (ms < i64::MAX).then(|| f64::from(i32::try_from(ms / 1000).unwrap_or(i32::MAX)));
    frame.push(Column::string("within", CLASSES_MS.iter().map(|ms| Some(class_name(*ms))).collect()));
    frame.push(Column::number("up_to_s", CLASSES_MS.iter().map(|ms| bounds(*ms)).collect()).with_unit("s"));
    frame.push(Column::integer("count", counts.iter().map(|count| Some(integer(*count))).collect()));
    if let Some(before) = before.map(in_classes) {
        compared::push_counts(&mut frame, "count", &counts, &before.map(Some));
    }
    frame
}

fn in_classes(groups: HashMap<u64, Group>) -> [u64; CLASSES_MS.len()] {
    let mut counts = [0; CLASSES_MS.len()];
    for ms in groups.values().flat_map(|group| &group.totals_ms) {
        counts[CLASSES_MS.partition_point(|bound| bound < ms)] += 1;
    }
    counts
}

/// A class of times, for people.
fn class_name(ms: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    match UNITS.iter().find(|(unit_ms, _)| ms != i64::MAX && ms % unit_ms == 0) {
        Some((unit_ms, unit)) => format!("≤ {} {unit}", ms / unit_ms),
        None => "longer".to_owned(),
    }
}

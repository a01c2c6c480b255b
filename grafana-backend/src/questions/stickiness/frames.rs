//! Stickiness as a frame.

use super::fold::Counts;
use crate::{
    chance::Part,
    compared,
    frame::{Column, Frame},
    numbers::integer,
};

/// A row a number of periods.
pub fn frame(counts: &Counts, before: Option<&Counts>) -> Frame {
    let mut frame = Frame::new("stickiness");
    let now = counts.shown();
    let periods = || 1..=now.len();
    frame.push(Column::string("in", periods().map(|periods| Some(periods.to_string())).collect()));
    frame.push(Column::integer("periods", periods().map(|periods| i64::try_from(periods).ok()).collect()));
    frame.push(Column::integer("count", now.iter().map(|count| Some(integer(*count))).collect()));
    if let Some(before) = before.map(Counts::shown) {
        // A change of clocks can give the earlier range another number of periods.
        let before: Vec<Option<u64>> = (0..now.len()).map(|at| before.get(at).copied()).collect();
        compared::push_counts(&mut frame, "count", now, &before);
        let (of_now, of_before) = (now.iter().sum(), before.iter().flatten().sum());
        let parts: Vec<Part> = now.iter().map(|count| Part { count: *count, of: of_now }).collect();
        let before: Vec<Option<Part>> =
            before.iter().map(|count| count.map(|count| Part { count, of: of_before })).collect();
        compared::push_chance(&mut frame, &parts, &before);
    }
    frame
}

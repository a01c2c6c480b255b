//! Paths as a table.

use super::{model::Direction, shown::Way};
use crate::{
    chance::Part,
    compared,
    frame::{Column, Frame},
    numbers::integer,
};

/// A row a way.
pub fn frame(ways: &[Way], direction: Direction) -> Frame {
    let mut frame = Frame::new("paths");
    frame.push(Column::integer("step", ways.iter().map(|way| Some(i64::from(way.step))).collect()));
    frame.push(Column::string("source", ways.iter().map(|way| Some(way.source.clone())).collect()));
    frame.push(Column::string("target", ways.iter().map(|way| Some(way.target.clone())).collect()));
    frame.push(Column::integer("count", ways.iter().map(|way| Some(integer(way.count))).collect()));
    let before: Option<Vec<Option<Part>>> = ways.iter().map(|way| way.before.map(Some)).collect();
    if let Some(before) = before.filter(|before| !before.is_empty()) {
        let counts: Vec<u64> = ways.iter().map(|way| way.count).collect();
        let counts_before: Vec<Option<u64>> = before.iter().map(|part| Some((*part)?.count)).collect();
        let now: Vec<Part> = ways.iter().map(|way| Part { count: way.count, of: way.of_step }).collect();
        compared::push_counts(&mut frame, "count", &counts, &counts_before);
        compared::push_chance(&mut frame, &now, &before);
    }
    // Tells a panel on which side the anchor is.
    frame.with_meta("custom", serde_json::json!({"direction": direction}))
}

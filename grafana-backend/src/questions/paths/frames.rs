//! Paths as a table.

use super::{model::Direction, shown::Way};
use crate::{
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
    // Tells a panel on which side the anchor is.
    frame.with_meta("custom", serde_json::json!({"direction": direction}))
}

//! Stickiness as a frame.

use super::fold::Counts;
use crate::frame::{Column, Frame};

/// A row a number of periods.
pub fn frame(counts: &Counts) -> Frame {
    let mut frame = Frame::new("stickiness");
    frame.push(Column::string("in", counts.shown().map(|(periods, _)| Some(periods.to_string())).collect()));
    frame.push(Column::integer("periods", counts.shown().map(|(periods, _)| i64::try_from(periods).ok()).collect()));
    frame.push(Column::integer("count", counts.shown().map(|(_, count)| Some(count)).collect()));
    frame
}

//! What is there now as frames.

use super::{
    SLOT_MS,
    statement::{Page, Slot},
};
use crate::{
    frame::{Column, Frame},
    numbers::integer,
};

/// A row a slot.
#[expect(clippy::cast_precision_loss, reason = "events of five seconds")]
pub fn numbers(slots: &[Slot]) -> Frame {
    let mut frame = Frame::new("live");
    // A slot's numbers are known at its end.
    frame.push(Column::time("time", slots.iter().map(|slot| Some(slot.at_ms + SLOT_MS)).collect()));
    frame.push(Column::integer("visitors", slots.iter().map(|slot| Some(integer(slot.visitors))).collect()));
    let rate = |slot: &Slot| Some(slot.events as f64 * 1000.0 / SLOT_MS as f64);
    frame.push(Column::number("events_per_s", slots.iter().map(rate).collect()).with_unit("eps"));
    frame
}

/// A row a page.
pub fn pages(pages: &[Page]) -> Frame {
    let mut frame = Frame::new("pages");
    frame.push(Column::string("path", pages.iter().map(|page| Some(page.path.clone())).collect()));
    frame.push(Column::integer("visitors", pages.iter().map(|page| Some(integer(page.visitors))).collect()));
    frame.push(Column::integer("events", pages.iter().map(|page| Some(integer(page.views))).collect()));
    frame
}

//! Spikes as a frame.

use super::rule::Spike;
use crate::{
    events::event_filter::EventFilter,
    frame::{Column, Frame},
};

/// Grafana reads the columns time, timeEnd, title, text and tags; the numbers are for tables.
pub fn frame(filter: &EventFilter, spikes: &[Spike]) -> Frame {
    let mut frame = Frame::new("annotations");
    let strings = |of: &dyn Fn(&Spike) -> String| spikes.iter().map(|spike| Some(of(spike))).collect();
    frame.push(Column::time("time", spikes.iter().map(|spike| Some(spike.bucket.from_ms)).collect()));
    frame.push(Column::time("timeEnd", spikes.iter().map(|spike| Some(spike.bucket.to_ms)).collect()));
    frame.push(Column::string("title", strings(&|_| format!("Spike: {filter}"))));
    let text = |spike: &Spike| format!("{} events, usually {}", spike.bucket.count, spike.usual);
    frame.push(Column::string("text", strings(&text)));
    frame.push(Column::string("tags", strings(&|_| "spike".to_owned())));
    frame.push(Column::integer("count", spikes.iter().map(|spike| Some(spike.bucket.count)).collect()));
    frame.push(Column::number("usual", spikes.iter().map(|spike| Some(spike.usual)).collect()));
    frame
}

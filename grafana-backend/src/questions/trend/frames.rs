//! A trend's numbers as frames.

use super::{
    model::Trend,
    table::{Cells, Table},
};
use crate::{
    events::dimension::Dimension,
    frame::{Column, Frame},
    label::{NONE, OTHER, apart},
    time::buckets::Buckets,
};

/// A value, or the rest, with the range's cells and those of the earlier range.
struct Line {
    label: String,
    now: Cells,
    before: Option<Cells>,
}

/// Over time and split, a column a value: what time series panels and alerting take.
pub fn frame(trend: &Trend, buckets: &Buckets, now: &Table, before: Option<&Table>, labels: &[String]) -> Frame {
    let shown = |label: &String| match &trend.breakdown {
        Some(breakdown) => breakdown.dimension.shown(label),
        None => label.clone(),
    };
    let lines = lines(now, before, &labels.iter().map(shown).collect::<Vec<_>>());
    match &trend.breakdown {
        Some(breakdown) if trend.unit.is_some() && !trend.long => wide(&breakdown.dimension, buckets, lines),
        _ => long(trend, buckets, &lines),
    }
}

/// Every value and, if either range has one, the rest.
fn lines(now: &Table, before: Option<&Table>, labels: &[String]) -> Vec<Line> {
    // A change of clocks can give the earlier range another number of buckets.
    let as_many = |mut cells: Cells| {
        cells.resize(now.buckets, None);
        cells
    };
    let line = |(at, label): (usize, &String)| Line {
        label: label.clone(),
        now: now.values[at].clone(),
        before: before.map(|before| as_many(before.values[at].clone())),
    };
    let mut lines: Vec<Line> = labels.iter().enumerate().map(line).collect();
    if now.rest.is_some() || before.is_some_and(|before| before.rest.is_some()) {
        lines.push(Line {
            label: apart(OTHER, labels.iter().map(String::as_str)),
            now: now.rest_or_empty(),
            before: before.map(|before| as_many(before.rest_or_empty())),
        });
    }
    lines
}

fn wide(dimension: &Dimension, buckets: &Buckets, lines: Vec<Line>) -> Frame {
    let mut frame = Frame::new("trend");
    frame.push(Column::time("time", buckets.starts_ms.iter().map(|at| Some(*at)).collect()));
    // Grafana shows a series of this name by its label alone, so that an empty one needs a name.
    let none = apart(NONE, lines.iter().map(|line| line.label.as_str()));
    for line in lines {
        let shown = if line.label.is_empty() { &none } else { &line.label };
        frame.push(Column::number("Value", line.now).with_label(dimension.title(), shown));
        if let Some(before) = line.before {
            frame.push(Column::number("previous", before).with_label(dimension.title(), shown));
        }
    }
    frame
}

fn long(trend: &Trend, buckets: &Buckets, lines: &[Line]) -> Frame {
    let mut frame = Frame::new("trend");
    let each = || lines.iter().flat_map(|line| (0..line.now.len()).map(move |at| (line, at)));
    if trend.unit.is_some() {
        frame.push(Column::time("time", each().map(|(_, at)| Some(buckets.starts_ms[at])).collect()));
    }
    if let Some(breakdown) = &trend.breakdown {
        let labels = each().map(|(line, _)| Some(line.label.clone())).collect();
        frame.push(Column::string(breakdown.dimension.title(), labels));
    }
    frame.push(Column::number("value", each().map(|(line, at)| line.now[at]).collect()));
    if trend.compare.is_some() {
        let before = |(line, at): (&Line, usize)| line.before.as_ref().and_then(|cells| cells.get(at).copied())?;
        frame.push(Column::number("previous", each().map(before).collect()));
    }
    frame
}

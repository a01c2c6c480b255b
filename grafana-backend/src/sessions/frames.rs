//! Counts of sessions as frames.

use super::{
    Counts,
    model::{Measure, Sessions, Shown},
};
use crate::{
    frame::{Column, Frame},
    query::interval::Buckets,
};

/// Buckets without a session are shown as such.
pub fn in_buckets(rows: Vec<Counts>, buckets: &Buckets) -> Vec<Counts> {
    let mut rows = rows.into_iter().peekable();
    let empty = |at: i64| Counts { bucket_ms: at, ..Counts::default() };
    buckets.starts_ms.iter().map(|at| rows.next_if(|row| row.bucket_ms == *at).unwrap_or_else(|| empty(*at))).collect()
}

/// A row a bucket; the earlier range's buckets stand beside those that they are compared with.
pub fn over_time(sessions: &Sessions, buckets: &Buckets, now: &[Counts], before: Option<&[Counts]>) -> Frame {
    let mut frame = Frame::new("sessions");
    frame.push(Column::time("time", buckets.starts_ms.iter().map(|at| Some(*at)).collect()));
    push(&mut frame, "", sessions, &now.iter().map(Some).collect::<Vec<_>>());
    if let Some(before) = before {
        push(&mut frame, "previous_", sessions, &(0..now.len()).map(|at| before.get(at)).collect::<Vec<_>>());
    }
    frame
}

/// A row a value, or one row.
pub fn by_label(sessions: &Sessions, now: &[Counts], before: Option<&[Counts]>) -> Frame {
    let mut frame = Frame::new("sessions");
    if let Shown::By { label, .. } = &sessions.shown {
        frame.push(Column::text(label.title(), now.iter().map(|row| Some(row.label.clone())).collect()));
    }
    push(&mut frame, "", sessions, &now.iter().map(Some).collect::<Vec<_>>());
    if let Some(before) = before {
        let same = |row: &Counts| before.iter().find(|earlier| earlier.label == row.label);
        push(&mut frame, "previous_", sessions, &now.iter().map(same).collect::<Vec<_>>());
    }
    frame
}

#[expect(clippy::cast_precision_loss, reason = "shares and means; counts stay whole")]
fn push(frame: &mut Frame, prefix: &'static str, sessions: &Sessions, rows: &[Option<&Counts>]) {
    let name = |name: &str| format!("{prefix}{name}");
    let whole = |title: &str, pick: fn(&Counts) -> u64| {
        let value = |row: &Option<&Counts>| Some(row.map_or(0, |row| i64::try_from(pick(row)).unwrap_or(i64::MAX)));
        Column::whole(&name(title), rows.iter().map(value).collect())
    };
    let number = |title: &str, pick: fn(&Counts) -> Option<f64>| {
        Column::number(&name(title), rows.iter().map(|row| row.and_then(pick)).collect())
    };
    for measure in &sessions.measures {
        let title = measure.name();
        let column = match measure {
            Measure::Sessions => whole(title, |row| row.sessions),
            Measure::Visitors => whole(title, |row| row.visitors),
            Measure::Events => whole(title, |row| row.events),
            Measure::PageViews => whole(title, |row| row.page_views),
            Measure::AvgDuration => number(title, |row| share(row, row.duration_ms as f64 / 1000.0)).with_unit("s"),
            Measure::MedianDuration => number(title, |row| quantile_s(row, 0)).with_unit("s"),
            Measure::P90Duration => number(title, |row| quantile_s(row, 1)).with_unit("s"),
            Measure::PagesPerSession => number(title, |row| share(row, row.page_views as f64)),
            Measure::BounceRate => number(title, |row| share(row, row.bounces as f64)).with_unit("percentunit"),
        };
        frame.push(column);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a mean; counts stay whole")]
fn share(row: &Counts, part: f64) -> Option<f64> {
    (row.sessions > 0).then(|| part / row.sessions as f64)
}

/// Of no sessions ClickHouse gives a quantile that is not a number.
fn quantile_s(row: &Counts, at: usize) -> Option<f64> {
    row.quantiles.get(at).filter(|ms| ms.is_finite() && row.sessions > 0).map(|ms| ms / 1000.0)
}

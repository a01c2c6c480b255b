//! Counts of sessions as frames.

use super::{
    measure::Measure,
    model::{Sessions, Shown},
    statement::Counts,
};
use crate::{
    compared,
    frame::{Column, Frame},
    numbers,
    time::buckets::Buckets,
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
        frame.push(Column::string(label.title(), now.iter().map(|row| Some(row.label.clone())).collect()));
    }
    push(&mut frame, "", sessions, &now.iter().map(Some).collect::<Vec<_>>());
    if let Some(before) = before {
        let same = |row: &Counts| before.iter().find(|earlier| earlier.label == row.label);
        let earlier: Vec<Option<&Counts>> = now.iter().map(same).collect();
        push(&mut frame, "previous_", sessions, &earlier);
        push_changes(&mut frame, sessions, now, &earlier);
    }
    frame
}

fn push_changes(frame: &mut Frame, sessions: &Sessions, now: &[Counts], before: &[Option<&Counts>]) {
    for measure in &sessions.measures {
        let change = |(now, before): (&Counts, &Option<&Counts>)| {
            compared::change(value(*measure, now)?, value(*measure, before.as_ref()?)?)
        };
        let name = format!("change_{}", measure.name());
        frame.push(Column::number(&name, now.iter().zip(before).map(change).collect()).with_unit("percentunit"));
    }
}

fn push(frame: &mut Frame, prefix: &'static str, sessions: &Sessions, rows: &[Option<&Counts>]) {
    for measure in &sessions.measures {
        let name = format!("{prefix}{}", measure.name());
        let numbers = || rows.iter().map(|row| row.and_then(|row| value(*measure, row))).collect();
        frame.push(match (integer(*measure), measure) {
            (Some(pick), _) => {
                let count = |row: &Option<&Counts>| row.map_or(0, |row| numbers::integer(pick(row)));
                Column::integer(&name, rows.iter().map(|row| Some(count(row))).collect())
            }
            (None, Measure::PagesPerSession) => Column::number(&name, numbers()),
            (None, Measure::BounceRate) => Column::number(&name, numbers()).with_unit("percentunit"),
            (None, _) => Column::number(&name, numbers()).with_unit("s"),
        });
    }
}

/// A count, which stays an integer.
fn integer(measure: Measure) -> Option<fn(&Counts) -> u64> {
    Some(match measure {
        Measure::Sessions => |row| row.sessions,
        Measure::Visitors => |row| row.visitors,
        Measure::Events => |row| row.events,
        Measure::PageViews => |row| row.page_views,
        _ => return None,
    })
}

/// The measure's value; of no sessions there is no mean.
#[expect(clippy::cast_precision_loss, reason = "shares and means; counts are shown as integers")]
fn value(measure: Measure, row: &Counts) -> Option<f64> {
    match measure {
        Measure::AvgDurationS => share(row, row.duration_ms as f64 / 1000.0),
        Measure::MedianDurationS => quantile_s(row, 0),
        Measure::P90DurationS => quantile_s(row, 1),
        Measure::PagesPerSession => share(row, row.page_views as f64),
        Measure::BounceRate => share(row, row.bounces as f64),
        _ => integer(measure).map(|pick| pick(row) as f64),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a mean; counts stay integers")]
fn share(row: &Counts, part: f64) -> Option<f64> {
    (row.sessions > 0).then(|| part / row.sessions as f64)
}

/// Of no sessions ClickHouse gives a quantile that is not a number.
fn quantile_s(row: &Counts, at: usize) -> Option<f64> {
    row.quantiles.get(at).filter(|ms| ms.is_finite() && row.sessions > 0).map(|ms| ms / 1000.0)
}

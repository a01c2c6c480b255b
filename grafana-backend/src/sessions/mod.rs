//! Sessions: from events to one row a session, then to totals, buckets or a breakdown.
//!
//! Rules, in full in docs/queries/sessions.md:
//! * A session is what the client says it is (`session_id`); events without one form a
//!   session per visitor, ended by 30 minutes without an event.
//! * A session belongs to the range and the bucket in which its first event lies. The day
//!   (UTC) before the range and the one after it are read, so that no session is cut.
//! * A dimension's value is that of the session's first event.
//! * A bounce is a session of a single event. A replayed event counts once.
//!
//! Both ways to compute them give the same rows: [`rollup`] reads `analytics.sessions`,
//! [`raw`] the events themselves, for what the rollup does not hold.

mod raw;
mod rollup;

use clickhouse::Row;
use serde::Deserialize;

use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::{Column, Frame},
    query::{Query, Range, Sessions, interval::Buckets, sql::Sql},
    settings::Settings,
};

/// A session without an id ends after so long without an event; everywhere the custom.
pub const INACTIVITY_MS_MAX: i64 = 30 * 60_000;
/// A session is at most cut where it is longer than this.
pub const SESSION_MS_MAX: i64 = 86_400_000;

/// One row of a result.
#[derive(Row, Deserialize, Debug, Clone, PartialEq)]
struct Counts {
    label: String,
    bucket_ms: i64,
    sessions: u64,
    visitors: u64,
    events: u64,
    page_views: u64,
    duration_ms: i64,
    bounces: u64,
}

/// Runs the query and makes its frame.
///
/// # Errors
/// See [`QueryError`].
pub async fn run(
    clickhouse: &ClickHouse,
    query: &Query,
    sessions: &Sessions,
    settings: &Settings,
) -> Result<Frame, QueryError> {
    let buckets = match sessions {
        Sessions::OverTime(unit) => Some(Buckets::cut(query.range, *unit, query.zone)?),
        _ => None,
    };
    let sql = statement(query, sessions, settings, buckets.as_ref());
    let text = sql.as_text().to_owned();
    let rows: Vec<Counts> = clickhouse.rows(sql).await?;
    let rows = match &buckets {
        Some(buckets) => fill(rows, buckets),
        None => rows,
    };
    Ok(frame(rows, sessions).with_executed(text))
}

/// The whole statement.
#[must_use]
pub fn statement(query: &Query, sessions: &Sessions, settings: &Settings, buckets: Option<&Buckets>) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.text(if matches!(sessions, Sessions::By { .. }) { "label" } else { "'' AS label" });
    match buckets {
        Some(buckets) => sql.text(", ").sub(|sql| buckets.write(sql, "started_ms")).text(" AS bucket_ms"),
        None => sql.text(", toInt64(0) AS bucket_ms"),
    };
    sql.text(
        ", count() AS sessions, uniqExact(actor) AS visitors, sum(event_count) AS events, sum(view_count) AS page_views, \
         sum(ended_ms - started_ms) AS duration_ms, countIf(event_count = 1) AS bounces FROM (",
    );
    let dimension = match sessions {
        Sessions::By { dimension, .. } => Some(dimension),
        _ => None,
    };
    match rollup::serves(query, dimension, settings) {
        true => rollup::write(&mut sql, query, dimension),
        false => raw::write(&mut sql, query, dimension, settings),
    }
    sql.text(") WHERE started_ms >= ").int(query.range.from_ms).text(" AND started_ms < ").int(query.range.to_ms);
    match sessions {
        Sessions::Totals => &mut sql,
        Sessions::OverTime(_) => sql.text(" GROUP BY bucket_ms ORDER BY bucket_ms"),
        Sessions::By { limit, .. } => {
            sql.text(" GROUP BY label ORDER BY sessions DESC, label LIMIT ").int(i64::from(*limit))
        }
    };
    sql
}

/// The days that are read: those of the range and one on either side, whole, by UTC.
pub(crate) fn days(range: Range) -> (i64, i64) {
    let day = |ms: i64| ms.div_euclid(SESSION_MS_MAX);
    ((day(range.from_ms) - 1) * SESSION_MS_MAX, (day(range.to_ms - 1) + 2) * SESSION_MS_MAX)
}

/// Buckets without a session are shown as such.
fn fill(rows: Vec<Counts>, buckets: &Buckets) -> Vec<Counts> {
    let mut rows = rows.into_iter().peekable();
    let each = buckets.starts_ms.iter().map(|at| {
        rows.next_if(|row| row.bucket_ms == *at).unwrap_or(Counts {
            label: String::new(),
            bucket_ms: *at,
            sessions: 0,
            visitors: 0,
            events: 0,
            page_views: 0,
            duration_ms: 0,
            bounces: 0,
        })
    });
    each.collect()
}

#[expect(clippy::cast_precision_loss, reason = "shares and means; counts stay whole")]
fn frame(rows: Vec<Counts>, sessions: &Sessions) -> Frame {
    let share = |row: &Counts, part: f64| (row.sessions > 0).then(|| part / row.sessions as f64);
    let whole = |name, pick: fn(&Counts) -> u64| {
        Column::whole(name, rows.iter().map(|row| Some(i64::try_from(pick(row)).unwrap_or(i64::MAX))).collect())
    };
    let mut frame = Frame::new("sessions");
    match sessions {
        Sessions::Totals => {}
        Sessions::OverTime(_) => frame.push(Column::time("time", rows.iter().map(|row| Some(row.bucket_ms)).collect())),
        Sessions::By { dimension, .. } => {
            frame.push(Column::text(dimension.title(), rows.iter().map(|row| Some(row.label.clone())).collect()));
        }
    }
    frame.push(whole("sessions", |row| row.sessions));
    frame.push(whole("visitors", |row| row.visitors));
    frame.push(whole("events", |row| row.events));
    frame.push(whole("page_views", |row| row.page_views));
    let durations = rows.iter().map(|row| share(row, row.duration_ms as f64 / 1000.0)).collect();
    frame.push(Column::number("avg_duration_s", durations).with_unit("s"));
    frame.push(Column::number("pages_per_session", rows.iter().map(|row| share(row, row.page_views as f64)).collect()));
    frame.push(
        Column::number("bounce_rate", rows.iter().map(|row| share(row, row.bounces as f64)).collect())
            .with_unit("percentunit"),
    );
    frame
}

//! Sessions: from events to one row a session, then to totals, buckets, a breakdown or a list.
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

mod frames;
mod list;
pub mod model;
mod raw;
mod rollup;

use clickhouse::Row;
use serde::Deserialize;

use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::Frame,
    query::{Query, Range, interval::Buckets, sql::Sql},
    settings::Settings,
};
use model::{Label, Sessions, Shown};

/// A session without an id ends after so long without an event; everywhere the custom.
pub const INACTIVITY_MS_MAX: i64 = 30 * 60_000;
/// A session is at most cut where it is longer than this.
pub const SESSION_MS_MAX: i64 = 86_400_000;

/// One row of a result.
#[derive(Row, Deserialize, Debug, Clone, Default, PartialEq)]
struct Counts {
    label: String,
    bucket_ms: i64,
    sessions: u64,
    visitors: u64,
    events: u64,
    page_views: u64,
    duration_ms: i64,
    bounces: u64,
    /// Median and 90th percentile of the durations, in milliseconds; empty if not asked for.
    quantiles: Vec<f64>,
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
    if let Shown::List { limit } = sessions.shown {
        return list::run(clickhouse, query, limit, settings).await;
    }
    let (sql, buckets) = counts(query, sessions, settings, query.range, None)?;
    let text = sql.as_text().to_owned();
    let now: Vec<Counts> = clickhouse.rows(sql).await?;
    let before = match sessions.compare {
        None => None,
        Some(comparison) => {
            // The values that are shown, whatever their rank was.
            let labels: Vec<String> = now.iter().map(|row| row.label.clone()).collect();
            let earlier = comparison.of(query.range, query.zone);
            let (sql, buckets) = counts(query, sessions, settings, earlier, Some(&labels))?;
            Some((clickhouse.rows::<Counts>(sql).await?, buckets))
        }
    };
    let frame = match buckets {
        Some(buckets) => {
            let before = before.map(|(rows, earlier)| frames::in_buckets(rows, earlier.as_ref().unwrap_or(&buckets)));
            frames::over_time(sessions, &buckets, &frames::in_buckets(now, &buckets), before.as_deref())
        }
        None => frames::by_label(sessions, &now, before.as_ref().map(|(rows, _)| rows.as_slice())),
    };
    Ok(frame.with_executed(text))
}

/// The statement over a range, of these values alone if they are given, and its buckets.
fn counts(
    query: &Query,
    sessions: &Sessions,
    settings: &Settings,
    range: Range,
    labels: Option<&[String]>,
) -> Result<(Sql, Option<Buckets>), QueryError> {
    let query = Query { range, ..query.clone() };
    let buckets = match sessions.shown {
        Shown::OverTime(unit) => Some(Buckets::cut(range, unit, query.zone)?),
        _ => None,
    };
    let sql = statement(&query, sessions, settings, buckets.as_ref(), labels);
    Ok((sql, buckets))
}

/// The whole statement of the query's own range.
///
/// # Errors
/// If the range has too many buckets.
pub fn plan(query: &Query, sessions: &Sessions, settings: &Settings) -> Result<Sql, QueryError> {
    match sessions.shown {
        Shown::List { limit } => Ok(list::statement(query, limit, settings)),
        _ => counts(query, sessions, settings, query.range, None).map(|(sql, _)| sql),
    }
}

fn statement(
    query: &Query,
    sessions: &Sessions,
    settings: &Settings,
    buckets: Option<&Buckets>,
    labels: Option<&[String]>,
) -> Sql {
    let label = match &sessions.shown {
        Shown::By { label, .. } => label,
        _ => &Label::None,
    };
    let mut sql = Sql::new("SELECT ");
    sql.text(if *label == Label::None { "'' AS label" } else { "label" });
    match buckets {
        Some(buckets) => sql.text(", ").sub(|sql| buckets.write(sql, "started_ms")).text(" AS bucket_ms"),
        None => sql.text(", toInt64(0) AS bucket_ms"),
    };
    sql.text(
        ", count() AS sessions, uniqExact(actor) AS visitors, sum(event_count) AS events, sum(view_count) AS page_views, \
         sum(ended_ms - started_ms) AS duration_ms, countIf(event_count = 1) AS bounces, ",
    )
    .text(match sessions.has_quantiles() {
        true => "quantilesExactInclusive(0.5, 0.9)(ended_ms - started_ms) AS quantiles FROM (",
        false => "emptyArrayFloat64() AS quantiles FROM (",
    });
    match rollup::serves(query, label, settings) {
        true => rollup::write(&mut sql, query, label),
        false => raw::write(&mut sql, query, label, settings),
    }
    sql.text(") WHERE started_ms >= ").int(query.range.from_ms).text(" AND started_ms < ").int(query.range.to_ms);
    if let (Shown::By { .. }, Some(labels)) = (&sessions.shown, labels) {
        sql.text(" AND label IN ").strings(labels);
    }
    match &sessions.shown {
        Shown::OverTime(_) => sql.text(" GROUP BY bucket_ms ORDER BY bucket_ms"),
        Shown::By { limit, .. } => {
            sql.text(" GROUP BY label ORDER BY sessions DESC, label LIMIT ").int(i64::from(*limit))
        }
        Shown::Totals | Shown::List { .. } => &mut sql,
    };
    sql
}

/// The days that are read: those of the range and one on either side, whole, by UTC.
pub(crate) fn days(range: Range) -> (i64, i64) {
    let day = |ms: i64| ms.div_euclid(SESSION_MS_MAX);
    ((day(range.from_ms) - 1) * SESSION_MS_MAX, (day(range.to_ms - 1) + 2) * SESSION_MS_MAX)
}

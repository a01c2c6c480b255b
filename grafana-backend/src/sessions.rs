//! Sessions: from events to one row a session, then to totals, buckets or a breakdown.
//!
//! Rules, in full in docs/queries/sessions.md:
//! * A session is what the client says it is (`session_id`); events without one form a
//!   session per visitor, ended by 30 minutes without an event.
//! * A session belongs to the range and the bucket in which its first event lies. Events
//!   of up to a day before and after the range are read, so that no session is cut.
//! * A dimension's value is that of the session's first event.
//! * A bounce is a session of a single event. A replayed event counts once.

use clickhouse::Row;
use serde::Deserialize;

use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::{Column, Frame},
    query::{Query, Range, Sessions, sql::Sql},
    settings::Settings,
};

/// A session without an id ends after so long without an event; everywhere the custom.
pub const INACTIVITY_MS_MAX: i64 = 30 * 60_000;
/// Events are read so far beyond the range, on either side.
pub const SESSION_MS_MAX: i64 = 86_400_000;
/// Buckets in one result.
pub const BUCKETS_MAX: i64 = 11_000;

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
    let bucket_ms = bucket_ms(query.range);
    let sql = statement(query, sessions, &settings.page_view_events, bucket_ms);
    let text = sql.as_text().to_owned();
    let rows: Vec<Counts> = clickhouse.rows(sql).await?;
    let rows = if *sessions == Sessions::OverTime { fill(rows, query.range, bucket_ms) } else { rows };
    Ok(frame(rows, sessions).with_executed(text))
}

/// The whole statement.
#[must_use]
pub fn statement(query: &Query, sessions: &Sessions, page_view_events: &[String], bucket_ms: i64) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.text(if matches!(sessions, Sessions::By { .. }) { "label" } else { "'' AS label" });
    match sessions {
        Sessions::OverTime => {
            sql.text(", intDiv(started_ms, ").int(bucket_ms).text(") * ").int(bucket_ms).text(" AS bucket_ms")
        }
        _ => sql.text(", toInt64(0) AS bucket_ms"),
    };
    sql.text(
        ", count() AS sessions, uniqExact(actor) AS visitors, sum(event_count) AS events, sum(view_count) AS page_views, \
         sum(ended_ms - started_ms) AS duration_ms, countIf(event_count = 1) AS bounces FROM (",
    );
    sql.sub(|sql| with_client_ids(sql, query, sessions, page_view_events)).text(" UNION ALL ");
    sql.sub(|sql| by_inactivity(sql, query, sessions, page_view_events));
    sql.text(") WHERE started_ms >= ").int(query.range.from_ms).text(" AND started_ms < ").int(query.range.to_ms);
    match sessions {
        Sessions::Totals => &mut sql,
        Sessions::OverTime => sql.text(" GROUP BY bucket_ms ORDER BY bucket_ms"),
        Sessions::By { limit, .. } => {
            sql.text(" GROUP BY label ORDER BY sessions DESC, label LIMIT ").int(i64::from(*limit))
        }
    };
    sql
}

fn with_client_ids(sql: &mut Sql, query: &Query, sessions: &Sessions, page_view_events: &[String]) {
    sql.text("SELECT any(visitor) AS actor, toUnixTimestamp64Milli(min(ts)) AS started_ms, toUnixTimestamp64Milli(max(ts)) AS ended_ms, ")
        .text("uniqExact(event_id) AS event_count, uniqExactIf(event_id, event IN ")
        .strings(page_view_events)
        .text(") AS view_count, argMin(")
        .sub(|sql| label(sql, sessions))
        .text(", (ts, event_id)) AS label FROM analytics.events WHERE session_id != '' AND ")
        .sub(|sql| scope(sql, query))
        .text(" GROUP BY session_id");
}

fn by_inactivity(sql: &mut Sql, query: &Query, sessions: &Sessions, page_view_events: &[String]) {
    sql.text(
        "SELECT visitor AS actor, s[1].1 AS started_ms, s[-1].1 AS ended_ms, toUInt64(length(s)) AS event_count, ",
    )
    .text("toUInt64(arraySum(e -> e.3, s)) AS view_count, s[1].4 AS label FROM (SELECT visitor, arrayJoin(arraySplit(")
    .text("(e, gap_ms) -> gap_ms > ")
    .int(INACTIVITY_MS_MAX)
    .text(", es, arrayDifference(arrayMap(e -> e.1, es)))) AS s FROM (SELECT visitor, arraySort(groupUniqArray((")
    .text("toUnixTimestamp64Milli(ts), event_id, event IN ")
    .strings(page_view_events)
    .text(", ")
    .sub(|sql| label(sql, sessions))
    .text("))) AS es FROM analytics.events WHERE session_id = '' AND ")
    .sub(|sql| scope(sql, query))
    .text(" GROUP BY visitor))");
}

fn scope(sql: &mut Sql, query: &Query) {
    sql.text("project = ")
        .string(&query.project)
        .text(" AND ts >= fromUnixTimestamp64Milli(")
        .int(query.range.from_ms - SESSION_MS_MAX)
        .text(", 'UTC') AND ts < fromUnixTimestamp64Milli(")
        .int(query.range.to_ms + SESSION_MS_MAX)
        .text(", 'UTC')");
}

fn label(sql: &mut Sql, sessions: &Sessions) {
    match sessions {
        Sessions::By { dimension, .. } => dimension.write(sql),
        _ => drop(sql.text("''")),
    }
}

/// The panel's interval, widened until the range has at most [`BUCKETS_MAX`] buckets.
fn bucket_ms(range: Range) -> i64 {
    let least = (range.to_ms - range.from_ms) / BUCKETS_MAX + 1;
    range.interval_ms.max(least).max(1)
}

/// Buckets without a session are shown as such.
fn fill(rows: Vec<Counts>, range: Range, bucket_ms: i64) -> Vec<Counts> {
    let mut rows = rows.into_iter().peekable();
    let mut out = Vec::new();
    let mut at = range.from_ms.div_euclid(bucket_ms) * bucket_ms;
    while at < range.to_ms {
        out.push(rows.next_if(|row| row.bucket_ms == at).unwrap_or(Counts {
            label: String::new(),
            bucket_ms: at,
            sessions: 0,
            visitors: 0,
            events: 0,
            page_views: 0,
            duration_ms: 0,
            bounces: 0,
        }));
        at += bucket_ms;
    }
    out
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
        Sessions::OverTime => frame.push(Column::time("time", rows.iter().map(|row| Some(row.bucket_ms)).collect())),
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

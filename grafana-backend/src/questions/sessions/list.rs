//! The sessions themselves, the newest first, out of the events.

use clickhouse::Row;
use serde::Deserialize;

use super::days::days;
use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    events::entry::Entries,
    frame::{Column, Frame},
    numbers,
    scope::Scope,
    sql::Sql,
};

#[derive(Row, Deserialize)]
struct Line {
    started_ms: i64,
    ended_ms: i64,
    session: String,
    actor: u64,
    event_count: u64,
    view_count: u64,
    /// As in [`AT_ENTRY`].
    entry: Vec<String>,
    exit_path: String,
}

/// Taken at the first event, by the names of the columns.
const AT_ENTRY: [&str; 8] =
    ["path", "channel", "referrer_source", "country", "browser", "os", "device_type", "user_id"];
const ENTRY: &str = "[toString(path), toString(channel), toString(referrer_source), toString(country), \
    toString(browser), toString(os), toString(device_type), user_id]";

/// Runs the query and makes its frame.
///
/// # Errors
/// See [`QueryError`].
pub async fn run(
    clickhouse: &ClickHouse,
    scope: &Scope,
    limit: u32,
    page_view_events: &[String],
) -> Result<Frame, QueryError> {
    let sql = statement(scope, limit, page_view_events);
    let text = sql.as_text().to_owned();
    let lines: Vec<Line> = clickhouse.rows(sql).await?;
    Ok(frame(&lines).with_executed(text))
}

/// The whole statement.
pub fn statement(scope: &Scope, limit: u32, page_view_events: &[String]) -> Sql {
    let mut sql = Sql::new(
        "SELECT started_ms, ended_ms, session, actor, event_count, view_count, entry, exit_path FROM (\
         SELECT toUnixTimestamp64Milli(min(ts)) AS started_ms, toUnixTimestamp64Milli(max(ts)) AS ended_ms, session_id AS session, \
         argMin(visitor, (ts, visitor)) AS actor, count() AS event_count, countIf(event IN ",
    );
    sql.strings(page_view_events).text(") AS view_count, argMin(").text(ENTRY);
    sql.text(", (ts, event_order)) AS entry, argMax(toString(path), (ts, event_order)) AS exit_path");
    sql.sub(|sql| from_events(sql, scope)).text(" AND session_id != '' GROUP BY session_id UNION ALL ");
    sql.text(
        "SELECT s[1].1 AS started_ms, s[-1].1 AS ended_ms, '' AS session, visitor AS actor, toUInt64(length(s)) AS event_count, \
         toUInt64(arraySum(e -> e.3, s)) AS view_count, s[1].4 AS entry, s[-1].4[1] AS exit_path FROM (\
         SELECT visitor, arrayJoin(arraySplit((e, gap_ms) -> gap_ms > ",
    )
    .int(scope.facts.reading.inactivity_ms)
    .text(", es, arrayDifference(arrayMap(e -> e.1, es)))) AS s FROM (SELECT visitor, arraySort(groupArray((toUnixTimestamp64Milli(ts), event_order, event IN ")
    .strings(page_view_events)
    .text(", ")
    .text(ENTRY)
    .text("))) AS es");
    sql.sub(|sql| from_events(sql, scope))
        .text(" AND session_id = '' GROUP BY visitor))) WHERE started_ms >= ")
        .int(scope.range.from_ms);
    sql.text(" AND started_ms < ").int(scope.range.to_ms);
    sql.text(" ORDER BY started_ms DESC, actor, session LIMIT ").int(limit.into());
    sql
}

fn from_events(sql: &mut Sql, scope: &Scope) {
    let read = days(scope.range);
    scope.from_events(sql, read.from_ms, read.to_ms, Entries::PAGE);
}

#[expect(clippy::cast_precision_loss, reason = "a duration within days")]
fn frame(lines: &[Line]) -> Frame {
    let mut frame = Frame::new("sessions");
    let string = |name: &str, pick: &dyn Fn(&Line) -> String| {
        Column::string(name, lines.iter().map(|line| Some(pick(line))).collect())
    };
    let integer = |name: &str, pick: fn(&Line) -> u64| {
        Column::integer(name, lines.iter().map(|line| Some(numbers::integer(pick(line)))).collect())
    };
    frame.push(Column::time("time", lines.iter().map(|line| Some(line.started_ms)).collect()));
    let took_s = lines.iter().map(|line| Some((line.ended_ms - line.started_ms) as f64 / 1000.0));
    frame.push(Column::number("duration_s", took_s.collect()).with_unit("s"));
    frame.push(integer("events", |line| line.event_count));
    frame.push(integer("page_views", |line| line.view_count));
    for (at, name) in AT_ENTRY.iter().enumerate() {
        let name = if *name == "path" { "entry_path" } else { name };
        frame.push(string(name, &|line| line.entry.get(at).cloned().unwrap_or_default()));
    }
    frame.push(string("exit_path", &|line| line.exit_path.clone()));
    frame.push(string("visitor", &|line| line.actor.to_string()));
    frame.push(string("session_id", &|line| line.session.clone()));
    frame
}

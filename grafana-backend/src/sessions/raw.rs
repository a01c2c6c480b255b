//! Sessions out of the events themselves: any dimension, any list of page view events.

use super::{INACTIVITY_MS_MAX, days};
use crate::{
    query::{Query, dimension::Dimension, sql::Sql},
    settings::Settings,
};

/// Appends a statement that gives a row a session.
pub fn write(sql: &mut Sql, query: &Query, dimension: Option<&Dimension>, settings: &Settings) {
    with_client_ids(sql, query, dimension, &settings.page_view_events);
    sql.text(" UNION ALL ");
    by_inactivity(sql, query, dimension, &settings.page_view_events);
}

fn with_client_ids(sql: &mut Sql, query: &Query, dimension: Option<&Dimension>, page_view_events: &[String]) {
    sql.text("SELECT argMin(visitor, (ts, visitor)) AS actor, toUnixTimestamp64Milli(min(ts)) AS started_ms, toUnixTimestamp64Milli(max(ts)) AS ended_ms, ")
        .text("count() AS event_count, countIf(event IN ")
        .strings(page_view_events)
        .text(") AS view_count, argMin(")
        .sub(|sql| label(sql, dimension))
        .text(", (ts, event_id)) AS label FROM analytics.events FINAL WHERE session_id != '' AND ")
        .sub(|sql| scope(sql, query))
        .text(" GROUP BY session_id");
}

fn by_inactivity(sql: &mut Sql, query: &Query, dimension: Option<&Dimension>, page_view_events: &[String]) {
    sql.text(
        "SELECT visitor AS actor, s[1].1 AS started_ms, s[-1].1 AS ended_ms, toUInt64(length(s)) AS event_count, ",
    )
    .text("toUInt64(arraySum(e -> e.3, s)) AS view_count, s[1].4 AS label FROM (SELECT visitor, arrayJoin(arraySplit(")
    .text("(e, gap_ms) -> gap_ms > ")
    .int(INACTIVITY_MS_MAX)
    .text(", es, arrayDifference(arrayMap(e -> e.1, es)))) AS s FROM (SELECT visitor, arraySort(groupArray((")
    .text("toUnixTimestamp64Milli(ts), event_id, event IN ")
    .strings(page_view_events)
    .text(", ")
    .sub(|sql| label(sql, dimension))
    .text("))) AS es FROM analytics.events FINAL WHERE session_id = '' AND ")
    .sub(|sql| scope(sql, query))
    .text(" GROUP BY visitor))");
}

fn scope(sql: &mut Sql, query: &Query) {
    let (from_ms, to_ms) = days(query.range);
    query.scope(sql, from_ms, to_ms);
}

fn label(sql: &mut Sql, dimension: Option<&Dimension>) {
    match dimension {
        Some(dimension) => dimension.write(sql),
        None => drop(sql.text("''")),
    }
}

//! Sessions out of `analytics.sessions`, where a row is a session's part of one day, or a
//! half hour of a visitor without session ids.

use super::{INACTIVITY_MS_MAX, days};
use crate::{
    query::{Query, dimension::Dimension, sql::Sql},
    settings::{PAGE_VIEW_EVENTS, Settings},
};

/// What a session's entry holds, by the name of the event's column.
const ENTRY: [(&str, &str); 18] = [
    ("event", "entry.event"),
    ("path", "entry.path"),
    ("hostname", "entry.hostname"),
    ("referrer_host", "entry.referrer_host"),
    ("referrer_source", "entry.referrer_source"),
    ("channel", "entry.channel"),
    ("utm_source", "entry.utm_source"),
    ("utm_medium", "entry.utm_medium"),
    ("utm_campaign", "entry.utm_campaign"),
    ("utm_term", "entry.utm_term"),
    ("utm_content", "entry.utm_content"),
    ("country", "entry.country"),
    ("region", "entry.region"),
    ("city", "entry.city"),
    ("locale", "entry.locale"),
    ("browser", "entry.browser"),
    ("os", "entry.os"),
    ("device_type", "entry.device_type"),
];

fn entry(dimension: &Dimension) -> Option<&'static str> {
    let Dimension::Column(name) = dimension else { return None };
    if *name == "bot" {
        return Some("entry.bot");
    }
    ENTRY.iter().find(|(column, _)| column == name).map(|(_, expression)| *expression)
}

/// Whether the table holds what is asked for.
#[must_use]
pub fn serves(dimension: Option<&Dimension>, settings: &Settings) -> bool {
    settings.page_view_events == PAGE_VIEW_EVENTS && dimension.is_none_or(|dimension| entry(dimension).is_some())
}

/// The first event's instant and id as one number: comparing it takes a third of the time
/// that comparing a tuple takes.
const MOMENT: &str = "bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(entry.ts)), 64), entry.event_id)";
/// The sets themselves have to be read: under FINAL the subcolumn `size0` is that of one of
/// the rows which are still to be merged.
const EVENTS: &str = "length(page_views) + length(other_events)";

/// Appends a statement that gives a row a session.
pub fn write(sql: &mut Sql, query: &Query, dimension: Option<&Dimension>) {
    let label = dimension.and_then(entry);
    sql.text("SELECT argMin(visitor, ")
        .text(MOMENT)
        .text(") AS actor, min(toUnixTimestamp64Milli(entry.ts)) AS started_ms, ")
        .text("max(toUnixTimestamp64Milli(exit.ts)) AS ended_ms, sum(")
        .text(EVENTS)
        .text(") AS event_count, ")
        .text("sum(length(page_views)) AS view_count, ");
    match label {
        Some(label) => sql.text("argMin(").text(label).text(", ").text(MOMENT).text(") AS label"),
        None => sql.text("'' AS label"),
    };
    sql.text(" FROM analytics.sessions FINAL WHERE slot = 0 AND ")
        .sub(|sql| scope(sql, query))
        .text(" GROUP BY session UNION ALL ");
    // Half hours in order; a session ends where the next half hour's first event is too late.
    sql.text("SELECT visitor AS actor, s[1].1 AS started_ms, s[-1].2 AS ended_ms, arraySum(e -> e.3, s) AS event_count, ")
        .text("arraySum(e -> e.4, s) AS view_count, s[1].5 AS label FROM (SELECT visitor, arrayJoin(arraySplit((e, before) -> e.1 - before.2 > ")
        .int(INACTIVITY_MS_MAX)
        .text(", es, arrayPushFront(arrayPopBack(es), es[1]))) AS s FROM (SELECT visitor, arraySort(groupArray((")
        .text("toUnixTimestamp64Milli(entry.ts), toUnixTimestamp64Milli(exit.ts), ").text(EVENTS).text(", length(page_views), ")
        .text(label.unwrap_or("''"))
        .text("))) AS es FROM analytics.sessions FINAL WHERE slot > 0 AND ")
        .sub(|sql| scope(sql, query))
        .text(" GROUP BY visitor))");
}

fn scope(sql: &mut Sql, query: &Query) {
    let (from_ms, to_ms) = days(query.range);
    sql.text("project = ")
        .string(&query.project)
        .text(" AND date >= toDate(fromUnixTimestamp64Milli(")
        .int(from_ms)
        .text(", 'UTC')) AND date < toDate(fromUnixTimestamp64Milli(")
        .int(to_ms)
        .text(", 'UTC'))");
}

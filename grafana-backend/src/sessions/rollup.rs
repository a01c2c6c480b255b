//! Sessions out of `analytics.sessions`, where a row is a session's part of one day, or a
//! half hour of a visitor without session ids.

use super::{INACTIVITY_MS_MAX, Label, days};
use crate::{
    query::{Query, dimension::Dimension, sql::Sql},
    settings::{PAGE_VIEW_EVENTS, Settings},
};

/// What a session's entry holds, by the name of the event's column.
const ENTRY: [(&str, &str); 19] = [
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
    ("bot", "entry.bot"),
];

/// A row's text, and the moment by which the first of several rows is found.
type Text = (&'static str, &'static str);

/// `None` if the table does not hold it.
fn text(label: &Label) -> Option<Text> {
    match label {
        Label::None => Some(("''", "bitNot(toUInt128(0))")),
        Label::Exit => Some(("exit.path", "bitNot(exit.moment)")),
        Label::Entry(Dimension::Column(name)) => {
            ENTRY.iter().find(|(column, _)| column == name).map(|(_, expression)| (*expression, "entry.moment"))
        }
        Label::Entry(Dimension::Property(_)) => None,
    }
}

/// Whether the table holds what is asked for.
#[must_use]
pub fn serves(query: &Query, label: &Label, settings: &Settings) -> bool {
    query.filter.is_empty() && settings.page_view_events == PAGE_VIEW_EVENTS && text(label).is_some()
}

/// Of what a session's rows have, the parts that FINAL merges.
const COUNTS: &str = "toUnixTimestamp64Milli(started) AS from_ms, toUnixTimestamp64Milli(ended) AS to_ms, \
    length(page_views) + length(other_events) AS event_count, length(page_views) AS view_count";

/// Appends a statement that gives a row a session.
pub fn write(sql: &mut Sql, query: &Query, label: &Label) {
    let of_last = *label == Label::Exit;
    let label = text(label).filter(|_| *label != Label::None);
    with_client_ids(sql, query, label);
    sql.text(" UNION ALL ");
    by_inactivity(sql, query, label, of_last);
}

fn with_client_ids(sql: &mut Sql, query: &Query, label: Option<Text>) {
    // Instant and visitor of the first row are one number, the two counts another: a table of
    // all sessions is what this costs, and so it is half as wide.
    sql.text(
        "SELECT toUInt64(first) AS actor, toInt64(bitShiftRight(first, 64)) AS started_ms, ended_ms, \
         bitShiftRight(counts, 32) + bitAnd(counts, 4294967295) AS event_count, bitAnd(counts, 4294967295) AS view_count, label \
         FROM (SELECT min(bitOr(bitShiftLeft(toUInt128(from_ms), 64), visitor)) AS first, max(to_ms) AS ended_ms, \
         sum(bitOr(bitShiftLeft(toUInt64(event_count - view_count), 32), view_count)) AS counts, ",
    );
    match label {
        None => sql.text("'' AS label FROM (SELECT session, visitor, "),
        Some(_) => sql.text("argMin(value, moment) AS label FROM (SELECT session, visitor, "),
    };
    rows(sql, query, label, "session", "slot = 0");
    sql.text(") GROUP BY session)");
}

/// Half hours in order; a session ends where the next half hour's first event is too late. The
/// label is that of the session's first half hour, or `of_last`.
fn by_inactivity(sql: &mut Sql, query: &Query, label: Option<Text>, of_last: bool) {
    // Texts in tuples cost a third of the time; without a label there are none.
    let (value, tuple) = match label {
        None => ("''", "(from_ms, to_ms, event_count, view_count)"),
        Some(_) => (if of_last { "s[-1].5" } else { "s[1].5" }, "(from_ms, to_ms, event_count, view_count, value)"),
    };
    sql.text(
        "SELECT visitor AS actor, s[1].1 AS started_ms, s[-1].2 AS ended_ms, arraySum(e -> e.3, s) AS event_count, ",
    )
    .text("arraySum(e -> e.4, s) AS view_count, ")
    .text(value)
    .text(" AS label FROM (SELECT visitor, arrayJoin(arraySplit((e, before) -> e.1 - before.2 > ")
    .int(INACTIVITY_MS_MAX)
    .text(", es, arrayPushFront(arrayPopBack(es), es[1]))) AS s FROM (SELECT visitor, arraySort(groupArray(")
    .text(tuple)
    .text(")) AS es FROM (");
    match label {
        None => {
            sql.text("SELECT 0 AS session, visitor, ");
            rows(sql, query, label, "0", "slot > 0");
        }
        Some(_) => {
            sql.text(
                "SELECT visitor, min(from_ms) AS from_ms, max(to_ms) AS to_ms, sum(event_count) AS event_count, \
                 sum(view_count) AS view_count, argMin(value, moment) AS value FROM (SELECT (date, slot) AS session, visitor, ",
            );
            rows(sql, query, label, "(date, slot)", "slot > 0");
            sql.text(") GROUP BY session, visitor");
        }
    }
    sql.text(") GROUP BY visitor))");
}

/// The rows with their counts, merged; if there is a label, then once more for that, as they
/// are: each row's entry has its own moment, so the first one is found without merging.
fn rows(sql: &mut Sql, query: &Query, label: Option<Text>, session: &'static str, which: &'static str) {
    sql.text(COUNTS)
        .text(", '' AS value, bitNot(toUInt128(0)) AS moment FROM analytics.sessions FINAL WHERE ")
        .text(which)
        .text(" AND ");
    scope(sql, query);
    if let Some((text, moment)) = label {
        // Instants that change neither the least nor the greatest.
        sql.text(" UNION ALL SELECT ")
            .text(session)
            .text(" AS session, visitor, toInt64(9223372036854775807) AS from_ms, ")
            .text("toInt64(-9223372036854775808) AS to_ms, 0 AS event_count, 0 AS view_count, ")
            .text(text)
            .text(" AS value, ")
            .text(moment)
            .text(" AS moment FROM analytics.sessions WHERE ")
            .text(which)
            .text(" AND ");
        scope(sql, query);
    }
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

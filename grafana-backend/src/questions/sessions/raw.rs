//! Sessions out of the events themselves: any dimension, any list of page view events.

use super::{days::days, model::Label};
use crate::{events::entry::Entries, scope::Scope, sql::Sql};

/// Appends a statement that gives a row a session.
pub fn write(sql: &mut Sql, scope: &Scope, label: &Label, page_view_events: &[String]) {
    with_client_ids(sql, scope, label, page_view_events);
    sql.text(" UNION ALL ");
    by_inactivity(sql, scope, label, page_view_events);
}

fn with_client_ids(sql: &mut Sql, scope: &Scope, label: &Label, page_view_events: &[String]) {
    sql.text("SELECT argMin(visitor, (ts, visitor)) AS actor, toUnixTimestamp64Milli(min(ts)) AS started_ms, toUnixTimestamp64Milli(max(ts)) AS ended_ms, ")
        .text("count() AS event_count, countIf(event IN ")
        .strings(page_view_events)
        .text(if *label == Label::Exit { ") AS view_count, argMax(" } else { ") AS view_count, argMin(" })
        .sub(|sql| value(sql, label))
        .text(", (ts, event_order)) AS label")
        .sub(|sql| from_events(sql, scope, label))
        .text(" AND session_id != '' GROUP BY session_id");
}

fn by_inactivity(sql: &mut Sql, scope: &Scope, label: &Label, page_view_events: &[String]) {
    sql.text(
        "SELECT visitor AS actor, s[1].1 AS started_ms, s[-1].1 AS ended_ms, toUInt64(length(s)) AS event_count, ",
    )
    .text("toUInt64(arraySum(e -> e.3, s)) AS view_count, ")
    .text(if *label == Label::Exit { "s[-1]" } else { "s[1]" })
    .text(".4 AS label FROM (SELECT visitor, arrayJoin(arraySplit(")
    .text("(e, gap_ms) -> gap_ms > ")
    .int(scope.facts.reading.inactivity_ms)
    .text(", es, arrayDifference(arrayMap(e -> e.1, es)))) AS s FROM (SELECT visitor, arraySort(groupArray((")
    .text("toUnixTimestamp64Milli(ts), event_order, event IN ")
    .strings(page_view_events)
    .text(", ")
    .sub(|sql| value(sql, label))
    .text("))) AS es")
    .sub(|sql| from_events(sql, scope, label))
    .text(" AND session_id = '' GROUP BY visitor))");
}

fn from_events(sql: &mut Sql, scope: &Scope, label: &Label) {
    let read = days(scope.range);
    let entries = match label {
        Label::Entry(dimension) => dimension.entries(),
        Label::Exit => Entries::PAGE,
        Label::None => Entries::default(),
    };
    scope.from_events(sql, read.from_ms, read.to_ms, entries);
}

fn value(sql: &mut Sql, label: &Label) {
    match label {
        Label::None => drop(sql.text("''")),
        Label::Entry(dimension) => dimension.write(sql),
        Label::Exit => drop(sql.text("toString(path)")),
    }
}

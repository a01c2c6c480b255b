//! The statements of what is there now.

use clickhouse::Row;
use serde::Deserialize;

use super::SLOT_MS;
use crate::{events::entry::Entries, people::Persons, scope::Scope, sql::Sql, time::range::Range};

/// A visitor is there for so long after an event.
const THERE_MS: i64 = 300_000;
const PAGES_MAX: i64 = 50;

/// A row of [`numbers`].
#[derive(Row, Deserialize)]
pub struct Slot {
    pub at_ms: i64,
    pub visitors: u64,
    pub events: u64,
}

/// A row of [`pages`].
#[derive(Row, Deserialize)]
pub struct Page {
    pub path: String,
    pub visitors: u64,
    pub views: u64,
}

/// A row a slot, of the last `shown_ms` up to the slot that is not over; each counts the visitors
/// of the five minutes that end with it.
pub fn numbers(scope: &Scope, persons: Persons, shown_ms: i64) -> Sql {
    let to_ms = scope.now_ms.div_euclid(SLOT_MS) * SLOT_MS;
    let from_ms = to_ms - shown_ms;
    let first_ms = from_ms - THERE_MS + SLOT_MS;
    let slots: Vec<i64> = (0..(to_ms - first_ms) / SLOT_MS).map(|at| first_ms + at * SLOT_MS).collect();
    let mut sql = Sql::new(
        "SELECT at_ms, visitors, events FROM (SELECT at_ms, uniqExactMerge(there) OVER (ORDER BY at_ms ROWS BETWEEN ",
    );
    sql.text("59 PRECEDING AND CURRENT ROW) AS visitors, events FROM (SELECT at_ms, uniqExactStateIf(person, is_event) AS there, countIf(is_event) AS events FROM (");
    sql.text("SELECT roundDown(toUnixTimestamp64Milli(ts), ")
        .ints(&slots)
        .text(") AS at_ms, ")
        .text(persons.expression())
        .text(" AS person, true AS is_event");
    let read = Range { from_ms: first_ms, to_ms, ..scope.range };
    persons.from_events(&mut sql, scope, read, Entries::default());
    // Slots without an event are there as well.
    sql.text(" UNION ALL SELECT arrayJoin(")
        .ints(&slots)
        .text(") AS at_ms, toUInt64(0) AS person, false AS is_event) GROUP BY at_ms)) WHERE at_ms >= ");
    sql.int(from_ms).text(" ORDER BY at_ms");
    sql
}

/// The pages of those who are there, the most visitors first.
pub fn pages(scope: &Scope, persons: Persons) -> Sql {
    let mut sql = Sql::new("SELECT toString(path) AS path, uniqExact(");
    sql.text(persons.expression()).text(") AS visitors, count() AS views");
    let there = Range { from_ms: scope.now_ms - THERE_MS, to_ms: scope.now_ms, ..scope.range };
    persons.from_events(&mut sql, scope, there, Entries::PAGE);
    sql.text(" AND path != '' GROUP BY path ORDER BY visitors DESC, path LIMIT ").int(PAGES_MAX);
    sql
}

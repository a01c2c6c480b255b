//! Sessions out of `analytics.sessions`, where a row is a session's part of one day, or a
//! half hour of a visitor without session ids.

use super::{days::days, model::Label};
use crate::{
    events::{dimension::Dimension, entry::ENTRY, path_rules::PATH},
    scope::Scope,
    settings::PAGE_VIEW_EVENTS,
    sql::Sql,
};

/// What splits the sessions, as the table holds it.
#[derive(Clone, Copy)]
struct Value {
    /// A row's value.
    expression: &'static str,
    /// The one of a session's several rows with the lowest of this has the session's value.
    moment: &'static str,
    /// The half hour of a session by inactivity that has its value, and that value.
    of_half_hours: &'static str,
    /// It is a path.
    is_path: bool,
}

impl Value {
    /// Appends a session's value, which `stored` is as it is stored.
    fn write(self, sql: &mut Sql, scope: &Scope, stored: &'static str) {
        match self.is_path {
            true => scope.facts.reading.write_page_of_text(sql, |sql| {
                sql.text(stored);
            }),
            false => drop(sql.text(stored)),
        }
    }
}

/// Of the rows that a session has.
enum Split {
    /// Nothing.
    None,
    /// By a value.
    By(Value),
    /// By a value that the table does not hold.
    NotHeld,
}

fn split(label: &Label) -> Split {
    match label {
        Label::None => Split::None,
        Label::Exit => {
            let of_half_hours = "s[-1].5";
            Split::By(Value { expression: "exit.path", moment: "bitNot(exit.moment)", of_half_hours, is_path: true })
        }
        Label::Entry(Dimension::Column(name)) => match ENTRY.iter().find(|column| column.name == *name) {
            Some(column) => Split::By(Value {
                expression: column.stored,
                moment: "entry.moment",
                of_half_hours: "s[1].5",
                is_path: column.name == PATH,
            }),
            None => Split::NotHeld,
        },
        Label::Entry(Dimension::Property(_) | Dimension::Entry(_) | Dimension::Several(_)) => Split::NotHeld,
    }
}

/// Whether the table holds what is asked for.
#[must_use]
pub fn serves(scope: &Scope, label: &Label, page_view_events: &[String]) -> bool {
    scope.filter.is_empty() && page_view_events == PAGE_VIEW_EVENTS && !matches!(split(label), Split::NotHeld)
}

/// Of what a session's rows have, the parts that FINAL merges.
const COUNTS: &str = "toUnixTimestamp64Milli(started) AS from_ms, toUnixTimestamp64Milli(ended) AS to_ms, \
    length(page_views) + length(other_events) AS event_count, length(page_views) AS view_count";

/// Appends a statement that gives a row a session, of a label that the table [`serves`].
pub fn write(sql: &mut Sql, scope: &Scope, label: &Label) {
    let value = match split(label) {
        Split::By(value) => Some(value),
        Split::None | Split::NotHeld => None,
    };
    with_client_ids(sql, scope, value);
    sql.text(" UNION ALL ");
    by_inactivity(sql, scope, value);
}

fn with_client_ids(sql: &mut Sql, scope: &Scope, value: Option<Value>) {
    // Instant and visitor of the first row are one number, the two counts another: a table of
    // all sessions is what this costs, and so it is half as wide.
    sql.text(
        "SELECT toUInt64(first) AS actor, toInt64(bitShiftRight(first, 64)) AS started_ms, ended_ms, \
         bitShiftRight(counts, 32) + bitAnd(counts, 4294967295) AS event_count, bitAnd(counts, 4294967295) AS view_count, label \
         FROM (SELECT min(bitOr(bitShiftLeft(toUInt128(from_ms), 64), visitor)) AS first, max(to_ms) AS ended_ms, \
         sum(bitOr(bitShiftLeft(toUInt64(event_count - view_count), 32), view_count)) AS counts, ",
    );
    match value {
        None => sql.text("'' AS label FROM (SELECT session, visitor, "),
        Some(value) => sql
            .sub(|sql| value.write(sql, scope, "argMin(value, moment)"))
            .text(" AS label FROM (SELECT session, visitor, "),
    };
    Rows { session: "session", condition: "slot = 0" }.write(sql, scope, value);
    sql.text(") GROUP BY session)");
}

/// Half hours in order; a session ends where the next half hour's first event is too late.
fn by_inactivity(sql: &mut Sql, scope: &Scope, value: Option<Value>) {
    // Strings in tuples cost a third of the time; without a label there are none.
    let tuple = match value {
        None => "(from_ms, to_ms, event_count, view_count)",
        Some(_) => "(from_ms, to_ms, event_count, view_count, value)",
    };
    sql.text(
        "SELECT visitor AS actor, s[1].1 AS started_ms, s[-1].2 AS ended_ms, arraySum(e -> e.3, s) AS event_count, ",
    )
    .text("arraySum(e -> e.4, s) AS view_count, ")
    .sub(|sql| match value {
        None => drop(sql.text("''")),
        Some(value) => value.write(sql, scope, value.of_half_hours),
    })
    .text(" AS label FROM (SELECT visitor, arrayJoin(arraySplit((e, before) -> e.1 - before.2 > ")
    .int(scope.facts.reading.inactivity_ms)
    .text(", es, arrayPushFront(arrayPopBack(es), es[1]))) AS s FROM (SELECT visitor, arraySort(groupArray(")
    .text(tuple)
    .text(")) AS es FROM (");
    match value {
        None => {
            sql.text("SELECT 0 AS session, visitor, ");
            Rows { session: "0", condition: "slot > 0" }.write(sql, scope, value);
        }
        Some(_) => {
            sql.text(
                "SELECT visitor, min(from_ms) AS from_ms, max(to_ms) AS to_ms, sum(event_count) AS event_count, \
                 sum(view_count) AS view_count, argMin(value, moment) AS value FROM (SELECT (date, slot) AS session, visitor, ",
            );
            Rows { session: "(date, slot)", condition: "slot > 0" }.write(sql, scope, value);
            sql.text(") GROUP BY session, visitor");
        }
    }
    sql.text(") GROUP BY visitor))");
}

/// Which rows of the table, and what puts rows into one session.
struct Rows {
    session: &'static str,
    condition: &'static str,
}

impl Rows {
    /// The rows with their counts, merged; if there is a value, then once more for that, as they
    /// are: each row's entry has its own moment, so the first one is found without merging.
    fn write(&self, sql: &mut Sql, scope: &Scope, value: Option<Value>) {
        sql.text(COUNTS)
            .text(", '' AS value, bitNot(toUInt128(0)) AS moment FROM analytics.sessions FINAL WHERE ")
            .text(self.condition)
            .text(" AND ");
        within_days(sql, scope);
        if let Some(value) = value {
            // Instants that change neither the first nor the last.
            sql.text(" UNION ALL SELECT ")
                .text(self.session)
                .text(" AS session, visitor, toInt64(9223372036854775807) AS from_ms, ")
                .text("toInt64(-9223372036854775808) AS to_ms, 0 AS event_count, 0 AS view_count, ")
                .text(value.expression)
                .text(" AS value, ")
                .text(value.moment)
                .text(" AS moment FROM analytics.sessions WHERE ")
                .text(self.condition)
                .text(" AND ");
            within_days(sql, scope);
        }
    }
}

fn within_days(sql: &mut Sql, scope: &Scope) {
    let read = days(scope.range);
    sql.text("project = ")
        .string(&scope.project)
        .text(" AND date >= toDate(fromUnixTimestamp64Milli(")
        .int(read.from_ms)
        .text(", 'UTC')) AND date < toDate(fromUnixTimestamp64Milli(")
        .int(read.to_ms)
        .text(", 'UTC'))");
}

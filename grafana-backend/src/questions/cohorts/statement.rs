//! The statements that count. A project's visitors, each once → their persons → those of each cohort.

use clickhouse::Row;
use serde::Deserialize;

use crate::{
    events::{behaviour::PersonFilter, entry::Entries},
    people::Persons,
    scope::Scope,
    sql::Sql,
    time::range::Range,
};

/// The one row: a number a cohort.
#[derive(Row, Deserialize, Default)]
pub struct Sizes {
    /// Persons in it.
    pub persons: Vec<u64>,
    /// Those of them who did anything within the range.
    pub active: Vec<u64>,
}

/// Members of a list.
#[derive(Row, Deserialize)]
pub struct Members {
    /// The list's number.
    pub list: u64,
    /// Visitors on it.
    pub members: u64,
}

/// Persons of each cohort, among all that the filter's events up to the range's end are of.
pub fn sizes(scope: &Scope, cohorts: &[PersonFilter]) -> Sql {
    let persons = Persons::of(scope);
    let read = Range { from_ms: scope.range.from_ms.min(0), ..scope.range };
    let mut sql = Sql::new(
        "SELECT sumForEach(is_in) AS persons, sumForEach(arrayMap(one -> one * is_active, is_in)) AS active FROM (SELECT ",
    );
    sql.text(persons.expression()).text(" AS one_person, max(is_active_visitor) AS is_active, any([");
    for (at, cohort) in cohorts.iter().enumerate() {
        // Whether a person is in a cohort is the same of all visitors that are the person.
        sql.text(if at == 0 { "toUInt8(" } else { ", toUInt8(" }).sub(|sql| cohort.write(sql)).text(")");
    }
    sql.text("]) AS is_in FROM (SELECT visitor, max(ts >= fromUnixTimestamp64Milli(")
        .int(scope.range.from_ms)
        .text(", 'UTC')) AS is_active_visitor");
    scope.from_stored_events(&mut sql, read.from_ms, read.to_ms, Entries::default());
    sql.text(" GROUP BY visitor) AS events").sub(|sql| persons.join(sql, scope, "visitor", read));
    sql.text(" GROUP BY one_person)");
    sql
}

/// Members of these lists.
pub fn members(scope: &Scope, lists: &[u64]) -> Sql {
    let mut sql = Sql::new("SELECT list, uniqExact(visitor) AS members FROM analytics.cohort_members WHERE project = ");
    sql.string(&scope.project).text(" AND list IN ").uints(lists).text(" GROUP BY list");
    sql
}

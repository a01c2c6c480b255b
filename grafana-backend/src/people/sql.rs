//! Persons within a statement.

use clickhouse::Row;
use serde::Deserialize;

use crate::{
    clickhouse::ClickHouse, error::QueryError, events::entry::Entries, scope::Scope, sql::Sql, time::range::Range,
};

/// Visitors of one person that are looked up, at most.
const VISITORS_MAX: i64 = 10_000;

/// How a statement tells persons apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persons {
    /// Nothing links visitors of the project, or nobody is counted: a join would cost and change nothing.
    AreVisitors,
    /// By the links.
    AreLinked,
}

#[derive(Row, Deserialize)]
struct Visitor {
    visitor: u64,
}

impl Persons {
    /// As the scope's project needs it.
    #[must_use]
    pub fn of(scope: &Scope) -> Self {
        if scope.facts.visitors_are_persons() { Self::AreVisitors } else { Self::AreLinked }
    }

    /// The expression of an event's person, in a statement that [`Persons::join`]s.
    #[must_use]
    pub fn expression(self) -> &'static str {
        match self {
            Self::AreVisitors => "visitor",
            Self::AreLinked => "if(ifNull(linked_person, 0) = 0, visitor, assumeNotNull(linked_person))",
        }
    }

    /// The same of a part of a statement whose visitor is called `actor`.
    #[must_use]
    pub fn of_actor(self) -> &'static str {
        match self {
            Self::AreVisitors => "actor",
            Self::AreLinked => "if(ifNull(linked_person, 0) = 0, actor, assumeNotNull(linked_person))",
        }
    }

    /// Appends the scope's events of this time, as [`Scope::from_events`], with their persons.
    pub fn from_events(self, sql: &mut Sql, scope: &Scope, read: Range, entries: Entries) {
        let join = |sql: &mut Sql| self.join(sql, scope, "visitor", read);
        scope.from_events_with(sql, read.from_ms, read.to_ms, entries, join);
    }

    /// Appends the join, after a table or a part with a name whose column `visitor` is. It is of the visitors of
    /// the scope's events in this time alone: a few of a project's links, often, and finding the first claim
    /// of each costs most.
    pub fn join(self, sql: &mut Sql, scope: &Scope, visitor: &'static str, read: Range) {
        if self == Self::AreVisitors {
            return;
        }
        sql.text(" GLOBAL ANY LEFT JOIN (SELECT visitor AS linked, person AS linked_person FROM analytics.people WHERE project = ")
            .string(&scope.project)
            .text(" AND visitor GLOBAL IN (SELECT visitor");
        scope.loosened().from_stored_events(sql, read.from_ms, read.to_ms, Entries::default());
        sql.text(")) AS links ON ").text(visitor).text(" = linked");
    }
}

/// The visitors that are the same person as this one, itself among them.
///
/// # Errors
/// As [`ClickHouse::rows`].
pub async fn visitors_like(clickhouse: &ClickHouse, scope: &Scope, visitor: u64) -> Result<Vec<u64>, QueryError> {
    if scope.facts.visitors_are_persons() {
        return Ok(vec![visitor]);
    }
    let mut sql = Sql::new("SELECT person AS visitor FROM analytics.people WHERE project = ");
    sql.string(&scope.project).text(" AND visitor IN ").uints(&[visitor]).text(" LIMIT 1");
    let person = clickhouse.rows::<Visitor>(sql).await?.first().map_or(visitor, |row| row.visitor);
    // Of the person's users, aliases among them, the devices; asked by device, since all links would be too many.
    let mut sql = Sql::new("WITH users AS (SELECT arrayJoin(");
    sql.uints(&[person])
        .text(") AS id UNION ALL SELECT visitor FROM analytics.alias_ends WHERE project = ")
        .string(&scope.project)
        .text(" AND person IN ")
        .uints(&[person])
        .text(") SELECT id AS visitor FROM users UNION ALL SELECT visitor FROM analytics.people WHERE project = ")
        .string(&scope.project)
        .text(" AND visitor IN (SELECT visitor FROM analytics.links WHERE project = ")
        .string(&scope.project)
        .text(" AND person IN (SELECT id FROM users)) AND person IN ")
        .uints(&[person])
        .text(" LIMIT ")
        .int(VISITORS_MAX);
    let linked = clickhouse.rows::<Visitor>(sql).await?.into_iter().map(|row| row.visitor);
    Ok(std::iter::once(visitor).chain(linked).collect())
}

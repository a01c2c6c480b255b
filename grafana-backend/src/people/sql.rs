//! Persons within a statement.

use clickhouse::Row;
use serde::Deserialize;

use crate::{clickhouse::ClickHouse, error::QueryError, scope::Scope, sql::Sql};

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
struct Linked {
    #[serde(rename = "linked")]
    _linked: u8,
}

#[derive(Row, Deserialize)]
struct Visitor {
    visitor: u64,
}

impl Persons {
    /// Whether the scope's project has links.
    ///
    /// # Errors
    /// As [`ClickHouse::rows`].
    pub async fn of(clickhouse: &ClickHouse, scope: &Scope) -> Result<Self, QueryError> {
        let mut sql = Sql::new("SELECT toUInt8(1) AS linked FROM analytics.links WHERE project = ");
        sql.string(&scope.project)
            .text(" LIMIT 1 UNION ALL SELECT toUInt8(1) AS linked FROM analytics.aliases WHERE project = ");
        sql.string(&scope.project).text(" LIMIT 1");
        let linked: Vec<Linked> = clickhouse.rows(sql).await?;
        Ok(if linked.is_empty() { Self::AreVisitors } else { Self::AreLinked })
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

    /// Appends the join, after a table or a part with a name; `visitor` is its column.
    pub fn join(self, sql: &mut Sql, scope: &Scope, visitor: &'static str) {
        self.join_of(sql, scope, visitor, None);
    }

    /// The same for events of a short time: only of the visitors who were there.
    pub fn join_within(self, sql: &mut Sql, scope: &Scope, from_ms: i64, to_ms: i64) {
        self.join_of(sql, scope, "visitor", Some((from_ms, to_ms)));
    }

    fn join_of(self, sql: &mut Sql, scope: &Scope, visitor: &'static str, within_ms: Option<(i64, i64)>) {
        if self == Self::AreVisitors {
            return;
        }
        sql.text(" GLOBAL ANY LEFT JOIN (SELECT visitor AS linked, person AS linked_person FROM analytics.people WHERE project = ")
            .string(&scope.project);
        if let Some((from_ms, to_ms)) = within_ms {
            sql.text(" AND visitor GLOBAL IN (SELECT visitor FROM analytics.events WHERE ");
            scope.write(sql, from_ms, to_ms);
            sql.text(")");
        }
        sql.text(") AS links ON ").text(visitor).text(" = linked");
    }
}

/// The visitors that are the same person as this one, itself among them.
///
/// # Errors
/// As [`ClickHouse::rows`].
pub async fn visitors_like(clickhouse: &ClickHouse, scope: &Scope, visitor: u64) -> Result<Vec<u64>, QueryError> {
    if Persons::of(clickhouse, scope).await? == Persons::AreVisitors {
        return Ok(vec![visitor]);
    }
    let mut sql = Sql::new("SELECT person AS visitor FROM analytics.people WHERE project = ");
    sql.string(&scope.project).text(" AND visitor IN ").uints(&[visitor]).text(" LIMIT 1");
    let person = clickhouse.rows::<Visitor>(sql).await?.first().map_or(visitor, |row| row.visitor);
    let mut sql = Sql::new("SELECT DISTINCT visitor FROM analytics.people WHERE project = ");
    sql.string(&scope.project).text(" AND person IN ").uints(&[person]).text(" ORDER BY visitor LIMIT ");
    sql.int(VISITORS_MAX);
    let linked = clickhouse.rows::<Visitor>(sql).await?.into_iter().map(|row| row.visitor);
    Ok([visitor, person].into_iter().chain(linked).collect())
}

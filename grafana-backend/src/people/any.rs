//! Whether there are links at all: most projects have none, and then nothing else of persons is asked.

use clickhouse::Row;
use serde::Deserialize;

use crate::{clickhouse::ClickHouse, error::QueryError, scope::Scope, sql::Sql};

/// What a project has that makes one person of several visitors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Any {
    /// A visitor that is claimed to be a user, or was.
    pub links: bool,
    /// A user that has become another.
    pub aliases: bool,
}

#[derive(Row, Deserialize)]
struct Found {
    is_alias: u8,
}

impl Any {
    /// Of the scope's project. One statement that reads a row of each table: the views behind it cost ten
    /// times that, even if nothing is in them.
    ///
    /// # Errors
    /// As [`ClickHouse::rows`].
    pub async fn of(clickhouse: &ClickHouse, scope: &Scope) -> Result<Self, QueryError> {
        let mut sql = Sql::new("SELECT toUInt8(0) AS is_alias FROM analytics.links WHERE project = ");
        sql.string(&scope.project)
            .text(" LIMIT 1 UNION ALL SELECT toUInt8(1) AS is_alias FROM analytics.aliases WHERE project = ")
            .string(&scope.project)
            .text(" LIMIT 1");
        let found: Vec<Found> = clickhouse.rows(sql).await?;
        let is_there = |is_alias: u8| found.iter().any(|row| row.is_alias == is_alias);
        Ok(Self { links: is_there(0), aliases: is_there(1) })
    }

    /// Whether any visitor can be another person than itself.
    pub fn is_none(self) -> bool {
        !self.links && !self.aliases
    }
}

//! Users that have become another user.

use std::collections::HashMap;

use clickhouse::Row;
use serde::Deserialize;

use crate::{clickhouse::ClickHouse, error::QueryError, memory::Held, scope::Scope, sql::Sql};

/// Aliases of one project; each is some bytes of memory, and few have more than a handful.
const ALIASES_MAX: usize = 1_000_000;
const ALIAS_BYTES: usize = 64;

/// Where each user's aliases end.
#[derive(Debug, Default)]
pub struct Aliases(pub HashMap<u64, u64>);

#[derive(Row, Deserialize)]
struct End {
    visitor: u64,
    person: u64,
}

impl Aliases {
    /// All of the scope's project.
    ///
    /// # Errors
    /// As [`ClickHouse::rows`]; if there are too many.
    pub async fn of(clickhouse: &ClickHouse, scope: &Scope, held: &mut Held) -> Result<Self, QueryError> {
        let mut sql = Sql::new("SELECT visitor, person FROM analytics.alias_ends WHERE project = ");
        sql.string(&scope.project).text(" LIMIT ").int(i64::try_from(ALIASES_MAX).unwrap_or(i64::MAX) + 1);
        let ends: Vec<End> = clickhouse.rows(sql).await?;
        if ends.len() > ALIASES_MAX {
            let message = format!("it has more than {ALIASES_MAX} aliases of users");
            return Err(QueryError::invalid("project", message));
        }
        held.grow(ends.len() * ALIAS_BYTES)?;
        Ok(Self(ends.into_iter().map(|end| (end.visitor, end.person)).collect()))
    }

    /// The person that a user has become.
    pub fn end_of(&self, user: u64) -> u64 {
        self.0.get(&user).copied().unwrap_or(user)
    }
}

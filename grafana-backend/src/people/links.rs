//! The links of a project in memory, by which folds map visitors to persons.

use super::{
    aliases::Aliases,
    table::{Claim, Table},
};
use crate::{clickhouse::ClickHouse, error::QueryError, events::actor::Actor, memory::Held, scope::Scope, sql::Sql};

/// A table for each highest byte of a visitor's number, as events are gathered.
const TABLES: usize = 256;
/// A claim while it is read, and beside it the link that is made of it.
const LINK_BYTES: usize = 2 * size_of::<Claim>();
/// Threads that make the tables, at most.
const THREADS_MAX: usize = 8;

/// Who is whom in one project, as long as a query runs.
#[derive(Debug, Default)]
pub struct People {
    tables: Vec<Table>,
    held: Option<Held>,
}

impl People {
    /// For a question by this actor. Only persons consist of several visitors.
    ///
    /// # Errors
    /// As [`ClickHouse::rows`]; if the links do not fit into the plugin's memory.
    pub async fn of(clickhouse: &ClickHouse, scope: &Scope, by: Actor) -> Result<Self, QueryError> {
        if by != Actor::Visitor || scope.facts.visitors_are_persons() {
            return Ok(Self::default());
        }
        let mut held = clickhouse.memory().start();
        let mut claims: Vec<Vec<Claim>> = (0..TABLES).map(|_| Vec::new()).collect();
        let mut count = 0;
        clickhouse
            .fold_numbers(statement(scope), |columns| {
                held.grow(columns.rows() * LINK_BYTES)?;
                count += columns.rows();
                for [visitor, person, first_ms] in columns.iter() {
                    let claim = Claim { visitor, first_ms: first_ms.cast_signed(), person };
                    claims[table_of(visitor)].push(claim);
                }
                Ok(true)
            })
            .await?;
        let aliases = match scope.facts.has_aliases {
            true => Aliases::of(clickhouse, scope, &mut held).await?,
            false => Aliases::default(),
        };
        if count == 0 && aliases.0.is_empty() {
            return Ok(Self::default());
        }
        // A user that has become another is linked like a device, by one claim.
        for (user, person) in &aliases.0 {
            claims[table_of(*user)].push(Claim { visitor: *user, first_ms: i64::MIN, person: *person });
        }
        let tables = tokio::task::spawn_blocking(move || make(claims, &aliases)).await;
        let tables = tables.map_err(|e| QueryError::Encoding(e.to_string()))?;
        Ok(Self { tables, held: Some(held) })
    }

    /// Whether every visitor is its own person.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Bytes that are held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.held.as_ref().map_or(0, Held::bytes)
    }

    /// The person that a visitor is, if it is another than itself.
    #[inline]
    #[must_use]
    pub fn person_of(&self, visitor: u64) -> Option<u64> {
        self.tables.get(table_of(visitor))?.person_of(visitor).filter(|person| *person != visitor)
    }
}

fn table_of(visitor: u64) -> usize {
    (visitor >> 56) as usize
}

/// All claims: which of several is the first is found here, which costs less than a `GROUP BY` there.
fn statement(scope: &Scope) -> Sql {
    let mut sql = Sql::new(
        "SELECT visitor, person, CAST(toUnixTimestamp64Milli(first_at), 'Int64') AS first_ms FROM analytics.links FINAL \
         WHERE is_claimed = 1 AND decision % 2 = 0 AND project = ",
    );
    sql.string(&scope.project);
    sql
}

fn make(mut claims: Vec<Vec<Claim>>, aliases: &Aliases) -> Vec<Table> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    let part = claims.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let make = |claims: &mut [Vec<Claim>]| -> Vec<Table> {
            claims.iter_mut().map(|claims| Table::new(std::mem::take(claims), |user| aliases.end_of(user))).collect()
        };
        let threads: Vec<_> = claims.chunks_mut(part).map(|claims| scope.spawn(move || make(claims))).collect();
        let joined = threads.into_iter().flat_map(|thread| match thread.join() {
            Ok(tables) => tables,
            // A panic is a defect; it is passed on, not hidden in the numbers.
            Err(panic) => std::panic::resume_unwind(panic),
        });
        joined.collect()
    })
}

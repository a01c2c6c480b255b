//! Strings by their hash. Folds see hashes alone; what is shown gets its string here. A hash stands
//! for the same string for ever, so that an answer is cached without an end.

use std::{collections::HashMap, sync::LazyLock};

use clickhouse::Row;
use quick_cache::{Weighter, sync::Cache};
use serde::Deserialize;

use crate::{clickhouse::ClickHouse, error::QueryError, events::dimension::Dimension, scope::Scope, sql::Sql};

const CACHE_BYTES_MAX: u64 = 8 << 20;
const CACHED_NAMES_EXPECTED: usize = 100_000;

static CACHE: LazyLock<Cache<u64, String, ByBytes>> =
    LazyLock::new(|| Cache::with_weighter(CACHED_NAMES_EXPECTED, CACHE_BYTES_MAX, ByBytes));

#[derive(Clone)]
struct ByBytes;

impl Weighter<u64, String> for ByBytes {
    fn weight(&self, _: &u64, name: &String) -> u64 {
        (size_of::<(u64, String)>() + name.len()) as u64
    }
}

#[derive(Row, Deserialize)]
struct Name {
    hash: u64,
    name: String,
}

/// Values whose names are asked for, for each that is shown: more may have the same number.
const CANDIDATES: usize = 4;

/// How many of these values need a name if `limit` are shown by themselves: those before the limit, and those with
/// the same number as the last of them, among which names decide. They are sorted by `number`, the highest first.
pub fn candidates<T, N: Ord>(sorted: &[T], limit: usize, number: impl Fn(&T) -> N) -> usize {
    let Some(least) = sorted.get(limit.saturating_sub(1)).map(&number) else { return sorted.len() };
    sorted.partition_point(|value| number(value) >= least).min(limit.saturating_mul(CANDIDATES))
}

/// The values of a dimension that have these hashes, in the events of any of these scopes until the instant beside
/// it: of a range, and of the one that it is compared with.
///
/// # Errors
/// As [`ClickHouse::rows`].
pub async fn of_ranges(
    clickhouse: &ClickHouse,
    ranges: &[(&Scope, i64)],
    dimension: &Dimension,
    hashes: &[u64],
) -> Result<HashMap<u64, String>, QueryError> {
    let mut names: HashMap<u64, String> = HashMap::new();
    for (scope, to_ms) in ranges {
        let missing: Vec<u64> = hashes.iter().copied().filter(|hash| !names.contains_key(hash)).collect();
        names.extend(of(clickhouse, scope, *to_ms, dimension, &missing).await?);
    }
    Ok(names)
}

/// The same of one scope. A hash that ClickHouse does not know any more has none.
async fn of(
    clickhouse: &ClickHouse,
    scope: &Scope,
    to_ms: i64,
    dimension: &Dimension,
    hashes: &[u64],
) -> Result<HashMap<u64, String>, QueryError> {
    let mut names: HashMap<u64, String> = HashMap::with_capacity(hashes.len());
    let mut missing = Vec::new();
    for hash in hashes {
        match CACHE.get(hash) {
            Some(name) => drop(names.insert(*hash, name)),
            None => missing.push(*hash),
        }
    }
    if !missing.is_empty() {
        let asked = uncached(clickhouse, statement(scope, to_ms, dimension, &missing)).await?;
        asked.iter().for_each(|(hash, name)| CACHE.insert(*hash, name.clone()));
        names.extend(asked);
    }
    Ok(names)
}

/// The same of a statement alone: ids of persons are not cached.
///
/// # Errors
/// As [`ClickHouse::rows`].
pub async fn uncached(clickhouse: &ClickHouse, sql: Sql) -> Result<HashMap<u64, String>, QueryError> {
    let names: Vec<Name> = clickhouse.rows(sql).await?;
    Ok(names.into_iter().map(|name| (name.hash, name.name)).collect())
}

fn statement(scope: &Scope, to_ms: i64, dimension: &Dimension, hashes: &[u64]) -> Sql {
    // A dictionary's values are few: made distinct first, each is hashed once.
    let distinct = if matches!(dimension, Dimension::Column(_)) { "DISTINCT " } else { "" };
    let mut sql =
        Sql::new("SELECT CAST(cityHash64(value), 'UInt64') AS hash, any(toString(value)) AS name FROM (SELECT ");
    sql.text(distinct).sub(|sql| dimension.write_plain(sql)).text(" AS value");
    scope.loosened().from_stored_events(&mut sql, scope.range.from_ms, to_ms, dimension.entries());
    sql.text(") WHERE cityHash64(value) IN ").uints(hashes).text(" GROUP BY hash");
    sql
}

//! Texts by their hash. Folds see hashes alone; what is shown gets its text here. A hash stands for
//! the same text for ever, so what was asked once is kept.

use std::{collections::HashMap, sync::LazyLock};

use clickhouse::Row;
use quick_cache::{Weighter, sync::Cache};
use serde::Deserialize;

use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    query::{Query, dimension::Dimension, sql::Sql},
};

const KEPT_BYTES_MAX: u64 = 8 << 20;
const KEPT_ABOUT: usize = 100_000;

static KEPT: LazyLock<Cache<u64, String, ByBytes>> =
    LazyLock::new(|| Cache::with_weighter(KEPT_ABOUT, KEPT_BYTES_MAX, ByBytes));

#[derive(Clone)]
struct ByBytes;

impl Weighter<u64, String> for ByBytes {
    fn weight(&self, _: &u64, text: &String) -> u64 {
        (size_of::<(u64, String)>() + text.len()) as u64
    }
}

#[derive(Row, Deserialize)]
struct Name {
    hash: u64,
    name: String,
}

/// The values of a dimension that have these hashes, in the query's events until `to_ms`. A hash
/// that ClickHouse does not know any more has none.
///
/// # Errors
/// As [`ClickHouse::rows`].
pub async fn of(
    clickhouse: &ClickHouse,
    query: &Query,
    to_ms: i64,
    dimension: &Dimension,
    hashes: &[u64],
) -> Result<HashMap<u64, String>, QueryError> {
    let mut names: HashMap<u64, String> = HashMap::with_capacity(hashes.len());
    let mut missing = Vec::new();
    for hash in hashes {
        match KEPT.get(hash) {
            Some(name) => drop(names.insert(*hash, name)),
            None => missing.push(*hash),
        }
    }
    if !missing.is_empty() {
        let asked = not_kept(clickhouse, statement(query, to_ms, dimension, &missing)).await?;
        asked.iter().for_each(|(hash, name)| KEPT.insert(*hash, name.clone()));
        names.extend(asked);
    }
    Ok(names)
}

/// The same of a statement alone: ids of persons are not kept.
///
/// # Errors
/// As [`ClickHouse::rows`].
pub async fn not_kept(clickhouse: &ClickHouse, sql: Sql) -> Result<HashMap<u64, String>, QueryError> {
    let names: Vec<Name> = clickhouse.rows(sql).await?;
    Ok(names.into_iter().map(|name| (name.hash, name.name)).collect())
}

fn statement(query: &Query, to_ms: i64, dimension: &Dimension, hashes: &[u64]) -> Sql {
    // A dictionary's values are few; of properties only those that are asked for are kept.
    let distinct = if matches!(dimension, Dimension::Column(_)) { "DISTINCT " } else { "" };
    let mut sql =
        Sql::new("SELECT CAST(cityHash64(value), 'UInt64') AS hash, any(toString(value)) AS name FROM (SELECT ");
    sql.text(distinct).sub(|sql| dimension.write_plain(sql)).text(" AS value FROM analytics.events WHERE ");
    query.scope(&mut sql, query.range.from_ms, to_ms);
    sql.text(") WHERE cityHash64(value) IN ").uints(hashes).text(" GROUP BY hash");
    sql
}

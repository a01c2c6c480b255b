//! The statement that counts.

use clickhouse::Row;
use serde::Deserialize;

use super::model::Spikes;
use crate::{scope::Scope, sql::Sql, time::buckets::Buckets};

/// A row of the statement.
#[derive(Row, Deserialize)]
pub struct Count {
    pub bucket_ms: i64,
    pub count: u64,
}

/// A row a bucket that has events.
pub fn statement(scope: &Scope, spikes: &Spikes, buckets: &Buckets) -> Sql {
    let mut sql = Sql::new("SELECT ");
    buckets.write(&mut sql, "toUnixTimestamp64Milli(ts)");
    sql.text(" AS bucket_ms, count() AS count");
    let from_ms = buckets.starts_ms.first().copied().unwrap_or(scope.range.from_ms);
    scope.from_events(&mut sql, from_ms, buckets.end_ms, spikes.filter.entries());
    sql.text(" AND ").sub(|sql| spikes.filter.write(sql)).text(" GROUP BY bucket_ms");
    sql
}

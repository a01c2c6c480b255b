//! What ClickHouse would read for a person's statement.

use serde_json::Value;

use super::model::RawSql;
use crate::{clickhouse::ClickHouse, error::QueryError, questions::plan::Estimate};

/// Asks ClickHouse, without running the statement.
///
/// # Errors
/// As [`ClickHouse::lines`].
pub async fn estimate(clickhouse: &ClickHouse, sql: &RawSql) -> Result<Estimate, QueryError> {
    let answer = clickhouse.lines(&format!("EXPLAIN ESTIMATE {}", sql.text), &sql.variables, 100).await?;
    let tables = answer.lines.iter().skip(2).filter_map(|line| serde_json::from_str::<Vec<Value>>(line).ok());
    Ok(tables.fold(Estimate::default(), |sum, table| Estimate {
        parts: sum.parts + number(table.get(2)),
        rows: sum.rows + number(table.get(3)),
        marks: sum.marks + number(table.get(4)),
    }))
}

/// 64 bit numbers come as strings.
fn number(value: Option<&Value>) -> u64 {
    value.and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok())).unwrap_or(0)
}

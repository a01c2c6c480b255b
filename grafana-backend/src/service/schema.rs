//! The tables that a person's SQL may read, with their columns, for the editor's suggestions.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{clickhouse::ClickHouse, error::QueryError, sql::Sql, sql_tables::Tables};

/// Columns in one answer.
const COLUMNS_MAX: i64 = 5_000;

#[derive(Row, Deserialize)]
struct Column {
    database: String,
    table: String,
    name: String,
    kind: String,
    comment: String,
}

/// `[{"name": "analytics.events", "columns": [{"name", "type", "comment"}]}]`, by name.
///
/// # Errors
/// ClickHouse's own.
pub async fn tables(clickhouse: &ClickHouse, allowed: &Tables) -> Result<Value, QueryError> {
    let databases: Vec<String> = allowed.databases().map(str::to_owned).collect();
    let mut sql =
        Sql::new("SELECT database, table, name, type AS kind, comment FROM system.columns WHERE database IN ");
    sql.strings(&databases).text(" ORDER BY database, table, position LIMIT ").int(COLUMNS_MAX);
    let columns: Vec<Column> = clickhouse.rows(sql).await?;
    let mut tables: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for Column { database, table, name, kind, comment } in columns {
        let full = format!("{database}.{table}");
        // A materialized view's own table is nobody's to read.
        if allowed.check(&full).is_ok() && !table.starts_with(".inner") {
            tables.entry(full).or_default().push(json!({"name": name, "type": kind, "comment": comment}));
        }
    }
    Ok(tables.into_iter().map(|(name, columns)| json!({"name": name, "columns": columns})).collect())
}

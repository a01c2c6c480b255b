//! A question's statement and what it would read, before it runs.

use clickhouse::Row;
use serde::Deserialize;
use serde_json::Value;

use crate::{clickhouse::ClickHouse, error::QueryError, sql::Sql};

/// A statement, and what ClickHouse would read for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The statement.
    pub sql: String,
    /// Its values by name.
    pub parameters: Value,
    /// What it would read.
    pub estimate: Estimate,
}

/// Sums of what ClickHouse would read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Parts of tables.
    pub parts: u64,
    /// Rows.
    pub rows: u64,
    /// Marks: groups of about 8,192 rows.
    pub marks: u64,
}

/// A table that the statement reads.
#[derive(Row, Deserialize)]
struct TableEstimate {
    #[serde(rename = "database")]
    _database: String,
    #[serde(rename = "table")]
    _table: String,
    parts: u64,
    rows: u64,
    marks: u64,
}

impl Plan {
    /// Lets ClickHouse estimate what the statement would read.
    ///
    /// # Errors
    /// ClickHouse's own message.
    pub async fn of(clickhouse: &ClickHouse, sql: Sql) -> Result<Self, QueryError> {
        let (text, parameters) = (sql.as_text().to_owned(), sql.values_json());
        // As a statement of its own: within another, it would need the right to make temporary tables.
        let tables: Vec<TableEstimate> = clickhouse.rows(sql.within("EXPLAIN ESTIMATE ", "")).await?;
        let estimate = tables.iter().fold(Estimate::default(), |sum, table| Estimate {
            parts: sum.parts + table.parts,
            rows: sum.rows + table.rows,
            marks: sum.marks + table.marks,
        });
        Ok(Self { sql: text, parameters, estimate })
    }
}

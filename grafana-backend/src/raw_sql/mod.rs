//! SQL that a person wrote, with the macros of Grafana's own ClickHouse datasource. It is judged
//! and then run as it is: this is the one place where text of a user is a statement, because
//! the statement is what the user gives. Times and variables are bound. docs/queries/sql.md.

mod columns;
mod judge;
mod macros;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    clickhouse::{Bound, ClickHouse},
    error::QueryError,
    frame::Frame,
    query::Range,
};

use columns::column;
pub use judge::Tables;
use macros::expand;

const SQL_BYTES_MAX: usize = 65_536;
const ROWS_MAX: usize = 100_000;
const VARIABLES_MAX: usize = 100;

/// A statement with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct RawSql {
    /// The macros are replaced.
    pub text: String,
    /// What `{name:Type}` stands for.
    pub variables: BTreeMap<String, Bound>,
}

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Raw {
    raw_sql: String,
    variables: Option<BTreeMap<String, Value>>,
}

impl Raw {
    /// Checks limits and replaces the macros.
    ///
    /// # Errors
    /// Names the field, the limit and the value; an unknown macro is named.
    pub fn resolve(self, range: Range) -> Result<RawSql, QueryError> {
        let length = self.raw_sql.len();
        if !(1..=SQL_BYTES_MAX).contains(&length) {
            return Err(QueryError::invalid("rawSql", format!("it has {length} bytes, 1 to {SQL_BYTES_MAX} can be")));
        }
        let variables = self.variables.unwrap_or_default();
        if variables.len() > VARIABLES_MAX {
            let message = format!("{} are given, at most {VARIABLES_MAX} can", variables.len());
            return Err(QueryError::invalid("variables", message));
        }
        let mut variables: BTreeMap<String, Bound> =
            variables.into_iter().map(|(name, value)| (name, bound(value))).collect();
        let own = [
            ("footfall_from_ms", range.from_ms),
            ("footfall_to_ms", range.to_ms),
            ("footfall_interval_s", (range.interval_ms / 1000).max(1)),
        ];
        variables.extend(own.map(|(name, value)| (name.to_owned(), Bound::One(value.to_string()))));
        let mut text = expand(&self.raw_sql)?;
        // As people end a statement.
        text.truncate(text.trim_end().trim_end_matches(';').len());
        Ok(RawSql { text, variables })
    }
}

/// Sums of what ClickHouse would read for the statement.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Parts of tables.
    pub parts: u64,
    /// Rows.
    pub rows: u64,
    /// Marks: groups of about 8,192 rows.
    pub marks: u64,
}

/// Judges the statement and lets ClickHouse estimate what it would read, without running it.
///
/// # Errors
/// As [`run`].
pub async fn estimate(clickhouse: &ClickHouse, sql: &RawSql, tables: &Tables) -> Result<Estimate, QueryError> {
    judge::check(clickhouse, &sql.text, &sql.variables, tables).await?;
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

/// A variable with several values is bound as an array: `{name:Array(String)}`.
fn bound(value: Value) -> Bound {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    match value {
        Value::Array(values) => Bound::Several(values.into_iter().map(text).collect()),
        one => Bound::One(text(one)),
    }
}

/// Judges the statement, runs it, and makes its frame.
///
/// # Errors
/// See [`QueryError`]; what the statement may not do is named, and more than 100,000 rows are
/// an error, not a cut.
pub async fn run(clickhouse: &ClickHouse, sql: &RawSql, tables: &Tables) -> Result<Frame, QueryError> {
    judge::check(clickhouse, &sql.text, &sql.variables, tables).await?;
    let answer = clickhouse.lines(&sql.text, &sql.variables, ROWS_MAX + 2).await?;
    let broken = |e: serde_json::Error| QueryError::ClickHouse(format!("its answer cannot be read: {e}"));
    let mut lines = answer.lines.iter().map(|line| serde_json::from_str::<Vec<Value>>(line).map_err(broken));
    let names = lines.next().transpose()?.unwrap_or_default();
    let types = lines.next().transpose()?.unwrap_or_default();
    let rows: Vec<Vec<Value>> = lines.collect::<Result<_, _>>()?;
    if rows.len() > ROWS_MAX {
        return Err(QueryError::invalid(
            "rawSql",
            format!("it gives more than {ROWS_MAX} rows: add a LIMIT, or group"),
        ));
    }
    let mut frame = Frame::new("sql");
    for (at, (name, kind)) in names.iter().zip(&types).enumerate() {
        let cells = || rows.iter().map(move |row| row.get(at).unwrap_or(&Value::Null));
        frame.push(column(name.as_str().unwrap_or(""), kind.as_str().unwrap_or(""), cells));
    }
    Ok(frame.with_executed(sql.text.clone()))
}

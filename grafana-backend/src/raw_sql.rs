//! SQL that a person wrote, with the macros of Grafana's own ClickHouse datasource. It is run
//! as it is, reading only: this is the one place where text of a user is a statement, because
//! the statement is what the user gives. Times and variables are bound. docs/queries/sql.md.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::{Column, Frame},
    query::Range,
};

const SQL_BYTES_MAX: usize = 65_536;
const ROWS_MAX: usize = 100_000;
const VARIABLES_MAX: usize = 100;

/// A statement with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct RawSql {
    /// The macros are replaced.
    pub text: String,
    /// What `{name:Type}` stands for.
    pub variables: BTreeMap<String, String>,
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
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let mut variables: BTreeMap<String, String> =
            variables.into_iter().map(|(name, value)| (name, text(value))).collect();
        variables.insert("footfall_from_ms".into(), range.from_ms.to_string());
        variables.insert("footfall_to_ms".into(), range.to_ms.to_string());
        variables.insert("footfall_interval_s".into(), (range.interval_ms / 1000).max(1).to_string());
        Ok(RawSql { text: expand(&self.raw_sql)?, variables })
    }
}

const FROM: &str = "fromUnixTimestamp64Milli({footfall_from_ms:Int64}, 'UTC')";
const TO: &str = "fromUnixTimestamp64Milli({footfall_to_ms:Int64}, 'UTC')";
const INTERVAL_S: &str = "{footfall_interval_s:UInt32}";

/// Replaces `$__name` and `$__name(arguments)`.
fn expand(sql: &str) -> Result<String, QueryError> {
    let mut out = String::with_capacity(sql.len() + 256);
    let mut rest = sql;
    while let Some(at) = rest.find("$__") {
        out.push_str(&rest[..at]);
        rest = &rest[at + 3..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = &rest[..end];
        rest = &rest[end..];
        let mut arguments = Vec::new();
        if rest.starts_with('(') {
            let close = closing(rest)
                .ok_or_else(|| QueryError::invalid("rawSql", format!("$__{name}: its bracket is not closed")))?;
            arguments = rest[1..close].split(',').map(str::trim).filter(|argument| !argument.is_empty()).collect();
            rest = &rest[close + 1..];
        }
        out.push_str(&replace(name, &arguments)?);
    }
    out.push_str(rest);
    Ok(out)
}

fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn replace(name: &str, arguments: &[&str]) -> Result<String, QueryError> {
    Ok(match (name, arguments) {
        ("timeFilter" | "timeFilter_ms", [column]) => format!("({column} >= {FROM} AND {column} <= {TO})"),
        ("dateFilter", [column]) => format!("({column} >= toDate({FROM}) AND {column} <= toDate({TO}))"),
        ("dateTimeFilter" | "dt", [date, time]) => {
            format!("({date} >= toDate({FROM}) AND {date} <= toDate({TO}) AND {time} >= {FROM} AND {time} <= {TO})")
        }
        ("fromTime" | "fromTime_ms", []) => FROM.to_owned(),
        ("toTime" | "toTime_ms", []) => TO.to_owned(),
        ("timeInterval" | "timeInterval_ms", [column]) => {
            format!("toStartOfInterval(toDateTime({column}), toIntervalSecond({INTERVAL_S}))")
        }
        ("interval_s", []) => INTERVAL_S.to_owned(),
        _ => {
            const KNOWN: &str = "$__timeFilter(column), $__dateFilter(column), $__dateTimeFilter(date, time), $__fromTime, $__toTime, $__timeInterval(column), $__interval_s";
            let message = format!("$__{name} with {} arguments is not known: {KNOWN}", arguments.len());
            return Err(QueryError::invalid("rawSql", message));
        }
    })
}

/// Runs the statement and makes its frame.
///
/// # Errors
/// See [`QueryError`]; more than 100,000 rows are an error, not a cut.
pub async fn run(clickhouse: &ClickHouse, sql: &RawSql) -> Result<Frame, QueryError> {
    let lines = clickhouse.lines(&sql.text, &sql.variables, ROWS_MAX + 2).await?;
    let broken = |e: serde_json::Error| QueryError::ClickHouse(format!("its answer cannot be read: {e}"));
    let mut lines = lines.iter().map(|line| serde_json::from_str::<Vec<Value>>(line).map_err(broken));
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

fn column<'r, I: Iterator<Item = &'r Value>>(name: &str, kind: &str, cells: impl Fn() -> I) -> Column {
    let mut kind = kind;
    while let Some(inner) =
        ["Nullable(", "LowCardinality("].iter().find_map(|outer| kind.strip_prefix(outer)?.strip_suffix(')'))
    {
        kind = inner;
    }
    if kind.starts_with("Date") {
        let instants: Option<Vec<Option<i64>>> =
            cells().map(|cell| if cell.is_null() { Some(None) } else { instant_ms(cell).map(Some) }).collect();
        // Grafana wants no nulls among the instants; such a column is shown as text.
        if let Some(instants) = instants.filter(|all| all.iter().all(Option::is_some)) {
            return Column::time(name, instants);
        }
    }
    let is_number = ["Int", "UInt", "Float", "Decimal", "BFloat"].iter().any(|start| kind.starts_with(start));
    if is_number {
        return Column::number(name, cells().map(number).collect());
    }
    let text = |cell: &Value| match cell {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    Column::text(name, cells().map(text).collect())
}

/// Numbers of 64 bits come as text.
fn number(cell: &Value) -> Option<f64> {
    cell.as_f64().or_else(|| cell.as_str()?.parse().ok())
}

fn instant_ms(cell: &Value) -> Option<i64> {
    let text = cell.as_str()?;
    if let Ok(date) = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis());
    }
    chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").ok().map(|at| at.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_are_those_of_the_clickhouse_datasource() {
        for (sql, expected) in [
            ("SELECT 1 WHERE $__timeFilter(ts)", format!("SELECT 1 WHERE (ts >= {FROM} AND ts <= {TO})")),
            (
                "$__timeInterval(toDateTime(ts)) x",
                format!("toStartOfInterval(toDateTime(toDateTime(ts)), toIntervalSecond({INTERVAL_S})) x"),
            ),
            ("$__fromTime,$__toTime $__interval_s", format!("{FROM},{TO} {INTERVAL_S}")),
            ("no macro", "no macro".to_owned()),
        ] {
            assert_eq!(expand(sql).unwrap(), expected);
        }
        for sql in ["$__nope(x)", "$__timeFilter()", "$__timeFilter(a", "$__fromTime(x)"] {
            assert!(expand(sql).is_err(), "{sql}");
        }
    }
}

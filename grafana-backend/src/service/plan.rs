//! A query's statement and what it would read, before it runs.

use clickhouse::Row;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    funnel, lifecycle, live, paths,
    query::{Kind, Query, Range, sql::Sql},
    raw_sql, retention, sessions,
    settings::Settings,
    spikes, timeline, trend,
};

/// The body of the request: the query as the panel has it, and its range.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Asked {
    query: Value,
    from_ms: i64,
    to_ms: i64,
}

/// A table that the statement reads.
#[derive(Row, Deserialize)]
struct Estimate {
    #[serde(rename = "database")]
    _database: String,
    #[serde(rename = "table")]
    _table: String,
    parts: u64,
    rows: u64,
    marks: u64,
}

/// Read → make the statement → let ClickHouse estimate.
///
/// # Errors
/// What is wrong with the query, or ClickHouse's own message.
pub async fn answer(body: &[u8], settings: &Settings, clickhouse: &ClickHouse) -> Result<Value, QueryError> {
    let asked: Asked = serde_json::from_slice(body).map_err(|e| QueryError::invalid("body", e.to_string()))?;
    let range = Range { from_ms: asked.from_ms, to_ms: asked.to_ms, interval_ms: 60_000 };
    let query = Query::read(asked.query.to_string().as_bytes(), "", range, settings)?;
    let Some(sql) = statement(&query, settings)? else {
        let Kind::Sql(sql) = &query.kind else { return Ok(json!({})) };
        let sum = raw_sql::estimate(clickhouse, sql, &settings.sql_tables).await?;
        return Ok(json!({
            "sql": sql.text, "parameters": sql.variables, "parts": sum.parts, "rows": sum.rows, "marks": sum.marks,
        }));
    };
    let (text, parameters) = (sql.as_text().to_owned(), sql.values_json());
    // As a statement of its own: within another, it would need the right to make temporary tables.
    let estimates: Vec<Estimate> = clickhouse.rows(sql.within("EXPLAIN ESTIMATE ", "")).await?;
    let sum = |of: fn(&Estimate) -> u64| estimates.iter().map(of).sum::<u64>();
    Ok(json!({
        "sql": text, "parameters": parameters,
        "parts": sum(|table| table.parts), "rows": sum(|table| table.rows), "marks": sum(|table| table.marks),
    }))
}

/// The statement that reads the events; `None` for SQL that a person wrote.
fn statement(query: &Query, settings: &Settings) -> Result<Option<Sql>, QueryError> {
    Ok(Some(match &query.kind {
        Kind::Sessions(sessions) => sessions::plan(query, sessions, settings)?,
        Kind::Funnel(funnel) => funnel::statement_of(query, funnel)?,
        Kind::Trend(trend) => trend::plan(query, trend)?,
        Kind::Retention(retention) => retention::plan(query, retention)?,
        Kind::Lifecycle(lifecycle) => lifecycle::plan(query, lifecycle)?,
        Kind::Paths(paths) => paths::plan(query, paths),
        Kind::Events(timeline) => timeline::statement(query, timeline),
        Kind::Spikes(spikes) => spikes::plan(query, spikes)?,
        Kind::Live(live) => live::plan(query, *live),
        Kind::Sql(_) => return Ok(None),
    }))
}

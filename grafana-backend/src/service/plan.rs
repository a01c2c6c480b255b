//! A query's statement and what it would read, for the editor.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    clickhouse::ClickHouse, error::QueryError, questions::registry, scope::Asked, settings::Settings,
    time::range::Range,
};

/// The body of the request: the query as the panel has it, and its range.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    query: Map<String, Value>,
    from_ms: i64,
    to_ms: i64,
}

/// Read → make the statement → let ClickHouse estimate.
///
/// # Errors
/// What is wrong with the query, or ClickHouse's own message.
pub async fn answer(body: &[u8], settings: &Settings, clickhouse: &ClickHouse) -> Result<Value, QueryError> {
    let body: Body = serde_json::from_slice(body).map_err(|e| QueryError::invalid("body", e.to_string()))?;
    let asked = Asked {
        range: Range { from_ms: body.from_ms, to_ms: body.to_ms, interval_ms: 60_000 },
        now_ms: chrono::Utc::now().timestamp_millis(),
        uid: "",
        default_project: &settings.default_project,
    };
    let query = registry::read(&body.query, "", asked, settings)?;
    let plan = query.plan(clickhouse).await?;
    Ok(json!({
        "sql": plan.sql,
        "parameters": plan.parameters,
        "parts": plan.estimate.parts,
        "rows": plan.estimate.rows,
        "marks": plan.estimate.marks,
    }))
}

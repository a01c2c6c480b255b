//! `/healthz`, `/readyz`, `/metrics` and the OpenAPI document.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::Shared;
use crate::{gate::Gate, openapi};

/// The process runs.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The sink can take events; 503 with what is missing otherwise. What does not keep events out, a wrong file of projects
/// or a ClickHouse that is away, is told beside it, a line each.
pub async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    match shared.ingest.ready().await {
        Ok(()) => {
            let projects = shared.senders.projects.problem();
            let projects = projects.map(|problem| format!("the projects stay as they were: {problem}"));
            let tables = shared.tables.as_ref().and_then(Gate::warning);
            let warnings = projects.into_iter().chain(tables);
            let lines: String = warnings.map(|warning| format!("warning: {}\n", warning.replace('\n', " "))).collect();
            format!("ready\n{lines}").into_response()
        }
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response(),
    }
}

/// Prometheus' text form.
pub async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    shared.ingest.observe();
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], shared.metrics.text()).into_response()
}

/// What the gateway understands and answers.
pub async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], openapi::text())
}

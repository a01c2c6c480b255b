//! `/healthz`, `/readyz`, `/metrics` and the OpenAPI document.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::Shared;
use crate::openapi;

/// The process runs.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The sink can take events; 503 with what is missing otherwise. A wrong file of projects does not keep events out, and
/// is told beside it.
pub async fn ready(State(shared): State<Arc<Shared>>) -> Response {
    match shared.ingest.ready().await {
        Ok(()) => match shared.senders.projects.problem() {
            None => "ready\n".into_response(),
            Some(problem) => format!("ready\nwarning: the projects stay as they were: {problem}\n").into_response(),
        },
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

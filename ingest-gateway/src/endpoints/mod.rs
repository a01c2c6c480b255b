//! The routes: one table.

mod client;
mod cors;
pub mod events;
mod head;
mod status;

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    middleware,
    response::IntoResponse,
    routing::{get, post},
};
use vector_components::Projects;

use crate::{
    config::{Limits, WriteKeys},
    ingest::Ingest,
    metrics::Metrics,
    outcome::RequestError,
    rate::Rates,
};

/// What the endpoints share.
#[expect(missing_docs, reason = "the types say it")]
pub struct Shared {
    pub projects: Projects,
    pub write_keys: WriteKeys,
    pub trusted_proxies: Vec<ipnet::IpNet>,
    pub rates: Rates,
    pub limits: Limits,
    pub metrics: Arc<Metrics>,
    pub ingest: Ingest,
}

/// The gateway's routes.
pub fn router(shared: Arc<Shared>) -> Router {
    let wrong_method =
        |request: Request| async move { RequestError::Method(request.method().to_string()).into_response() };
    let events = Router::new()
        .route("/v1/events", post(events::take).fallback(wrong_method))
        // The article's address.
        .route("/", post(events::take).fallback(wrong_method))
        .fallback(|request: Request| async move {
            RequestError::Path(request.uri().path().chars().take(128).collect()).into_response()
        })
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), head::limit))
        .layer(middleware::from_fn(cors::allow_other_origins));
    // Pages of other sites may not read these.
    Router::new()
        .route("/healthz", get(status::alive))
        .route("/readyz", get(status::ready))
        .route("/metrics", get(status::metrics))
        .merge(events)
        .with_state(shared)
}

//! The routes: one table.

mod client;
pub mod events;
mod status;

use std::sync::Arc;

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::sync::Semaphore;
use vector_components::{Privacy, Projects};

use crate::{
    config::{Limits, WriteKeys},
    metrics::Metrics,
    outcome::RequestError,
    rate::Rates,
    sink::Sink,
};

/// What the endpoints share.
#[expect(missing_docs, reason = "the types say it")]
pub struct Shared {
    pub projects: Projects,
    pub write_keys: WriteKeys,
    pub trusted_proxies: Vec<ipnet::IpNet>,
    pub privacy: Privacy,
    pub rates: Rates,
    pub limits: Limits,
    pub pending: Semaphore,
    pub metrics: Arc<Metrics>,
    pub sink: Sink,
}

/// The gateway's routes.
pub fn router(shared: Arc<Shared>) -> Router {
    let wrong_method =
        |request: Request| async move { RequestError::Method(request.method().to_string()).into_response() };
    Router::new()
        .route("/v1/events", post(events::take).fallback(wrong_method))
        // The article's address.
        .route("/", post(events::take).fallback(wrong_method))
        .route("/healthz", get(status::alive))
        .route("/readyz", get(status::ready))
        .route("/metrics", get(status::metrics))
        .fallback(|request: Request| async move {
            RequestError::Path(request.uri().path().chars().take(128).collect()).into_response()
        })
        .layer(middleware::from_fn(allow_other_origins))
        .with_state(shared)
}

/// Pages of any site may send events, as they may to any analytics product; the answer
/// holds nothing that a page must not see, and no cookie is used.
async fn allow_other_origins(request: Request, next: Next) -> Response {
    let preflight = request.method() == Method::OPTIONS;
    let mut response = if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
        let names = HeaderValue::from_static("X-App, Authorization, Content-Type, Content-Encoding");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    }
    response
}

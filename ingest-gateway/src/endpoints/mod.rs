//! The routes: one table.

mod cors;
mod head;
mod ledger;
mod status;
mod take;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::{Method, header},
    middleware,
    response::IntoResponse,
    routing::{MethodFilter, get, on},
};
use tokio_util::task::TaskTracker;

use crate::{
    config::Limits,
    ingest::Ingest,
    ledger::{LedgerFile, OperatorKey},
    metrics::Metrics,
    openapi,
    outcome::RequestError,
    sender::Senders,
    wire::{FORMATS, WireFormat},
};

/// What the endpoints share.
#[expect(missing_docs, reason = "the types say it")]
pub struct Shared {
    pub senders: Senders,
    pub limits: Limits,
    pub metrics: Arc<Metrics>,
    pub ledger: Arc<LedgerFile>,
    pub operator_key: OperatorKey,
    pub ingest: Ingest,
    /// Requests whose events are being stored, whether their clients still wait or not.
    pub tasks: TaskTracker,
}

/// The gateway's routes.
pub fn router(shared: Arc<Shared>) -> Router {
    let guarded = |routes: Router<Arc<Shared>>, methods: &[Method]| {
        let head_limits = middleware::from_fn_with_state(Arc::clone(&shared), head::limit);
        routes.layer(head_limits).layer(cors::any_origin(methods))
    };
    // Pages of other sites may not read these.
    let status = Router::new()
        .route("/healthz", get(status::alive))
        .route("/readyz", get(status::ready))
        .route("/metrics", get(status::metrics))
        .route("/v1/ledger", get(ledger::read))
        .route(openapi::PATH, get(status::openapi));
    let unknown = Router::new().fallback(unknown_path);
    FORMATS
        .iter()
        .fold(status, |routes, format| routes.merge(guarded(events(*format), format.methods())))
        .merge(guarded(unknown, &[Method::POST]))
        .with_state(shared)
}

/// A format's routes.
fn events(format: &'static dyn WireFormat) -> Router<Arc<Shared>> {
    let take =
        move |State(shared): State<Arc<Shared>>, ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request| {
            let (head, body) = request.into_parts();
            take::take(shared, format, peer, head, body)
        };
    let wrong_method = move |request: Request| async move {
        let method = request.method().to_string();
        RequestError::Method { method, allowed: format.methods() }.into_response()
    };
    let settings = format.settings().iter().fold(Router::new(), |routes, (path, json)| {
        let answer = move || async move { ([(header::CONTENT_TYPE, "application/json")], *json) };
        routes.route(path, get(answer).post(answer))
    });
    let filters = format.methods().iter().cloned().filter_map(|method| MethodFilter::try_from(method).ok());
    let Some(filter) = filters.reduce(MethodFilter::or) else { return settings };
    format.paths().iter().fold(settings, |routes, path| routes.route(path, on(filter, take).fallback(wrong_method)))
}

async fn unknown_path(request: Request) -> impl IntoResponse {
    RequestError::Path(request.uri().path().chars().take(128).collect())
}

//! The routes: one table.

mod cors;
mod finish;
mod head;
mod ledger;
mod rate;
mod script;
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

pub(crate) use rate::limiter;

use crate::{
    config::Limits,
    gate::Gate,
    ingest::Ingest,
    ledger::{LedgerFile, OperatorKey},
    limits::rate::AddressLimiter,
    metrics::Metrics,
    openapi,
    outcome::RequestError,
    sender::Senders,
    wire::{FORMATS, WireFormat, paths::Paths},
};
use take::Route;

/// What the endpoints share.
#[expect(missing_docs, reason = "the types say it")]
pub struct Shared {
    pub senders: Senders,
    pub limits: Limits,
    pub paths: Paths,
    pub metrics: Arc<Metrics>,
    pub ledger: Arc<LedgerFile>,
    pub operator_key: OperatorKey,
    pub ingest: Ingest,
    /// What is known of ClickHouse's tables; none with Kafka.
    pub tables: Option<Gate>,
    /// How many requests an address may send; none if any number.
    pub requests: Option<AddressLimiter>,
    /// Requests whose events are being stored, whether their clients still wait or not.
    pub tasks: TaskTracker,
}

/// The gateway's routes.
pub fn router(shared: Arc<Shared>) -> Router {
    let rates = middleware::from_fn_with_state(Arc::clone(&shared), rate::limit);
    let guarded = |routes: Router<Arc<Shared>>, methods: &[Method]| {
        let head_limits = middleware::from_fn_with_state(Arc::clone(&shared), head::limit);
        // The last one sees a request first. A preflight is answered whatever follows it, and a page may read
        // why it sends too much.
        routes.layer(head_limits).layer(rates.clone()).layer(cors::any_origin(methods))
    };
    // Pages of other sites may not read these.
    let status = Router::new()
        .route("/healthz", get(status::alive))
        .route("/readyz", get(status::ready))
        .route("/metrics", get(status::metrics))
        .route("/v1/ledger", get(ledger::read))
        .route(openapi::PATH, get(status::openapi));
    let others = script::routes(&shared.paths).fallback(unknown_path);
    FORMATS
        .iter()
        .fold(status, |routes, format| {
            let events = events(*format, &shared.paths).layer(rates.clone()).layer(cors::any_origin(format.methods()));
            routes.merge(events).merge(guarded(settings(*format, &shared.paths), format.methods()))
        })
        .merge(guarded(others, &[Method::POST, Method::GET]))
        .with_state(shared)
}

/// A format's routes. What is wrong with a request is answered as the format's clients expect it, its
/// head's size included.
fn events(format: &'static dyn WireFormat, paths: &Paths) -> Router<Arc<Shared>> {
    let wrong_method = move |request: Request| async move {
        let method = request.method().to_string();
        RequestError::Method { method, allowed: format.methods() }.into_response()
    };
    let filters = format.methods().iter().cloned().filter_map(|method| MethodFilter::try_from(method).ok());
    let Some(filter) = filters.reduce(MethodFilter::or) else { return Router::new() };
    format.paths().iter().fold(Router::new(), |routes, known| {
        let route = Route { format, known };
        let take =
            move |State(shared): State<Arc<Shared>>, ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request| {
                let (head, body) = request.into_parts();
                take::take(shared, route, peer, head, body)
            };
        paths.of(known).fold(routes, |routes, path| routes.route(path, on(filter, take).fallback(wrong_method)))
    })
}

/// A format's paths that bring no events.
fn settings(format: &'static dyn WireFormat, paths: &Paths) -> Router<Arc<Shared>> {
    format.settings().iter().fold(Router::new(), |routes, (known, json)| {
        let answer = move || async move { ([(header::CONTENT_TYPE, "application/json")], *json) };
        paths.of(known).fold(routes, |routes, path| routes.route(path, get(answer).post(answer)))
    })
}

async fn unknown_path(request: Request) -> impl IntoResponse {
    RequestError::Path(request.uri().path().chars().take(128).collect())
}

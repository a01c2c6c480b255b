//! ClickHouse's HTTP interface: `/ping` and `/`, GET and POST.
//!
//! Rule's source: ClickHouse's documentation of the HTTP interface, and the requests of
//! the official clients, which the tests run against this.

mod body;
mod form;
mod formats;
pub mod native;
mod request;
mod respond;
mod worker;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use tokio::sync::mpsc;

use crate::{
    engine::{Engine, Refusal},
    sql::{self, Statement},
};
use body::BodyReader;
use request::Parameters;
use respond::Reply;
use worker::{Data, Job};

/// A statement's text has at most so many bytes; ClickHouse's `max_query_size`.
pub const QUERY_BYTES_MAX: usize = 262_144;
/// Chunks on their way between the network and the engine, each way.
const CHUNKS_IN_FLIGHT_MAX: usize = 4;

#[derive(Clone)]
struct Shared {
    engine: Arc<Engine>,
    version: Arc<str>,
}

/// The interface's routes.
pub fn router(engine: Arc<Engine>, address: SocketAddr) -> Router {
    let version =
        engine.connect().and_then(|mut c| c.query("SELECT version()", "TSV", &[]).map(|r| r.bytes().to_vec()));
    let version = version.map(|v| String::from_utf8_lossy(&v).trim().to_owned()).unwrap_or_default();
    tracing::debug!(%address, %version, "engine is open");
    Router::new()
        .route("/ping", get(|| async { "Ok.\n" }))
        .route("/replicas_status", get(|| async { "Ok.\n" }))
        .route("/", any(statement))
        .with_state(Shared { engine, version: version.into() })
}

async fn statement(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let parameters = match Parameters::read(parts.uri.query().unwrap_or_default(), &parts.headers) {
        Ok(parameters) => parameters,
        Err(refusal) => return respond::exception(&Reply::bare(&shared.version), &refusal.text()),
    };
    let reply = Reply::new(&shared.version, &parameters, &parts.headers);
    match run(&shared, parts.method, &parts.headers, parameters, body, reply.clone()).await {
        Ok(response) => response,
        Err(refusal) => respond::exception(&reply, &refusal.text()),
    }
}

/// Read → classify → start → answer.
async fn run(
    shared: &Shared,
    method: Method,
    headers: &HeaderMap,
    mut parameters: Parameters,
    body: Body,
    reply: Reply,
) -> Result<Response, Refusal> {
    refuse_other_sites(headers)?;
    let body = match form::boundary(headers) {
        Some(boundary) => {
            form::read(body, boundary, &mut parameters).await?;
            Body::empty()
        }
        None => body,
    };
    if parameters.query.trim().is_empty() && method == Method::GET {
        return Ok((StatusCode::OK, "Ok.\n").into_response());
    }
    parameters.read_only = method == Method::GET || method == Method::HEAD;
    let encoding = headers.get(header::CONTENT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut body = BodyReader::new(body, encoding, parameters.decompress)?;
    let (text, rest) = statement_text(&parameters.query, &mut body).await?;
    let statement = sql::classify(&String::from_utf8_lossy(&text));
    let format = output_format(&statement, &parameters);
    let registered = shared.engine.register(&parameters.query_id)?;
    let slot = match statement {
        Statement::Kill { .. } => None,
        _ => Some(shared.engine.slot().await?),
    };

    let (data_in, data_out) = mpsc::channel(CHUNKS_IN_FLIGHT_MAX);
    let (result_in, result_out) = mpsc::channel(CHUNKS_IN_FLIGHT_MAX);
    let is_query = matches!(statement, Statement::Query { streams: true, .. });
    let query_id = parameters.query_id.clone();
    let feed = match &statement {
        Statement::Insert { data_at, .. } => Some((text[*data_at..].to_vec(), rest)),
        _ => None,
    };
    let text = match rest_is_text(&statement, rest) {
        true => read_all(text, &mut body).await?,
        false => text,
    };
    let sql = String::from_utf8(text).or_else(|e| match &statement {
        // An insert's data may be binary; its statement is in `head`.
        Statement::Insert { .. } => Ok(String::new()),
        _ => Err(Refusal { code: 62, message: format!("The query is not UTF-8: {e}. (SYNTAX_ERROR)") }),
    })?;
    let job = Job { engine: Arc::clone(&shared.engine), statement, sql, format: format.clone(), parameters };
    tokio::task::spawn_blocking(move || {
        worker::run(job, data_out, &result_in, (registered, slot));
    });
    if let Some((head, more)) = feed {
        feed_insert(head, more, body, data_in).await;
    }
    let guard = is_query.then(|| worker::KillOnDrop::new(Arc::clone(&shared.engine), query_id));
    respond::from_outputs(reply.with_format(&format), result_out, guard).await
}

/// The interface has no passwords, so a web page must not be able to use it: browsers
/// name the page in `Origin`, and a foreign name in `Host` is a rebound address.
fn refuse_other_sites(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|v: &axum::http::HeaderValue| v.to_str().ok()).unwrap_or_default();
    let host = text(header::HOST);
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    let is_local =
        name.is_empty() || name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if is_local && text(header::ORIGIN).is_empty() {
        return Ok(());
    }
    let message =
        "the embedded engine answers programs on this machine only, not web pages. (ACCESS_DENIED)".to_owned();
    Err(Refusal { code: 497, message })
}

/// The statement's text: the URL's `query`, else the first bytes of the body. `true`
/// says that the body holds more.
async fn statement_text(query: &str, body: &mut BodyReader) -> Result<(Vec<u8>, bool), Refusal> {
    let mut text = query.as_bytes().to_vec();
    if !text.is_empty() {
        text.push(b'\n');
        return Ok((text, true));
    }
    while text.len() < QUERY_BYTES_MAX {
        match body.chunk().await? {
            Some(chunk) => text.extend_from_slice(&chunk),
            None => return Ok((text, false)),
        }
    }
    Ok((text, true))
}

fn rest_is_text(statement: &Statement, more: bool) -> bool {
    more && !matches!(statement, Statement::Insert { .. })
}

async fn read_all(mut text: Vec<u8>, body: &mut BodyReader) -> Result<Vec<u8>, Refusal> {
    while let Some(chunk) = body.chunk().await? {
        text.extend_from_slice(&chunk);
        if text.len() > QUERY_BYTES_MAX {
            let message = format!("the query has more than {QUERY_BYTES_MAX} bytes. (QUERY_IS_TOO_LARGE)");
            return Err(Refusal { code: 62, message });
        }
    }
    Ok(text)
}

async fn feed_insert(head: Vec<u8>, more: bool, mut body: BodyReader, data: mpsc::Sender<Data>) {
    if !head.is_empty() && data.send(Data::Bytes(head.into())).await.is_err() {
        return;
    }
    let end = loop {
        let chunk = if more { body.chunk().await } else { Ok(None) };
        match chunk {
            Ok(Some(chunk)) => {
                if data.send(Data::Bytes(chunk)).await.is_err() {
                    return;
                }
            }
            Ok(None) => break Data::End,
            Err(refusal) => break Data::Broken(refusal.text()),
        }
    };
    let _ = data.send(end).await;
}

fn output_format(statement: &Statement, parameters: &Parameters) -> String {
    let named = match statement {
        Statement::Query { format, .. } => format.clone(),
        _ => None,
    };
    named.or_else(|| parameters.default_format.clone()).unwrap_or_else(|| "TabSeparated".to_owned())
}

impl Refusal {
    /// ClickHouse's text form of an exception.
    #[must_use]
    pub fn text(&self) -> String {
        if self.message.starts_with("Code: ") {
            return self.message.clone();
        }
        format!("Code: {}. DB::Exception: {}", self.code, self.message)
    }
}

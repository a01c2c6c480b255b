//! ClickHouse's HTTP interface: `/ping` and `/`, GET (which only reads) and POST.
//!
//! Rule's source: ClickHouse's documentation of the HTTP interface, and the requests of
//! the official clients, which the tests run against this.

mod auth;
mod body;
mod form;
mod formats;
mod kill;
pub mod native;
mod origin;
#[cfg(test)]
mod properties;
mod request;
mod respond;
pub mod serve;
mod worker;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::sync::mpsc;

use crate::{
    engine::Engine,
    lanes::Lane,
    reading::{self, Access},
    refusal::Refusal,
    secrets::Passwords,
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
    passwords: Arc<Passwords>,
    version: Arc<str>,
}

/// The interface's routes. Only `/ping`, and `/` without a statement, are answered without a
/// password, and with nothing but that they are there.
pub fn router(engine: Arc<Engine>, passwords: Arc<Passwords>, address: SocketAddr) -> Router {
    let version = engine.connect().and_then(|mut c| Ok(c.query("SELECT version()", "TSV", &[])?.bytes().to_vec()));
    let version = version.map(|v| String::from_utf8_lossy(&v).trim().to_owned()).unwrap_or_default();
    tracing::debug!(%address, %version, "engine is open");
    Router::new()
        .route("/ping", get(|| async { "Ok.\n" }))
        .route("/", get(statement).post(statement))
        .layer(middleware::from_fn(origin::refuse_web_pages))
        .with_state(Shared { engine, passwords, version: version.into() })
}

async fn statement(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let query_string = parts.uri.query().unwrap_or_default();
    let only_looks = query_string.is_empty() && parts.method != Method::POST;
    if only_looks {
        return (StatusCode::OK, "Ok.\n").into_response();
    }
    let read = auth::access(query_string, &parts.headers, &shared.passwords)
        .and_then(|access| Ok((access, Parameters::read(query_string, &parts.headers)?)));
    let (access, parameters) = match read {
        Ok(read) => read,
        Err(refusal) => return respond::exception(&Reply::bare(&shared.version), &refusal),
    };
    let reply = Reply::new(&shared.version, &parameters, &parts.headers);
    match run(&shared, access, &parts, parameters, body, reply.clone()).await {
        Ok(response) => response,
        Err(refusal) => respond::exception(&reply, &refusal),
    }
}

/// Read → classify → wait for a slot → start → answer.
async fn run(
    shared: &Shared,
    access: Access,
    parts: &Parts,
    mut parameters: Parameters,
    body: Body,
    reply: Reply,
) -> Result<Response, Refusal> {
    let body = match form::boundary(&parts.headers) {
        Some(boundary) => {
            form::read(body, boundary, &mut parameters).await?;
            Body::empty()
        }
        None => body,
    };
    if parameters.query.trim().is_empty() && parts.method != Method::POST {
        return Ok((StatusCode::OK, "Ok.\n").into_response());
    }
    let access = match access {
        Access::Full if parameters.read_only || parts.method != Method::POST => Access::ReadAll,
        access => access,
    };
    let mut body = body_reader(body, &parts.headers, &parameters, access)?;
    let (text, more) = statement_text(&parameters.query, &mut body).await?;
    let statement = sql::classify(readable(&text));
    if access.only_reads() && matches!(statement, Statement::Insert { .. }) {
        return Err(reading::not_reading());
    }
    let feed = match &statement {
        Statement::Insert { data_at, .. } => Some(text[*data_at..].to_vec()),
        _ => None,
    };
    // A statement has arrived completely before it takes a slot; an insert's data comes as it runs.
    let text = match more && feed.is_none() {
        true => read_all(text, &mut body).await?,
        false => text,
    };
    let sql = statement_sql(&statement, text)?;
    let format = output_format(&statement, &parameters);
    let registered = shared.engine.register(&parameters.query_id)?;
    let slot = shared.engine.lanes.slot(lane(&statement, access)).await?;

    let (data_in, data_out) = mpsc::channel(CHUNKS_IN_FLIGHT_MAX);
    let (result_in, result_out) = mpsc::channel(CHUNKS_IN_FLIGHT_MAX);
    let is_query = matches!(statement, Statement::Query { streams: true, .. });
    let query_id = parameters.query_id.clone();
    let job = Job { engine: Arc::clone(&shared.engine), access, statement, sql, format: format.clone(), parameters };
    tokio::task::spawn_blocking(move || worker::run(job, data_out, &result_in, (registered, slot)));
    if let Some(head) = feed {
        feed_insert(head, more, body, data_in).await;
    }
    let guard = is_query.then(|| kill::KillOnDrop::new(Arc::clone(&shared.engine), query_id));
    respond::from_outputs(reply.with_format(&format), result_out, guard).await
}

fn body_reader(
    body: Body,
    headers: &HeaderMap,
    parameters: &Parameters,
    access: Access,
) -> Result<BodyReader, Refusal> {
    let encoding = headers.get(header::CONTENT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    // A reader's body is a statement and nothing more.
    let bytes_max = if access.only_reads() { QUERY_BYTES_MAX } else { native::BLOCK_BYTES_MAX };
    BodyReader::new(body, encoding, parameters.decompress.then_some(bytes_max))
}

/// Whose slot the statement needs.
fn lane(statement: &Statement, access: Access) -> Lane {
    match statement {
        Statement::Kill { .. } => Lane::Kill,
        Statement::Query { reads: true, .. } => Lane::Read,
        _ if access.only_reads() => Lane::Read,
        _ => Lane::Write,
    }
}

fn statement_sql(statement: &Statement, text: Vec<u8>) -> Result<String, Refusal> {
    // An insert's data may be binary; its statement is in `head`.
    if matches!(statement, Statement::Insert { .. }) {
        return Ok(String::new());
    }
    let refused = |why: &str| Refusal { code: 62, message: format!("The query {why}. (SYNTAX_ERROR)") };
    let sql = String::from_utf8(text).map_err(|e| refused(&format!("is not UTF-8: {e}")))?;
    if sql.contains('\0') {
        return Err(refused("holds a zero byte"));
    }
    Ok(sql)
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

/// The text up to the first byte that is none: an insert's data may be binary, and positions
/// must be those of the bytes.
fn readable(text: &[u8]) -> &str {
    text.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

async fn read_all(mut text: Vec<u8>, body: &mut BodyReader) -> Result<Vec<u8>, Refusal> {
    while text.len() <= QUERY_BYTES_MAX {
        match body.chunk().await? {
            Some(chunk) => text.extend_from_slice(&chunk),
            None => return Ok(text),
        }
    }
    let message = format!("the query has more than {QUERY_BYTES_MAX} bytes. (QUERY_IS_TOO_LARGE)");
    Err(Refusal { code: 62, message })
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
            Err(refusal) => break Data::Broken(refusal),
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

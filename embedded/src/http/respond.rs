//! Answers in ClickHouse's form: headers, compression, exceptions before and within a body.

use std::convert::Infallible;

use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, Lz4Encoder, ZlibEncoder, ZstdEncoder};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream, stream::BoxStream};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::mpsc,
};

use super::{
    formats,
    kill::KillOnDrop,
    native,
    request::Parameters,
    worker::{Output, Summary},
};
use crate::refusal::Refusal;

/// What every answer to a request needs to know of it.
#[derive(Clone, Debug)]
pub struct Reply {
    version: String,
    query_id: String,
    format: String,
    coding: Coding,
    tag: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    None,
    Native,
    Http(&'static str),
}

impl Reply {
    /// For a request that could not be read.
    pub fn bare(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            query_id: String::new(),
            format: "TabSeparated".into(),
            coding: Coding::None,
            tag: tag(),
        }
    }

    pub fn new(version: &str, parameters: &Parameters, headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let coding = match ["lz4", "gzip", "br", "zstd", "deflate"].into_iter().find(|coding| accepted.contains(coding))
        {
            _ if parameters.compress => Coding::Native,
            Some(coding) if parameters.http_compression => Coding::Http(coding),
            _ => Coding::None,
        };
        Self { query_id: parameters.query_id.clone(), coding, ..Self::bare(version) }
    }

    pub fn with_format(mut self, format: &str) -> Self {
        format.clone_into(&mut self.format);
        self
    }
}

/// Waits for the first output, which decides the status, then sends the rest as it comes.
pub async fn from_outputs(
    reply: Reply,
    mut outputs: mpsc::Receiver<Output>,
    mut guard: Option<KillOnDrop>,
) -> Result<Response, Refusal> {
    match outputs.recv().await {
        Some(Output::Exception(refusal)) => {
            guard.iter_mut().for_each(KillOnDrop::disarm);
            Ok(exception(&reply, &refusal))
        }
        Some(Output::Whole(bytes, summary)) => {
            guard.iter_mut().for_each(KillOnDrop::disarm);
            Ok(ok(&reply, Some(summary), stream::iter([bytes])))
        }
        Some(Output::Part(first)) => {
            let body = parts(first, outputs, reply.clone(), guard);
            Ok(ok(&reply, None, body))
        }
        None => Err(Refusal { code: 1002, message: "the engine gave no answer. (UNKNOWN_EXCEPTION)".into() }),
    }
}

/// An exception as the entire answer.
pub fn exception(reply: &Reply, refusal: &Refusal) -> Response {
    let text = with_version(refusal, &reply.version);
    let mut response = Response::new(Body::from(text + "\n"));
    *response.status_mut() = status(refusal.code);
    let headers = response.headers_mut();
    common_headers(headers, reply);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
    headers.insert(HeaderName::from_static("x-clickhouse-exception-code"), HeaderValue::from(refusal.code));
    response
}

fn ok(reply: &Reply, summary: Option<Summary>, body: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let body = body.filter(|bytes| std::future::ready(!bytes.is_empty()));
    let mut response = Response::new(encode(reply.coding, body));
    let headers = response.headers_mut();
    common_headers(headers, reply);
    set(headers, "content-type", formats::content_type(&reply.format));
    set(headers, "x-clickhouse-format", &reply.format);
    set(headers, "x-clickhouse-exception-tag", &reply.tag);
    if let Coding::Http(coding) = reply.coding {
        set(headers, "content-encoding", coding);
    }
    let s = summary.unwrap_or_default();
    let elapsed_ns = s.elapsed.as_nanos();
    let text = format!(
        "{{\"read_rows\":\"{}\",\"read_bytes\":\"{}\",\"written_rows\":\"{}\",\"written_bytes\":\"{}\",\
         \"total_rows_to_read\":\"0\",\"result_rows\":\"{}\",\"result_bytes\":\"{}\",\"elapsed_ns\":\"{elapsed_ns}\"}}",
        s.read.rows, s.read.bytes, s.written.rows, s.written.bytes, s.result_rows, s.result_bytes
    );
    set(headers, "x-clickhouse-summary", &text);
    response
}

fn parts(
    first: Bytes,
    outputs: mpsc::Receiver<Output>,
    reply: Reply,
    guard: Option<KillOnDrop>,
) -> impl Stream<Item = Bytes> + Send {
    let rest = stream::unfold((outputs, reply, guard), |(mut outputs, reply, mut guard)| async move {
        match outputs.recv().await {
            Some(Output::Part(bytes) | Output::Whole(bytes, _)) => Some((bytes, (outputs, reply, guard))),
            Some(Output::Exception(refusal)) => Some((late_exception(&reply, &refusal), (outputs, reply, guard))),
            None => {
                guard.iter_mut().for_each(KillOnDrop::disarm);
                None
            }
        }
    });
    stream::iter([first]).chain(rest)
}

/// An exception within a body, in the tagged form of ClickHouse 25.11 and later.
fn late_exception(reply: &Reply, refusal: &Refusal) -> Bytes {
    let message = with_version(refusal, &reply.version) + "\n";
    let tag = &reply.tag;
    format!("\r\n__exception__\r\n{tag}\r\n{message}{} {tag}\r\n__exception__\r\n", message.len()).into()
}

fn encode(coding: Coding, body: impl Stream<Item = Bytes> + Send + 'static) -> Body {
    let infallible = |stream: BoxStream<'static, Bytes>| Body::from_stream(stream.map(Ok::<_, Infallible>));
    infallible(match coding {
        Coding::None => body.boxed(),
        Coding::Native => body.map(|bytes| native::write_block(&bytes).into()).boxed(),
        Coding::Http("lz4") => compressed(Lz4Encoder::new(Vec::new()), body.boxed()),
        Coding::Http("br") => compressed(BrotliEncoder::new(Vec::new()), body.boxed()),
        Coding::Http("zstd") => compressed(ZstdEncoder::new(Vec::new()), body.boxed()),
        Coding::Http("deflate") => compressed(ZlibEncoder::new(Vec::new()), body.boxed()),
        Coding::Http(_) => compressed(GzipEncoder::new(Vec::new()), body.boxed()),
    })
}

/// An encoder that writes to memory.
trait Encoder: AsyncWrite + Unpin + Send + 'static {
    /// What it has written since the last call.
    fn take(&mut self) -> Vec<u8>;
}

macro_rules! encoders {
    ($($encoder:ident),*) => {
        $(impl Encoder for $encoder<Vec<u8>> {
            fn take(&mut self) -> Vec<u8> {
                std::mem::take(self.get_mut())
            }
        })*
    };
}
encoders!(BrotliEncoder, GzipEncoder, Lz4Encoder, ZlibEncoder, ZstdEncoder);

/// Flushed after each chunk: rows leave as soon as they are there, and an exception in
/// the middle of a body stands in a block of its own, where clients look for it.
fn compressed(encoder: impl Encoder, body: BoxStream<'static, Bytes>) -> BoxStream<'static, Bytes> {
    stream::unfold(Some((encoder, body)), |state| async move {
        let (mut encoder, mut body) = state?;
        // Writing to memory cannot fail; the encoders have no other error.
        match body.next().await {
            Some(bytes) => {
                let _ = encoder.write_all(&bytes).await;
                let _ = encoder.flush().await;
                Some((encoder.take().into(), Some((encoder, body))))
            }
            None => {
                let _ = encoder.shutdown().await;
                Some((encoder.take().into(), None))
            }
        }
    })
    .boxed()
}

fn common_headers(headers: &mut HeaderMap, reply: &Reply) {
    set(headers, "x-clickhouse-server-display-name", "footfall-embedded");
    set(headers, "x-clickhouse-query-id", &reply.query_id);
    set(headers, "x-clickhouse-timezone", "UTC");
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

fn tag() -> String {
    uuid::Uuid::new_v4().simple().to_string()[..16].to_owned()
}

/// The engine's own messages have its version, in some forms of an exception.
fn with_version(refusal: &Refusal, version: &str) -> String {
    let text = refusal.to_string();
    let text = text.trim_end();
    if text.contains("(version ") { text.to_owned() } else { format!("{text} (version {version} (official build))") }
}

/// ClickHouse's table of exception codes to HTTP statuses; the rest is 500.
fn status(code: u16) -> StatusCode {
    match code {
        194 => StatusCode::UNAUTHORIZED,
        164 | 192 | 193 | 452 | 497 | 516 => StatusCode::FORBIDDEN,
        6 | 8 | 26 | 27 | 32 | 33 | 36 | 38 | 40 | 41 | 42 | 43 | 53 | 57 | 62 | 69 | 72 | 117 | 130 | 216 | 271
        | 374 | 457 => StatusCode::BAD_REQUEST,
        46 | 47 | 50 | 56 | 60 | 63 | 73 | 78 | 81 | 89 | 115 | 336 => StatusCode::NOT_FOUND,
        159 => StatusCode::REQUEST_TIMEOUT,
        48 => StatusCode::NOT_IMPLEMENTED,
        202 | 209 | 373 | 439 => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

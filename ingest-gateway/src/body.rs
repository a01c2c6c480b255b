//! Reading a body within its limits, on the wire and after decompression.

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder};
use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncReadExt};
use tokio_util::io::StreamReader;

use crate::{config::Limits, outcome::RequestError};

/// Reads and decodes the body.
///
/// # Errors
/// [`RequestError::TooLarge`], [`RequestError::Encoding`] or [`RequestError::BodyBroken`].
pub async fn read(body: Body, headers: &HeaderMap, limits: &Limits) -> Result<Bytes, RequestError> {
    let encoding = headers.get(header::CONTENT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let wire = read_wire(body, limits.body_bytes_max).await?;
    let source: Box<dyn AsyncRead + Send + Unpin> = match encoding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => return Ok(wire),
        "gzip" | "x-gzip" => Box::new(GzipDecoder::new(buffered(wire))),
        "deflate" => Box::new(ZlibDecoder::new(buffered(wire))),
        "br" => Box::new(BrotliDecoder::new(buffered(wire))),
        "zstd" => Box::new(ZstdDecoder::new(buffered(wire))),
        other => return Err(RequestError::Encoding(other.chars().take(64).collect())),
    };
    // One byte more than allowed tells a body at the limit from one over it.
    let mut decoded = Vec::new();
    let limit = limits.decoded_bytes_max as u64 + 1;
    source.take(limit).read_to_end(&mut decoded).await.map_err(|e| RequestError::BodyBroken(e.to_string()))?;
    if decoded.len() > limits.decoded_bytes_max {
        return Err(RequestError::TooLarge {
            what: "decompressed body",
            bytes_max: limits.decoded_bytes_max,
            bytes: None,
        });
    }
    Ok(decoded.into())
}

async fn read_wire(body: Body, bytes_max: usize) -> Result<Bytes, RequestError> {
    let announced = http_size(&body);
    let too_large = |bytes| RequestError::TooLarge { what: "body", bytes_max, bytes };
    if let Some(bytes) = announced.filter(|bytes| *bytes > bytes_max as u64) {
        return Err(too_large(Some(bytes)));
    }
    let mut chunks = body.into_data_stream();
    let mut all = Vec::with_capacity(usize::try_from(announced.unwrap_or(0)).unwrap_or(0));
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|e| RequestError::BodyBroken(e.to_string()))?;
        if all.len() + chunk.len() > bytes_max {
            return Err(too_large(None));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.into())
}

fn http_size(body: &Body) -> Option<u64> {
    axum::body::HttpBody::size_hint(body).exact()
}

fn buffered(wire: Bytes) -> impl AsyncBufRead + Send + Unpin {
    StreamReader::new(futures_util::stream::iter([Ok::<_, std::io::Error>(wire)]).into_stream())
}

//! Reading a body within its limits, on the wire and after decompression, and within the memory
//! that all requests share.

use std::{task::Poll, time::Instant};

use async_compression::{
    tokio::bufread::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder},
    zstd::DParameter,
};
use axum::{
    body::{Body, HttpBody},
    http::{HeaderMap, header},
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, poll};
use tokio::{
    io::{AsyncBufRead, AsyncRead, AsyncReadExt},
    time::timeout_at,
};
use tokio_util::io::StreamReader;

use crate::{
    config::Limits,
    in_flight::{Held, InFlight, NoRoom},
    outcome::RequestError,
};

/// A frame may look back so far, as a power of two: 8 MiB, what RFC 9659 asks of zstd on the web.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;
/// The first bytes of gzip with deflate, the only method there is; no JSON starts with them.
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b, 8];
/// The least by which a buffer grows: ten thousand bodies of a byte hold 10 MiB.
const STEP_BYTES: usize = 1 << 10;
/// A piece of a decompressed body.
const PIECE_BYTES: usize = 64 << 10;

/// A body that was read, and the memory that it holds.
#[derive(Debug)]
pub struct Text {
    /// The decoded body. What was no UTF-8 in it is U+FFFD, so that one broken string costs one
    /// string and not the entire body.
    pub text: String,
    /// Given back with the answer.
    pub held: Held,
}

/// Reads and decodes the body.
///
/// # Errors
/// [`RequestError::TooLarge`], [`RequestError::Encoding`], [`RequestError::BodyBroken`], [`RequestError::BodyTooSlow`],
/// or [`RequestError::NoRoom`], before anything is read if the announced length finds none; and
/// [`RequestError::GaveWay`] if it has been long on its way when others find no room. A body is too slow if it is not
/// there at the deadline: how long it takes to be decoded is not the client's fault. What is announced takes no memory:
/// a body holds what came of it, in steps.
pub async fn read(
    body: Body,
    headers: &HeaderMap,
    limits: &Limits,
    in_flight: &InFlight,
    deadline: Instant,
) -> Result<Text, RequestError> {
    let encoding = headers.get(header::CONTENT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let encoding = encoding.trim().to_ascii_lowercase();
    let open = decoder(&encoding)?;
    let mut held = in_flight.start();
    let wire = read_wire(body, limits, in_flight, &mut held);
    let wire = timeout_at(deadline.into(), wire).await.map_err(|_| too_slow(limits))??;
    // A beacon can set no header, so that some clients compress without saying so.
    let open = if wire.starts_with(GZIP_MAGIC) { open.or(Some(gzip)) } else { open };
    let decoded = match open {
        None => wire,
        Some(open) => {
            let wire_bytes = wire.capacity();
            // A decoder keeps as much of what it gave as its window is long.
            let mut window = in_flight.start();
            let decoded = read_decoded(open(wire.into()), limits.decoded_bytes_max, &mut held, &mut window).await?;
            held.shrink(wire_bytes);
            decoded
        }
    };
    let text = match String::from_utf8(decoded) {
        Ok(text) => text,
        Err(error) => repaired(error.as_bytes(), limits.decoded_bytes_max, &mut held)?,
    };
    Ok(Text { text, held })
}

/// With U+FFFD for what is no UTF-8, which may be three times as long.
fn repaired(bytes: &[u8], bytes_max: usize, held: &mut Held) -> Result<String, RequestError> {
    held.grow(bytes.len() * 3)?;
    let text = String::from_utf8_lossy(bytes).into_owned();
    // The bytes are given back, and what the text did not need.
    held.shrink(bytes.len() * 4 - text.len());
    match text.len() > bytes_max {
        true => Err(RequestError::TooLarge { what: "decompressed body", bytes_max, bytes: None }),
        false => Ok(text),
    }
}

type Decoder = Box<dyn AsyncRead + Send + Unpin>;
type Open = fn(Bytes) -> Decoder;

/// What decodes an encoding; none for a plain body. Bodies of several gzip members or zstd frames
/// are read to their end, as their formats say.
fn decoder(encoding: &str) -> Result<Option<Open>, RequestError> {
    Ok(Some(match encoding {
        "" | "identity" => return Ok(None),
        "gzip" | "x-gzip" => gzip,
        "deflate" => |wire| Box::new(ZlibDecoder::new(buffered(wire))),
        "br" => |wire| Box::new(BrotliDecoder::new(buffered(wire))),
        "zstd" => |wire| {
            let window = DParameter::window_log_max(ZSTD_WINDOW_LOG_MAX);
            let mut decoder = ZstdDecoder::with_params(buffered(wire), &[window]);
            decoder.multiple_members(true);
            Box::new(decoder)
        },
        other => return Err(RequestError::Encoding(other.chars().take(64).collect())),
    }))
}

fn gzip(wire: Bytes) -> Decoder {
    let mut decoder = GzipDecoder::new(buffered(wire));
    decoder.multiple_members(true);
    Box::new(decoder)
}

async fn read_wire(
    body: Body,
    limits: &Limits,
    in_flight: &InFlight,
    held: &mut Held,
) -> Result<Vec<u8>, RequestError> {
    let bytes_max = limits.body_bytes_max;
    let announced = body.size_hint().exact();
    let too_large = |bytes| RequestError::TooLarge { what: "body", bytes_max, bytes };
    if let Some(bytes) = announced.filter(|bytes| *bytes > bytes_max as u64) {
        return Err(too_large(Some(bytes)));
    }
    in_flight.check(announced.unwrap_or(1))?;
    let expected = announced.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(bytes_max);
    let started = Instant::now();
    let mut reader = None;
    let mut chunks = body.into_data_stream();
    let mut all = Vec::new();
    loop {
        let chunk = match poll!(chunks.next()) {
            Poll::Ready(chunk) => chunk,
            // Most bodies come with their heads, and need no place among those that are waited for.
            Poll::Pending => {
                let reader = reader.get_or_insert_with(|| in_flight.wait(started));
                tokio::select! {
                    chunk = tokio::time::timeout(limits.body_pause_max, chunks.next()) => {
                        chunk.map_err(|_| too_slow(limits))?
                    }
                    () = reader.asked() => return Err(RequestError::GaveWay),
                }
            }
        };
        let Some(chunk) = chunk else { return Ok(all) };
        let chunk = chunk.map_err(|e| RequestError::BodyBroken(e.to_string()))?;
        if all.len() + chunk.len() > bytes_max {
            return Err(too_large(None));
        }
        make_room(&mut all, chunk.len(), expected, held)?;
        all.extend_from_slice(&chunk);
    }
}

/// For a body that does not come.
fn too_slow(limits: &Limits) -> RequestError {
    RequestError::BodyTooSlow {
        pause_ms: limits.body_pause_max.as_millis(),
        ms_max: limits.request_time_max.as_millis(),
    }
}

async fn read_decoded(
    mut source: Decoder,
    bytes_max: usize,
    held: &mut Held,
    window: &mut Held,
) -> Result<Vec<u8>, RequestError> {
    let mut decoded = Vec::new();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let count = source.read(&mut piece).await.map_err(|e| RequestError::BodyBroken(e.to_string()))?;
        if count == 0 {
            return Ok(decoded);
        }
        if decoded.len() + count > bytes_max {
            return Err(RequestError::TooLarge { what: "decompressed body", bytes_max, bytes: None });
        }
        make_room(&mut decoded, count, bytes_max, held)?;
        window.grow(count)?;
        decoded.extend_from_slice(&piece[..count]);
    }
}

/// Doubles the buffer when it is full, and no further than to its limit; the memory is held before
/// it is taken.
fn make_room(buffer: &mut Vec<u8>, count: usize, bytes_max: usize, held: &mut Held) -> Result<(), NoRoom> {
    let (have, need) = (buffer.capacity(), buffer.len() + count);
    if need > have {
        let grown = (have * 2).max(STEP_BYTES).min(bytes_max).max(need);
        held.grow(grown - have)?;
        buffer.reserve_exact(grown - buffer.len());
    }
    Ok(())
}

fn buffered(wire: Bytes) -> impl AsyncBufRead + Send + Unpin {
    StreamReader::new(futures_util::stream::iter([Ok::<_, std::io::Error>(wire)]).into_stream())
}

//! The request's body, decoded and passed on in chunks, never held in full.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncReadExt, BufReader};
use tokio_util::io::StreamReader;

use super::native;
use crate::refusal::Refusal;

const CHUNK_BYTES: usize = 1 << 18;
/// A body that sends nothing for so long has ended; ClickHouse's `http_receive_timeout`, doubled.
const STALL_TIME_MAX: Duration = Duration::from_secs(60);

/// A decoding reader of the body.
pub struct BodyReader {
    source: Box<dyn AsyncRead + Send + Unpin>,
    /// The largest block, if the body comes in ClickHouse's native compression.
    block_bytes_max: Option<usize>,
}

impl BodyReader {
    /// Decodes HTTP's `encoding`, then ClickHouse's native compression if a block's limit is given.
    pub fn new(body: Body, encoding: &str, block_bytes_max: Option<usize>) -> Result<Self, Refusal> {
        use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, Lz4Decoder, ZlibDecoder, ZstdDecoder};
        let stream = body.into_data_stream().map_err(std::io::Error::other);
        let plain: Box<dyn AsyncBufRead + Send + Unpin> = Box::new(StreamReader::new(stream));
        let source: Box<dyn AsyncRead + Send + Unpin> = match encoding {
            "" | "identity" => Box::new(plain),
            "gzip" | "x-gzip" => {
                let mut decoder = GzipDecoder::new(plain);
                decoder.multiple_members(true);
                Box::new(decoder)
            }
            "deflate" => Box::new(ZlibDecoder::new(plain)),
            "br" => Box::new(BrotliDecoder::new(plain)),
            "zstd" => Box::new(ZstdDecoder::new(plain)),
            "lz4" => Box::new(Lz4Decoder::new(plain)),
            other => {
                let message = format!(
                    "Unknown compression method '{other}': send gzip, deflate, br, zstd or lz4. (UNKNOWN_COMPRESSION_METHOD)"
                );
                return Err(Refusal { code: 89, message });
            }
        };
        let source = match block_bytes_max {
            Some(_) => Box::new(BufReader::with_capacity(CHUNK_BYTES, source)),
            None => source,
        };
        Ok(Self { source, block_bytes_max })
    }

    /// The next bytes; `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Refusal> {
        tokio::time::timeout(STALL_TIME_MAX, self.read()).await.unwrap_or_else(|_| {
            let message = format!("The body has sent nothing for {} s. (SOCKET_TIMEOUT)", STALL_TIME_MAX.as_secs());
            Err(Refusal { code: 209, message })
        })
    }

    async fn read(&mut self) -> Result<Option<Bytes>, Refusal> {
        if let Some(bytes_max) = self.block_bytes_max {
            return native::read_block(&mut self.source, bytes_max).await;
        }
        let mut buffer = BytesMut::with_capacity(CHUNK_BYTES);
        let read = self.source.read_buf(&mut buffer).await.map_err(|e| Refusal {
            code: 33,
            message: format!("Cannot read the request's body: {e}. (CANNOT_READ_ALL_DATA)"),
        })?;
        Ok((read > 0).then(|| buffer.freeze()))
    }
}

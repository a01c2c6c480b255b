//! The request's body, decoded and handed on in chunks, never held whole.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncReadExt, BufReader};
use tokio_util::io::StreamReader;

use super::native;
use crate::engine::Refusal;

const CHUNK_BYTES: usize = 1 << 18;

/// A decoding reader of the body.
pub struct BodyReader {
    source: Box<dyn AsyncRead + Send + Unpin>,
    native: bool,
}

impl BodyReader {
    /// Decodes HTTP's `encoding`, then ClickHouse's native compression if `native`.
    pub fn new(body: Body, encoding: &str, native: bool) -> Result<Self, Refusal> {
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
        let source = if native { Box::new(BufReader::with_capacity(CHUNK_BYTES, source)) } else { source };
        Ok(Self { source, native })
    }

    /// The next bytes; `None` at the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Refusal> {
        if self.native {
            return native::read_block(&mut self.source).await;
        }
        let mut buffer = BytesMut::with_capacity(CHUNK_BYTES);
        let read = self.source.read_buf(&mut buffer).await.map_err(|e| Refusal {
            code: 33,
            message: format!("Cannot read the request's body: {e}. (CANNOT_READ_ALL_DATA)"),
        })?;
        Ok((read > 0).then(|| buffer.freeze()))
    }
}

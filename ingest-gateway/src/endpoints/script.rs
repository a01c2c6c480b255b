//! The tracker's script, for pages to load. It is compressed once, at the start.

use std::sync::Arc;

use async_compression::{
    Level,
    tokio::write::{BrotliEncoder, GzipEncoder},
};
use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use super::Shared;
use crate::wire::paths::{Paths, SCRIPT};

/// As built from `tracker/src`, which the step "other clients" does again and compares.
const BUILT: &str = include_str!("../../tracker/dist/script.js");
/// Where the script sends events, in its text and among the known paths.
const EVENTS: &str = "/v1/events";
/// A page loads it again after a day, or asks whether it has changed.
const CACHED: &str = "public, max-age=86400, stale-while-revalidate=604800";

/// The script in each encoding.
struct Script {
    plain: Bytes,
    gzip: Bytes,
    brotli: Bytes,
    tag: HeaderValue,
}

/// The script's routes. A gateway whose events are taken nowhere in the native format has none.
pub(super) fn routes(paths: &Paths) -> Router<Arc<Shared>> {
    let Some(events) = paths.of(EVENTS).next() else { return Router::new() };
    let text = BUILT.replacen(EVENTS, events, 1);
    let script = Arc::new(tokio::sync::OnceCell::new());
    paths.of(SCRIPT.1).fold(Router::new(), |routes, path| {
        let (script, text) = (Arc::clone(&script), text.clone());
        let answer = move |headers: HeaderMap| async move {
            let script: &Script = script.get_or_init(|| Script::of(text)).await;
            script.answer(&headers)
        };
        routes.route(path, get(answer))
    })
}

impl Script {
    async fn of(text: String) -> Self {
        let digest = Sha256::digest(&text);
        let tag = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
        // Of hexadecimal digits.
        let tag = HeaderValue::try_from(format!("\"{tag}\"")).unwrap_or(HeaderValue::from_static("\"\""));
        let mut gzip = GzipEncoder::with_quality(Vec::new(), Level::Best);
        let mut brotli = BrotliEncoder::with_quality(Vec::new(), Level::Best);
        let is_packed = async {
            gzip.write_all(text.as_bytes()).await?;
            gzip.shutdown().await?;
            brotli.write_all(text.as_bytes()).await?;
            brotli.shutdown().await
        };
        // Writing into memory does not fail; if it did, nothing would be announced as compressed.
        let (gzip, brotli) = match is_packed.await {
            Ok(()) => (gzip.into_inner().into(), brotli.into_inner().into()),
            Err(_) => (Bytes::new(), Bytes::new()),
        };
        Self { plain: text.into(), gzip, brotli, tag }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let takes = |name: &str| accepted.split(',').any(|part| is_taken(part, name));
        let (encoding, body) = match () {
            () if !self.brotli.is_empty() && takes("br") => (Some("br"), &self.brotli),
            () if !self.gzip.is_empty() && takes("gzip") => (Some("gzip"), &self.gzip),
            () => (None, &self.plain),
        };
        let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let is_known = known.flat_map(|tags| tags.split(',')).any(|tag| {
            let tag = tag.trim();
            tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.tag
        });
        let mut response = match is_known {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => body.clone().into_response(),
        };
        let answered = response.headers_mut();
        if let (false, Some(encoding)) = (is_known, encoding) {
            answered.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        if !is_known {
            answered.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
        }
        answered.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHED));
        answered.insert(header::ETAG, self.tag.clone());
        answered.append(header::VARY, HeaderValue::from_static("accept-encoding"));
        answered.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// `br;q=1.0`; with a weight of nought it is refused.
fn is_taken(part: &str, name: &str) -> bool {
    let mut parameters = part.split(';').map(str::trim);
    let is_named = parameters.next().is_some_and(|of| of.eq_ignore_ascii_case(name));
    let weight = parameters.find_map(|parameter| parameter.strip_prefix("q=")).and_then(|q| q.parse::<f32>().ok());
    is_named && weight.is_none_or(|weight| weight > 0.0)
}

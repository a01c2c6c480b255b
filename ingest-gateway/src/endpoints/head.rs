//! The limits of a request's head. hyper has its own, a little above, but answers in no words.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Uri},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::Shared;
use crate::{
    limits::{ADDRESS_BYTES_MAX, HEADERS_BYTES_MAX, HEADERS_MAX},
    outcome::RequestError,
};

/// Refuses a head that is too large.
pub(super) async fn limit(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    match check(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => {
            shared.metrics.refused(error.reason());
            error.into_response()
        }
    }
}

/// Whether a head keeps the limits.
pub(super) fn check(uri: &Uri, headers: &HeaderMap) -> Result<(), RequestError> {
    let bytes = uri.path_and_query().map_or(0, |path| path.as_str().len());
    if bytes > ADDRESS_BYTES_MAX {
        return Err(RequestError::AddressTooLong { bytes, bytes_max: ADDRESS_BYTES_MAX });
    }
    let bytes = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers.len() > HEADERS_MAX || bytes > HEADERS_BYTES_MAX {
        return Err(RequestError::HeadersTooLarge {
            count: headers.len(),
            count_max: HEADERS_MAX,
            bytes,
            bytes_max: HEADERS_BYTES_MAX,
        });
    }
    Ok(())
}

//! Pages of any site may send events, as they may to any analytics product: the answer
//! holds nothing that a page must not see, and no cookie is used.

use std::time::Duration;

use axum::http::{Method, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

const PREFLIGHT_CACHED: Duration = Duration::from_secs(86_400);

/// Answers preflights, and lets pages of any origin read the answers to what they send.
pub(super) fn any_origin(methods: &[Method]) -> CorsLayer {
    CorsLayer::new()
        // A beacon is sent with credentials, for which a browser does not accept `*`.
        .allow_origin(AllowOrigin::mirror_request())
        .allow_credentials(true)
        .allow_methods(methods.to_vec())
        // Tracing adds its headers to every request of a page, and a browser that may not send them
        // sends nothing.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([header::RETRY_AFTER])
        .max_age(PREFLIGHT_CACHED)
        .vary([header::ORIGIN, header::ACCESS_CONTROL_REQUEST_HEADERS])
}

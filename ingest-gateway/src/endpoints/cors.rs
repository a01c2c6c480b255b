//! Pages of any site may send events, as they may to any analytics product: the answer
//! holds nothing that a page must not see, and no cookie is used.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// What the gateway itself reads.
const OWN_NAMES: &str = "X-App, Authorization, Content-Type, Content-Encoding";
/// Names that a preflight may ask for beside them, as it writes them.
const ASKED_BYTES_MAX: usize = 1_024;
const PREFLIGHT_CACHED_S: &str = "86400";

/// Answers preflights, and lets pages read the answers to what they send.
pub(super) async fn allow_other_origins(request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut response =
        if request.method() == Method::OPTIONS { preflight(request.headers()) } else { next.run(request).await };
    let headers = response.headers_mut();
    // A beacon is sent with credentials, for which a browser takes no `*`.
    if origin.is_some() {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.unwrap_or(HeaderValue::from_static("*")));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After"));
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    response
}

fn preflight(asked: &HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed_names(asked));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_CACHED_S));
    headers.append(header::VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    response
}

/// Our own and those that the page asks for: tracing adds its headers to every request of a
/// page, and a browser that may not send them sends nothing.
fn allowed_names(asked: &HeaderMap) -> HeaderValue {
    let lines = asked.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let Ok(lines) = lines.map(HeaderValue::to_str).collect::<Result<Vec<_>, _>>() else {
        return HeaderValue::from_static(OWN_NAMES);
    };
    let asked = lines.join(",");
    let mut names = OWN_NAMES.to_owned();
    if asked.len() <= ASKED_BYTES_MAX {
        for name in asked.split(',').map(str::trim).filter(|name| is_name(name)) {
            if !OWN_NAMES.split(", ").any(|own| own.eq_ignore_ascii_case(name)) {
                names.push_str(", ");
                names.push_str(name);
            }
        }
    }
    HeaderValue::try_from(names).unwrap_or(HeaderValue::from_static(OWN_NAMES))
}

/// A token of RFC 9110, 5.6.2; `*` alone would grant more than was asked for.
fn is_name(name: &str) -> bool {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name != "*" && name.bytes().all(is_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asked: &[&str], expected: &str) {
        let mut headers = HeaderMap::new();
        for line in asked {
            headers.append(header::ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        assert_eq!(allowed_names(&headers), expected, "{asked:?}");
    }

    #[test]
    fn what_is_asked_for_is_granted_beside_our_own() {
        check(&[], OWN_NAMES);
        check(&["content-type,traceparent,x-app"], &format!("{OWN_NAMES}, traceparent"));
        check(&["traceparent, tracestate", "baggage"], &format!("{OWN_NAMES}, traceparent, tracestate, baggage"));
        check(&["*, a b, \"x\", ok"], &format!("{OWN_NAMES}, ok"));
        check(&["traceparent\u{e9}"], OWN_NAMES);
        check(&[&"x".repeat(ASKED_BYTES_MAX + 1)], OWN_NAMES);
    }
}

//! Web pages are refused whatever they send: a browser says that a page asks, by
//! `Sec-Fetch-Site` or `Origin`, and a name in `Host` that is not this machine's is a rebound
//! address. This comes before the password, which a page cannot know, and does not need it.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, Uri, header, uri::Authority},
    middleware::Next,
    response::Response,
};

use super::respond::{self, Reply};
use crate::refusal::Refusal;

/// The layer over all routes.
pub async fn refuse_web_pages(request: Request, next: Next) -> Response {
    let mut response = match check(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => respond::exception(&Reply::bare(""), &refusal),
    };
    // For a browser that gets an answer nevertheless: no page may use it as image or script.
    let headers = response.headers_mut();
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

fn check(uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let by_a_page = headers.contains_key(header::ORIGIN)
        || headers.get_all("sec-fetch-site").iter().any(|site| site.as_bytes() != b"none");
    let hosts = headers.get_all(header::HOST);
    let all_local = hosts.iter().all(|host| host.to_str().is_ok_and(is_local));
    let is_local_uri = uri.authority().is_none_or(|authority| is_local(authority.as_str()));
    if !by_a_page && all_local && hosts.iter().count() <= 1 && is_local_uri {
        return Ok(());
    }
    let message = "the embedded engine answers programs on this machine only, not web pages. (ACCESS_DENIED)";
    Err(Refusal { code: 497, message: message.to_owned() })
}

fn is_local(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host().trim_matches(['[', ']']);
    let is_loopback = name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    !host.contains('@') && (name.eq_ignore_ascii_case("localhost") || is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(uri: &str, headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        check(&uri.parse().unwrap(), &map).is_ok()
    }

    #[test]
    fn programs_are_answered() {
        for host in ["127.0.0.1:8123", "localhost", "LOCALHOST:1", "[::1]:8123", "[::1]", "127.9.9.9:1"] {
            assert!(allowed("/", &[("host", host)]), "{host}");
        }
        assert!(allowed("/", &[]), "HTTP/1.0");
        assert!(allowed("/", &[("host", "localhost"), ("sec-fetch-site", "none")]), "an address that a person typed");
        assert!(allowed("/", &[("host", "localhost"), ("sec-fetch-mode", "cors")]), "Node's fetch");
    }

    #[test]
    fn pages_are_not() {
        for headers in [
            [("host", "evil.example"), ("accept", "*/*")],
            [("host", "localhost.evil.example:8123"), ("accept", "*/*")],
            [("host", "127.0.0.1@evil.example"), ("accept", "*/*")],
            [("host", "evil.example@127.0.0.1"), ("accept", "*/*")],
            [("host", "127.0.0.1"), ("host", "evil.example")],
            [("host", "192.168.1.2:8123"), ("accept", "*/*")],
            [("host", ""), ("accept", "*/*")],
            [("host", "localhost"), ("origin", "http://localhost:3000")],
            [("host", "localhost"), ("origin", "null")],
            [("host", "localhost"), ("sec-fetch-site", "cross-site")],
            [("host", "localhost"), ("sec-fetch-site", "same-site")],
            [("host", "localhost"), ("sec-fetch-site", "same-origin")],
            [("host", "localhost"), ("sec-fetch-site", "")],
        ] {
            assert!(!allowed("/", &headers), "{headers:?}");
        }
        assert!(!allowed("http://evil.example/", &[("host", "localhost")]), "the absolute form");
    }
}

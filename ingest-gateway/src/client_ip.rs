//! The client's address: the peer's, unless the peer is a listed proxy, whose word is then
//! believed, from the right, as far as proxies are listed.
//!
//! Proxies give their word in `X-Forwarded-For` or in RFC 7239's `Forwarded`. One of them is
//! read, never both: a proxy writes one and lets the other pass as the client made it up.
//! `X-Forwarded-For` wins, since nearly every proxy writes it. Each proxy may add a line of
//! its own; the lines are one list, in their order (RFC 9110, 5.3).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::{
    HeaderMap, HeaderName,
    header::{self, HeaderValue},
};
use ipnet::IpNet;

/// Addresses read from a header, at most.
const HOPS_MAX: usize = 32;
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Finds the client's address.
#[must_use]
pub fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_proxy = |ip: IpAddr| trusted.iter().any(|net| net.contains(&ip));
    let mut client = peer.to_canonical();
    if !is_proxy(client) {
        return client;
    }
    // Where a proxy does not say where a request came from, it is the last that is known.
    for hop in hops(headers).into_iter().map_while(|hop| hop) {
        client = hop.to_canonical();
        if !is_proxy(client) {
            break;
        }
    }
    client
}

/// What the proxies say, the nearest one's word first; `None` where it is no address.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let is_empty = |line: &HeaderValue| line.as_bytes().iter().all(|byte| matches!(byte, b' ' | b'\t' | b','));
    let lines = |name: HeaderName| headers.get_all(name).iter().rev().filter(move |line| !is_empty(line));
    let mut hops = Vec::new();
    let is_x_forwarded = lines(X_FORWARDED_FOR).next().is_some();
    for line in lines(if is_x_forwarded { X_FORWARDED_FOR } else { header::FORWARDED }) {
        match line.to_str() {
            Ok(line) if is_x_forwarded => hops.extend(line.rsplit(',').filter(|hop| !is_blank(hop)).map(address)),
            Ok(line) => hops.extend(split(line, ',').map(forwarded_for)),
            Err(_) => hops.push(None),
        }
        if hops.len() >= HOPS_MAX {
            break;
        }
    }
    hops.truncate(HOPS_MAX);
    hops
}

/// The `for` of one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = split(element, ';').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for")).map(|(_, value)| address(value)).next()?
}

/// An address with or without a port, brackets and quotes.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).trim();
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, port) = bracketed.split_once(']')?;
        return (port.is_empty() || port.starts_with(':')).then(|| ipv6(address)).flatten();
    }
    match text.split_once(':') {
        // An IPv6 address without brackets has two colons or more, and then no port.
        Some((address, port)) if !port.contains(':') => address.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        Some(_) => ipv6(text),
        None => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// A link-local address may name its interface, `fe80::1%eth0`.
fn ipv6(text: &str) -> Option<IpAddr> {
    let address = text.split_once('%').map_or(text, |(address, _)| address);
    address.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

/// The elements of a list that are not empty, the last one first; a separator within quotes is none.
///
/// Read from the end, where the nearest proxy wrote: a quote that its client left open at the start of the
/// line would swallow what the proxy added, if it were read from there.
fn split(list: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    let mut rest = Some(list);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        for (at, c) in text.char_indices().rev() {
            if c == '"' && !is_escaped(text, at) {
                is_quoted = !is_quoted;
            } else if c == separator && !is_quoted {
                rest = Some(&text[..at]);
                return Some(&text[at + separator.len_utf8()..]);
            }
        }
        Some(text)
    })
    .filter(|element| !is_blank(element))
}

/// Within quotes, a quote behind a backslash is one of the text (RFC 9110, 5.6.4).
fn is_escaped(text: &str, at: usize) -> bool {
    let before = text[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
    before % 2 == 1
}

fn is_blank(element: &str) -> bool {
    element.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "127.0.0.1";

    fn check(peer: &str, lines: &[(&str, &str)], expected: &str) {
        let trusted: Vec<IpNet> = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"].map(|net| net.parse().unwrap()).into();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let got = client_ip(peer.parse().unwrap(), &headers, &trusted);
        assert_eq!(got, expected.parse::<IpAddr>().unwrap(), "{peer} {lines:?}");
    }

    #[test]
    fn only_listed_proxies_are_believed_and_the_nearest_one_first() {
        for (peer, header, expected) in [
            (PROXY, "81.2.69.160", "81.2.69.160"),
            (PROXY, "1.1.1.1, 81.2.69.160, 10.0.0.7", "81.2.69.160"),
            ("81.2.69.160", "1.1.1.1", "81.2.69.160"), // A stranger's header is not believed.
            (PROXY, "", PROXY),
            (PROXY, "nonsense", PROXY),
            (PROXY, "1.1.1.1, unknown, 10.0.0.7", "10.0.0.7"),
            (PROXY, "81.2.69.160, ,", "81.2.69.160"),
            (PROXY, "81.2.69.160, \u{e9}", PROXY),
            ("::ffff:127.0.0.1", "2001:220::1", "2001:220::1"),
            (PROXY, "::ffff:81.2.69.160, ::ffff:10.0.0.1", "81.2.69.160"),
        ] {
            check(peer, &[("x-forwarded-for", header)], expected);
        }
        check(PROXY, &[("x-forwarded-for", &format!("1.1.1.1{}", ", 10.0.0.1".repeat(HOPS_MAX)))], "10.0.0.1");
    }

    #[test]
    fn a_line_a_proxy_is_one_list_in_order() {
        let forged = ("x-forwarded-for", "2001:220::1");
        check(PROXY, &[forged, ("X-Forwarded-For", "81.2.69.160")], "81.2.69.160");
        check(PROXY, &[forged, ("x-forwarded-for", "81.2.69.160, 10.0.0.7"), forged], "2001:220::1");
        check(PROXY, &[forged, ("x-forwarded-for", "81.2.69.160"), ("x-forwarded-for", "10.0.0.7")], "81.2.69.160");
        check(PROXY, &[forged, ("x-forwarded-for", "unknown")], PROXY);
        check(PROXY, &[("forwarded", "for=1.1.1.1"), ("forwarded", "for=81.2.69.160")], "81.2.69.160");
    }

    #[test]
    fn an_address_may_have_a_port_brackets_and_quotes() {
        for (written, expected) in [
            ("81.2.69.160:54321", "81.2.69.160"),
            ("\"81.2.69.160:54321\"", "81.2.69.160"),
            ("81.2.69.160:_hidden", "81.2.69.160"),
            ("[2001:220::1]", "2001:220::1"),
            ("[2001:220::1]:443", "2001:220::1"),
            ("\"[2001:220::1]:443\"", "2001:220::1"),
            ("2001:220::1", "2001:220::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:443", "fe80::1"),
            ("[::ffff:81.2.69.160]:443", "81.2.69.160"),
            ("[2001:220::1", PROXY),
            ("[2001:220::1]443", PROXY),
            ("[81.2.69.160]", PROXY),
            ("shop.example:443", PROXY),
            ("081.2.69.160", PROXY),
        ] {
            check(PROXY, &[("x-forwarded-for", written)], expected);
        }
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        for (written, expected) in [
            ("for=81.2.69.160", "81.2.69.160"),
            ("For=\"81.2.69.160:4711\";proto=http;by=203.0.113.43", "81.2.69.160"),
            ("by=10.0.0.1; FOR=\"[2001:220::1]:443\"", "2001:220::1"),
            ("for=1.1.1.1, for=81.2.69.160;host=\"a,b;for=2.2.2.2\", for=10.0.0.7", "81.2.69.160"),
            ("for=1.1.1.1, for=_hidden, for=10.0.0.7", "10.0.0.7"),
            ("for=1.1.1.1, for=unknown", PROXY),
            ("for=1.1.1.1, proto=https", PROXY),
            ("for=1.1.1.1, for=\"81.2.69.160", PROXY),
        ] {
            check(PROXY, &[("forwarded", written)], expected);
        }
        check("81.2.69.160", &[("forwarded", "for=1.1.1.1")], "81.2.69.160");
    }

    /// Regression: a client's open quote took in what the proxy added behind it, and its own word was believed.
    #[test]
    fn a_quote_left_open_hides_nothing_that_a_proxy_added() {
        for opened in ["for=1.1.1.1;x=\"", "for=\"1.1.1.1", "for=1.1.1.1;x=\"a\\", "\"", "for=1.1.1.1;x=\"\\\""] {
            check(PROXY, &[("forwarded", &format!("{opened}, for=81.2.69.160"))], "81.2.69.160");
            check(PROXY, &[("forwarded", &format!("{opened}, for=81.2.69.160;host=\"a,\\\"b\""))], "81.2.69.160");
        }
        for opened in ["1.1.1.1, \"", "\"1.1.1.1"] {
            check(PROXY, &[("x-forwarded-for", &format!("{opened}, 81.2.69.160"))], "81.2.69.160");
        }
    }

    #[test]
    fn one_header_wins_and_they_are_never_mixed() {
        let forwarded = ("forwarded", "for=1.1.1.1");
        check(PROXY, &[forwarded, ("x-forwarded-for", "81.2.69.160")], "81.2.69.160");
        check(PROXY, &[forwarded, ("x-forwarded-for", "10.0.0.7")], "10.0.0.7");
        check(PROXY, &[forwarded, ("x-forwarded-for", "unknown")], PROXY);
        check(PROXY, &[forwarded, ("x-forwarded-for", " ")], "1.1.1.1");
    }
}

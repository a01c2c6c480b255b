//! The host that sent the visitor.

use url::Url;

/// The host of an address, lower-case, without a leading `www.`; empty if it has none.
#[must_use]
pub fn host(address: &str) -> String {
    if address.is_empty() {
        return String::new();
    }
    let parsed = Url::parse(address).ok();
    let host = parsed.as_ref().and_then(Url::host_str).unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

/// The host of `referrer`, unless it is the site's own: moving within a site is no referral.
#[must_use]
pub fn external_host(referrer: &str, own_host: &str) -> String {
    let host = host(referrer);
    if host == own_host { String::new() } else { host }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_hosts() {
        for (address, expected) in [
            ("https://www.google.com/search?q=x", "google.com"),
            ("http://News.Example.ORG:8080/a", "news.example.org"),
            ("android-app://com.google.android.gm/", "com.google.android.gm"),
            ("/relative", ""),
            ("not an address", ""),
            ("", ""),
            ("https://bücher.example/", "xn--bcher-kva.example"),
        ] {
            assert_eq!(host(address), expected, "{address}");
        }
        assert_eq!(external_host("https://www.shop.example/a", "shop.example"), "");
        assert_eq!(external_host("https://t.co/x", "shop.example"), "t.co");
    }
}

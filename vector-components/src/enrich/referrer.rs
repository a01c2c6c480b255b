//! The host that sent the visitor.

use std::sync::Arc;

use quick_cache::sync::Cache;
use url::Url;

/// The host of an address, or the app of an `android-app://` one: lower-case, without a leading `www.`,
/// a port and the dot that makes a host absolute (RFC 3986, 3.2.2); empty if it has none.
#[must_use]
pub fn host(address: &str) -> String {
    if address.is_empty() {
        return String::new();
    }
    let parsed = Url::parse(address).ok();
    // Of schemes that it does not know, the parser leaves the case as it is.
    let host = parsed.as_ref().and_then(Url::host_str).unwrap_or_default().to_lowercase();
    let host = host.trim_end_matches('.');
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

/// Origins kept read, at most.
pub const CACHE_ENTRIES_MAX: usize = 16_384;

/// Hosts of addresses, by the part before the path: a site has few, an address many.
#[derive(Debug)]
pub struct Hosts(Cache<String, Arc<str>>);

impl Default for Hosts {
    fn default() -> Self {
        Self(Cache::new(CACHE_ENTRIES_MAX))
    }
}

impl Hosts {
    /// As [`host`].
    #[must_use]
    pub fn of(&self, address: &str) -> Arc<str> {
        let origin = origin(address);
        if let Some(known) = self.0.get(origin) {
            return known;
        }
        let host: Arc<str> = host(origin).into();
        self.0.insert(origin.to_owned(), Arc::clone(&host));
        host
    }
}

/// The host of a referrer, unless it is the site's own: moving within a site is no referral.
#[must_use]
pub fn external(referrer_host: Arc<str>, own_host: &str) -> Arc<str> {
    if *referrer_host == *own_host { Arc::default() } else { referrer_host }
}

/// Where the authority of an address begins, behind the first `://`.
pub(super) fn authority(address: &str) -> Option<usize> {
    let mut colons = memchr::memchr_iter(b':', address.as_bytes());
    colons.find(|at| address[at + 1..].starts_with("//")).map(|at| at + 3)
}

/// Everything before path, query and fragment.
fn origin(address: &str) -> &str {
    let authority_at = authority(address).unwrap_or(0);
    let end = address[authority_at..].find(['/', '?', '#', '\\']).map_or(address.len(), |at| authority_at + at);
    &address[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_hosts() {
        let hosts = Hosts::default();
        for (address, expected) in [
            ("https://www.google.com/search?q=x", "google.com"),
            ("http://News.Example.ORG:8080/a", "news.example.org"),
            ("android-app://com.google.android.gm/", "com.google.android.gm"),
            ("android-app://com.Slack/", "com.slack"),
            ("https://www.google.com./", "google.com"),
            ("https://WWW.Google.com.:443/", "google.com"),
            ("https://user@shop.example:8443", "shop.example"),
            ("http://./", ""),
            ("/relative", ""),
            ("not an address", ""),
            ("", ""),
            ("https://bücher.example/", "xn--bcher-kva.example"),
        ] {
            assert_eq!(host(address), expected, "{address}");
            assert_eq!(&*hosts.of(address), expected, "{address}");
            assert_eq!(&*hosts.of(address), expected, "{address}, from the cache");
        }
        assert_eq!(&*external("shop.example".into(), "shop.example"), "");
        assert_eq!(&*external("t.co".into(), "shop.example"), "t.co");
    }
}

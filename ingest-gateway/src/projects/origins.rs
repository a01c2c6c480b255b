//! From which pages events are taken. A browser says with every event from which page it comes, and no page can make
//! it say otherwise. A program can: this keeps out other sites' pages, not forgers.

use std::str::FromStr;

use url::Url;
use vector_components::rejection::shown;

/// Origins of one project.
pub const ORIGINS_MAX: usize = 200;
/// An origin, in bytes.
const ORIGIN_BYTES_MAX: usize = 300;

/// Pages of a site, or of all sites below a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// `https://`.
    scheme: String,
    /// `example.com:8443`; of a pattern with what stands before it, `.example.com`.
    host: String,
    is_pattern: bool,
}

/// The pages of one project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<Origin>);

impl Origins {
    /// These.
    #[must_use]
    pub fn new(origins: Vec<Origin>) -> Self {
        Self(origins)
    }

    /// Whether the page that a browser names is one of them.
    #[must_use]
    pub fn allow(&self, origin: &str) -> bool {
        origin.len() <= ORIGIN_BYTES_MAX && self.0.iter().any(|allowed| allowed.allows(&origin.to_ascii_lowercase()))
    }
}

impl Origin {
    fn allows(&self, origin: &str) -> bool {
        let Some(host) = origin.strip_prefix(&self.scheme) else { return false };
        match self.is_pattern {
            // Something has to stand before the dot.
            true => host.len() > self.host.len() && host.ends_with(&self.host) && !host.starts_with('.'),
            false => host == self.host,
        }
    }
}

impl FromStr for Origin {
    type Err = String;

    /// As browsers write it: scheme and host, in small letters, and the port if it is not the scheme's own.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "holds {}, which is no origin such as https://www.example.com or https://*.example.com",
                shown(text)
            )
        };
        if text.len() > ORIGIN_BYTES_MAX {
            return Err(format!("holds an origin of {} bytes, at most {ORIGIN_BYTES_MAX} are allowed", text.len()));
        }
        let (scheme, host) = text.split_once("://").ok_or_else(wrong)?;
        let (is_pattern, host) = match host.strip_prefix("*.") {
            Some(host) => (true, host),
            None => (false, host),
        };
        if host.contains(['*', '@', '/', '?', '#', ' ']) || host.is_empty() {
            return Err(wrong());
        }
        let url = Url::parse(&format!("{scheme}://{host}")).map_err(|_| wrong())?;
        let host = match (url.scheme(), url.host_str(), url.port()) {
            (_, Some(host), Some(port)) => format!("{host}:{port}"),
            (_, Some(host), None) => host.to_owned(),
            _ => return Err(wrong()),
        };
        let host = host.to_ascii_lowercase();
        Ok(Self {
            scheme: format!("{}://", url.scheme()),
            host: if is_pattern { format!(".{host}") } else { host },
            is_pattern,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_allowed_by_its_whole_origin() {
        let allow = |allowed: &str, origin: &str| Origins::new(vec![allowed.parse().unwrap()]).allow(origin);
        for (allowed, origin) in [
            ("https://www.example.com", "https://www.example.com"),
            ("https://WWW.Example.com:443", "https://www.example.com"),
            ("https://www.example.com", "HTTPS://www.example.com"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("https://*.example.com", "https://a.b.example.com"),
            ("https://*.example.com:8443", "https://a.example.com:8443"),
            ("capacitor://localhost", "capacitor://localhost"),
            ("chrome-extension://abcdefgh", "chrome-extension://abcdefgh"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert!(allow(allowed, origin), "{allowed} {origin}");
        }
        for (allowed, origin) in [
            ("https://www.example.com", "http://www.example.com"),
            ("https://www.example.com", "https://www.example.com:8443"),
            ("https://www.example.com", "https://www.example.com.evil.example"),
            ("https://www.example.com", "https://evilwww.example.com"),
            ("https://*.example.com", "https://example.com"),
            ("https://*.example.com", "https://evilexample.com"),
            ("https://*.example.com", "https://.example.com"),
            ("https://*.example.com", "https://a.example.com.evil.example"),
            ("https://*.example.com", "https://a.example.com:8443"),
            ("https://www.example.com", "null"),
            ("https://www.example.com", ""),
        ] {
            assert!(!allow(allowed, origin), "{allowed} {origin}");
        }
        assert!(!Origins::default().allow("https://www.example.com"), "none is none");
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "*",
            "https://",
            "www.example.com",
            "https://*",
            "https://a.*.example",
            "https://user@example.com",
            "https://example.com/",
            "https://example.com/shop",
            "https://example.com?a",
            "https://exa mple.com",
            "null",
            "https://*.*.example.com",
        ] {
            text.parse::<Origin>().unwrap_err();
        }
        assert!(format!("https://{}.example", "a".repeat(400)).parse::<Origin>().unwrap_err().contains("416 bytes"));
    }
}

//! An address without what other columns say already.

use serde::{Serialize, Serializer};

/// An address without what the columns beside it say: `~` stands for
/// `https://<hostname><path>`, `@` for the same with `www.`, each followed by the rest; `=`
/// by the whole of any other address. The column `url` puts it together again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UrlRest<'a> {
    pub(super) mark: &'static str,
    pub(super) rest: &'a str,
}

/// Takes an address apart.
#[must_use]
pub fn url_rest<'a>(url: &'a str, hostname: &str, path: &str) -> UrlRest<'a> {
    if url.is_empty() {
        return UrlRest { mark: "", rest: "" };
    }
    let short = url.strip_prefix("https://").and_then(|rest| {
        let (mark, rest) = rest.strip_prefix("www.").map_or(("~", rest), |rest| ("@", rest));
        Some((mark, rest.strip_prefix(hostname)?.strip_prefix(path)?))
    });
    let (mark, rest) = short.unwrap_or(("=", url));
    UrlRest { mark, rest }
}

impl std::fmt::Display for UrlRest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.mark)?;
        f.write_str(self.rest)
    }
}

impl Serialize for UrlRest<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.rest.is_empty() { serializer.serialize_str(self.mark) } else { serializer.collect_str(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_put_together_again() {
        for (url, hostname, path, expected) in [
            ("", "shop.example", "/", ""),
            ("https://shop.example/a?x=1", "shop.example", "/a", "~?x=1"),
            ("https://www.shop.example/a", "shop.example", "/a", "@"),
            ("https://shop.example", "shop.example", "/", "=https://shop.example"),
            ("http://shop.example/a", "shop.example", "/a", "=http://shop.example/a"),
            ("https://shop.example:8443/a", "shop.example", "/a", "=https://shop.example:8443/a"),
            ("https://SHOP.example/a", "shop.example", "/a", "=https://SHOP.example/a"),
            ("~odd", "", "", "=~odd"),
        ] {
            let rest = url_rest(url, hostname, path).to_string();
            assert_eq!(rest, expected);
            // As the alias in provisioning/clickhouse/0003_compact_events.sql does it.
            let again = match rest.chars().next() {
                Some('~') => format!("https://{hostname}{path}{}", &rest[1..]),
                Some('@') => format!("https://www.{hostname}{path}{}", &rest[1..]),
                Some(_) => rest[1..].to_owned(),
                None => String::new(),
            };
            assert_eq!(again, url);
        }
    }
}

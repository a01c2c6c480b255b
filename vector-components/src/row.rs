//! One row of `analytics.events`: each field is the column of the same name
//! (provisioning/clickhouse), in the JSON form that `FORMAT JSONEachRow` reads. The
//! direct sink and Vector's clickhouse sink write this same form.

use std::{collections::BTreeMap, hash::Hasher};

use serde::Serialize;
use siphasher::sip::SipHasher24;
use uuid::Uuid;

/// An enriched event as it is stored. Texts that are not known are empty.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "docs/events.md describes each column; the names are the columns' names")]
pub struct Row<'a> {
    pub project: &'a str,
    pub ts: String,
    pub event: &'a str,
    pub visitor: u64,
    pub session_id: &'a str,
    pub event_id: u64,
    pub user_id: &'a str,
    pub anonymous_id: &'a str,
    pub path: &'a str,
    pub hostname: &'a str,
    pub url_rest: String,
    pub title: &'a str,
    pub referrer: &'a str,
    pub referrer_host: &'a str,
    pub referrer_source: &'static str,
    pub channel: &'static str,
    pub utm_source: &'a str,
    pub utm_medium: &'a str,
    pub utm_campaign: &'a str,
    pub utm_term: &'a str,
    pub utm_content: &'a str,
    pub locale: &'a str,
    pub app_version: &'a str,
    pub browser: &'a str,
    pub browser_version: &'a str,
    pub os: &'a str,
    pub os_version: &'a str,
    pub device_type: &'static str,
    pub device_brand: &'a str,
    pub device_model: &'a str,
    pub bot: &'static str,
    pub bot_score: u8,
    pub bot_reasons: &'a [&'static str],
    pub country: &'a str,
    pub region: &'a str,
    pub city: &'a str,
    pub latitude: f32,
    pub longitude: f32,
    pub screen_width: u16,
    pub screen_height: u16,
    pub revenue_amount: f64,
    pub revenue_currency: &'a str,
    pub properties: &'a BTreeMap<String, String>,
    pub delay_s: i32,
}

/// An event's id as it is stored: 48 bits of ClickHouse's `sipHash64` of the UUID's text,
/// `bitShiftRight(sipHash64(toString(uuid)), 16)`. Project, visitor and instant are part of
/// the key as well, so it has to tell apart what one visitor did in one millisecond.
#[must_use]
pub fn stored_event_id(id: &Uuid) -> u64 {
    let mut hasher = SipHasher24::new();
    hasher.write(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
    hasher.finish() >> 16
}

/// An address without what the columns beside it say: `~` stands for
/// `https://<hostname><path>`, `@` for the same with `www.`, each followed by the rest; `=`
/// by the whole of any other address. The column `url` puts it together again.
#[must_use]
pub fn url_rest(url: &str, hostname: &str, path: &str) -> String {
    if url.is_empty() {
        return String::new();
    }
    let short = url.strip_prefix("https://").and_then(|rest| {
        let (mark, rest) = rest.strip_prefix("www.").map_or(('~', rest), |rest| ('@', rest));
        Some((mark, rest.strip_prefix(hostname)?.strip_prefix(path)?))
    });
    let (mark, rest) = short.unwrap_or(('=', url));
    let mut out = String::with_capacity(rest.len() + 1);
    out.push(mark);
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_hashed_as_clickhouse_does() {
        // SELECT bitShiftRight(sipHash64('7c1e5f0a-9d0b-5c1f-8a54-2f0e66b1d3a7'), 16)
        assert_eq!(stored_event_id(&Uuid::from_u128(0x7c1e_5f0a_9d0b_5c1f_8a54_2f0e_66b1_d3a7)), 201_227_038_960_072);
    }

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
            let rest = url_rest(url, hostname, path);
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

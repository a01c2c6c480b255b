//! One row of `analytics.events`: each field is the column of the same name
//! (provisioning/clickhouse), in the JSON form that `FORMAT JSONEachRow` reads. The
//! direct sink and Vector's clickhouse sink write this same form.

mod json;

use std::hash::Hasher;

use serde::{Serialize, Serializer};
use siphasher::sip::SipHasher24;
use uuid::Uuid;

use crate::{details::Details, timestamp::Written};

/// An enriched event as it is stored. Texts that are not known are empty, and what is empty or zero is
/// not written at all: ClickHouse's own default for an absent column is the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "docs/events.md describes each column; the names are the columns' names")]
pub struct Row<'a> {
    pub project: &'a str,
    pub ts: Written,
    pub event: &'a str,
    pub visitor: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub session_id: &'a str,
    pub event_id: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub tie_order: u16,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub user_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub anonymous_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub path: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub hostname: &'a str,
    #[serde(skip_serializing_if = "UrlRest::is_empty")]
    pub url_rest: UrlRest<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub referrer: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub referrer_host: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub referrer_source: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub channel: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub utm_source: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub utm_medium: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub utm_campaign: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub utm_term: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub utm_content: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub locale: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub app_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub browser: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub browser_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub os: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub os_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub device_type: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub device_brand: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub device_model: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub bot: &'static str,
    #[serde(skip_serializing_if = "is_zero")]
    pub bot_score: u8,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub bot_reasons: &'a [&'static str],
    #[serde(skip_serializing_if = "str::is_empty")]
    pub country: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub region: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub city: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    pub latitude: f32,
    #[serde(skip_serializing_if = "is_zero")]
    pub longitude: f32,
    #[serde(skip_serializing_if = "is_zero")]
    pub asn: u32,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub as_organization: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    pub screen_width: u16,
    #[serde(skip_serializing_if = "is_zero")]
    pub screen_height: u16,
    #[serde(skip_serializing_if = "is_zero")]
    pub revenue_amount: f64,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub revenue_currency: &'a str,
    #[serde(skip_serializing_if = "Details::is_empty")]
    pub properties: &'a Details<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    pub delay_s: i32,
    #[serde(skip_serializing_if = "is_zero")]
    pub clock_skew_s: i32,
}

/// For fields that are left out at zero.
pub(crate) fn is_zero<N: PartialEq + Default>(number: &N) -> bool {
    *number == N::default()
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UrlRest<'a> {
    mark: &'static str,
    rest: &'a str,
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

impl UrlRest<'_> {
    fn is_empty(&self) -> bool {
        self.mark.is_empty()
    }
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

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
    pub url: &'a str,
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
    pub delay_ms: i64,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_hashed_as_clickhouse_does() {
        // SELECT bitShiftRight(sipHash64('7c1e5f0a-9d0b-5c1f-8a54-2f0e66b1d3a7'), 16)
        assert_eq!(stored_event_id(&Uuid::from_u128(0x7c1e_5f0a_9d0b_5c1f_8a54_2f0e_66b1_d3a7)), 201_227_038_960_072);
    }
}

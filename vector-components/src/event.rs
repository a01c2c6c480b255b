//! A valid event: what the gateway accepts, what Kafka carries and what enrichment reads.
//!
//! The JSON form is the value of the topic `analytics`, version [`WIRE_VERSION`]. It
//! keeps the article's names (`type`, `appVersion`, `details`), so that a stock Vector
//! can read it; docs/events.md is its reference.

use std::{collections::BTreeMap, net::IpAddr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::timestamp;

/// The version of the JSON form; readers refuse a higher one.
pub const WIRE_VERSION: u8 = 1;

/// One event that passed validation. Texts that were not sent are empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The version of this form.
    #[serde(rename = "v")]
    pub version: u8,
    /// The client's id, else one made from the content, so that a retry is the same event.
    pub event_id: Uuid,
    /// A configured project.
    pub project: String,
    /// What happened: `click`, `page_view`, …
    #[serde(rename = "type")]
    pub event_type: String,
    /// When it happened, milliseconds since 1970 UTC; RFC 3339 in JSON.
    #[serde(rename = "timestamp", with = "rfc3339_ms")]
    pub timestamp_ms: i64,
    /// When the gateway took it, likewise.
    #[serde(rename = "received_at", with = "rfc3339_ms")]
    pub received_at_ms: i64,
    /// The application's own id of a user.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_id: String,
    /// The client's id of a device or browser that has no user.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub anonymous_id: String,
    /// The client's id of the session.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub session_id: String,
    /// BCP 47, as sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub locale: String,
    /// The path of the page or screen.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The application's version.
    #[serde(rename = "appVersion", default, skip_serializing_if = "String::is_empty")]
    pub app_version: String,
    /// The full address of the page.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// The full address of the page before.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub referrer: String,
    /// The title of the page.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The screen's size in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<Screen>,
    /// Money earned by this event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revenue: Option<Revenue>,
    /// The application's own properties, each as text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, String>,
    /// The client's address; never stored, needed for the place and the visitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// The client's `User-Agent` header.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_agent: String,
    /// Other headers that tell a browser from a program.
    #[serde(default, skip_serializing_if = "Hints::is_unseen")]
    pub hints: Hints,
}

/// Headers that tell a browser from a program; never stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hints {
    /// The transport looked; without that, an absent header says nothing.
    pub seen: bool,
    /// `Accept-Language`, cut to its limit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub accept_language: String,
    /// `Sec-CH-UA`, likewise.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sec_ch_ua: String,
}

impl Hints {
    fn is_unseen(&self) -> bool {
        !self.seen
    }
}

/// A screen's size in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screen {
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
}

/// Money, as the client counted it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revenue {
    /// In units of the currency, four decimals kept.
    pub amount: f64,
    /// ISO 4217, three capital letters.
    pub currency: String,
}

mod rfc3339_ms {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(ms: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::timestamp::to_rfc3339(*ms))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let text = std::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        super::timestamp::parse_text_ms(&text).ok_or_else(|| D::Error::custom("not an RFC 3339 timestamp"))
    }
}

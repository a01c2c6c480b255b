//! A valid event: what the gateway accepts, what Kafka carries and what enrichment reads.
//!
//! The JSON form is the value of the topic `analytics`, version [`WIRE_VERSION`]. It
//! keeps the article's names (`type`, `appVersion`, `details`), so that a stock Vector
//! can read it; docs/events.md is its reference.

mod compact;

use std::{borrow::Cow, net::IpAddr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use crate::details::Details;

/// The version of the JSON form; readers refuse a higher one.
pub const WIRE_VERSION: u8 = 1;

/// One event that passed validation. Texts that were not sent are empty. It borrows from the
/// bytes that it is read from, as far as JSON leaves the texts there as they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event<'a> {
    /// The version of this form.
    #[serde(rename = "v")]
    pub version: u8,
    /// The client's id, else one made from the content, so that a retry is the same event.
    pub event_id: Uuid,
    /// A configured project.
    #[serde(borrow)]
    pub project: Cow<'a, str>,
    /// What happened: `click`, `page_view`, …
    #[serde(rename = "type", borrow)]
    pub event_type: Cow<'a, str>,
    /// When it happened, milliseconds since 1970 UTC; RFC 3339 in JSON.
    #[serde(rename = "timestamp", with = "rfc3339_ms")]
    pub timestamp_ms: i64,
    /// When the gateway took it, likewise.
    #[serde(rename = "received_at", with = "rfc3339_ms")]
    pub received_at_ms: i64,
    /// The client's clock when it sent the event, if it said so; likewise.
    #[serde(rename = "sent_at", with = "rfc3339_ms::optional", default, skip_serializing_if = "Option::is_none")]
    pub sent_at_ms: Option<i64>,
    /// The events of the same millisecond that stood before it in its request.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tie_order: u16,
    /// The application's own id of a user.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub user_id: Cow<'a, str>,
    /// The client's id of a device or browser that has no user.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub anonymous_id: Cow<'a, str>,
    /// The client's id of the session.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub session_id: Cow<'a, str>,
    /// BCP 47, as sent.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub locale: Cow<'a, str>,
    /// The path of the page or screen.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub path: Cow<'a, str>,
    /// The application's version.
    #[serde(rename = "appVersion", borrow, default, skip_serializing_if = "str::is_empty")]
    pub app_version: Cow<'a, str>,
    /// The full address of the page.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub url: Cow<'a, str>,
    /// The full address of the page before.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub referrer: Cow<'a, str>,
    /// The title of the page.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub title: Cow<'a, str>,
    /// The screen's size in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<Screen>,
    /// Money earned by this event.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub revenue: Option<Revenue<'a>>,
    /// The application's own properties, each as text.
    #[serde(borrow, default, skip_serializing_if = "Details::is_empty")]
    pub details: Details<'a>,
    /// The client's address; never stored, needed for the place and the visitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// The client's `User-Agent` header.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub user_agent: Cow<'a, str>,
    /// Other headers that tell a browser from a program.
    #[serde(borrow, default, skip_serializing_if = "ClientHeaders::is_unobserved")]
    pub hints: ClientHeaders<'a>,
}

/// Why a message of the topic is no event.
#[derive(Debug, thiserror::Error)]
pub enum NotAnEvent {
    /// Not JSON, or not of this form.
    #[error("{0}")]
    Unreadable(#[from] serde_json::Error),
    /// Written by a newer Footfall.
    #[error("its version {0} is newer than {WIRE_VERSION}")]
    NewerVersion(u8),
}

impl NotAnEvent {
    /// The name in metrics and dead letters.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "not_an_event",
            Self::NewerVersion(_) => "newer_version",
        }
    }
}

impl<'a> Event<'a> {
    /// Reads a message of the topic.
    ///
    /// # Errors
    /// If it is no event, or of a newer version.
    pub fn of_message(message: &'a [u8]) -> Result<Self, NotAnEvent> {
        let event: Self = match std::str::from_utf8(message) {
            // Once as a whole is less work than string by string.
            Ok(text) => match compact::read(text) {
                Some(event) => event,
                None => serde_json::from_str(text)?,
            },
            Err(_) => serde_json::from_slice(message)?,
        };
        if event.version > WIRE_VERSION {
            return Err(NotAnEvent::NewerVersion(event.version));
        }
        Ok(event)
    }
}

/// Headers that tell a browser from a program; never stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientHeaders<'a> {
    /// The transport looked; without that, an absent header says nothing.
    #[serde(rename = "seen")]
    pub observed: bool,
    /// `Accept-Language`, cut to its limit.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub accept_language: Cow<'a, str>,
    /// `Sec-CH-UA`, likewise: the browser's brands.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub sec_ch_ua: Cow<'a, str>,
    /// `Sec-CH-UA-Platform`, likewise.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub sec_ch_ua_platform: Cow<'a, str>,
    /// `Sec-CH-UA-Platform-Version`, likewise.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub sec_ch_ua_platform_version: Cow<'a, str>,
    /// `Sec-CH-UA-Model`, likewise.
    #[serde(borrow, default, skip_serializing_if = "str::is_empty")]
    pub sec_ch_ua_model: Cow<'a, str>,
    /// Events that came from the same address and user agent within the ten seconds before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub events_per_10_s: u32,
}

impl ClientHeaders<'_> {
    /// The same, borrowed.
    #[must_use]
    pub fn borrowed(&self) -> ClientHeaders<'_> {
        ClientHeaders {
            observed: self.observed,
            accept_language: (*self.accept_language).into(),
            sec_ch_ua: (*self.sec_ch_ua).into(),
            sec_ch_ua_platform: (*self.sec_ch_ua_platform).into(),
            sec_ch_ua_platform_version: (*self.sec_ch_ua_platform_version).into(),
            sec_ch_ua_model: (*self.sec_ch_ua_model).into(),
            events_per_10_s: self.events_per_10_s,
        }
    }

    /// The same, which borrows from nothing.
    #[must_use]
    pub fn into_owned(self) -> ClientHeaders<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        ClientHeaders {
            observed: self.observed,
            accept_language: owned(self.accept_language),
            sec_ch_ua: owned(self.sec_ch_ua),
            sec_ch_ua_platform: owned(self.sec_ch_ua_platform),
            sec_ch_ua_platform_version: owned(self.sec_ch_ua_platform_version),
            sec_ch_ua_model: owned(self.sec_ch_ua_model),
            events_per_10_s: self.events_per_10_s,
        }
    }

    fn is_unobserved(&self) -> bool {
        !self.observed
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
pub struct Revenue<'a> {
    /// In units of the currency, four decimals kept.
    pub amount: f64,
    /// ISO 4217, three capital letters.
    #[serde(borrow)]
    pub currency: Cow<'a, str>,
}

/// For fields that are left out at zero.
fn is_zero<N: PartialEq + Default>(number: &N) -> bool {
    *number == N::default()
}

mod rfc3339_ms {
    use serde::{
        Deserializer, Serializer,
        de::{Error, Visitor},
    };

    use crate::timestamp;

    pub fn serialize<S: Serializer>(ms: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(timestamp::rfc3339(*ms).as_str())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        deserializer.deserialize_str(Text)
    }

    /// An instant that may be absent.
    pub mod optional {
        use serde::{Deserializer, Serializer};

        #[expect(clippy::ref_option, reason = "serde's signature")]
        pub fn serialize<S: Serializer>(ms: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
            match ms {
                Some(ms) => super::serialize(ms, serializer),
                None => serializer.serialize_none(),
            }
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
            super::deserialize(deserializer).map(Some)
        }
    }

    /// Read without keeping the text.
    struct Text;

    impl Visitor<'_> for Text {
        type Value = i64;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an RFC 3339 timestamp")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<i64, E> {
            timestamp::parse_text_ms(text).ok_or_else(|| E::custom("not an RFC 3339 timestamp"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(version: u8) -> Vec<u8> {
        format!(r#"{{"v":{version},"event_id":"018ee9a4-0000-7000-8000-000000000001","project":"app","type":"a","timestamp":"2024-04-17T05:00:00.000Z","received_at":"2026-01-01T00:00:00.000Z"}}"#).into()
    }

    #[test]
    fn a_message_is_an_event_of_a_known_version() {
        assert_eq!(Event::of_message(&message(WIRE_VERSION)).unwrap().project, "app");
        let said = |message: &[u8]| {
            let error = Event::of_message(message).unwrap_err();
            format!("{}: {error}", error.reason())
        };
        assert_eq!(said(&message(WIRE_VERSION + 1)), "newer_version: its version 2 is newer than 1");
        assert!(said(br#"{"v":1}"#).starts_with("not_an_event: missing field"));
        assert!(said(b"\xff{}").starts_with("not_an_event: "));
        assert!(said(b"").starts_with("not_an_event: EOF"));
    }
}

//! `POST /v1/events`, the native format: one object, an array, or `{"sent_at": …, "events": […]}`.
//!
//! The body is split into its events' JSON, which borrows from it. Nothing is built of it,
//! so a body takes no memory beyond its own and a pointer per event.

use std::{borrow::Cow, fmt};

use axum::{
    http::{HeaderMap, Method, header},
    response::{IntoResponse, Response},
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use vector_components::timestamp;

use super::{Asked, Batch, Head, ProjectClaim, ProjectNamed, WireFormat};
use crate::outcome::{AUTHORIZATION, Answer, ProjectSource, RequestError};

pub(super) const BYTE_ORDER_MARK: char = '\u{feff}';

/// The native format.
#[derive(Debug)]
pub struct Native;

impl WireFormat for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/v1/events"]
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    /// By a write key, in `X-App`, or, for a beacon, which can set no header, in the query.
    fn project(&self, head: &Head<'_>) -> ProjectNamed {
        let claim = |source, value: String| ProjectClaim { source, value };
        let key = bearer(head.headers).map(|key| claim(ProjectSource::Key(AUTHORIZATION), key.to_owned()));
        let lines = head.headers.get_all("x-app").iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
        let lines = lines.map(|name| claim(ProjectSource::Header("X-App"), name.into_owned()));
        let pairs = url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
        let pairs = pairs.filter(|(name, _)| name == "project");
        let pairs = pairs.map(|(_, name)| claim(ProjectSource::Query("project"), name.into_owned()));
        ProjectNamed::InHead(key.into_iter().chain(lines).chain(pairs).collect())
    }

    fn translates(&self) -> bool {
        false
    }

    fn decode<'a>(&self, _head: &Head<'_>, body: &'a str, events_max: usize) -> Result<Batch<'a>, RequestError> {
        decode(body, events_max)
    }

    fn answer(&self, _asked: &Asked<'_>, result: Result<Answer, RequestError>) -> Response {
        result.map_or_else(IntoResponse::into_response, IntoResponse::into_response)
    }
}

/// The key of `Authorization: Bearer`; a scheme's name is not case-sensitive (RFC 9110, 11.1).
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let credentials = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, key) = credentials.split_once(' ').unwrap_or((credentials, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// Splits a body into its events, of which no more than `events_max` are read.
///
/// # Errors
/// If it is not JSON, not of one of the three shapes, empty, or has too many events.
pub fn decode(body: &str, events_max: usize) -> Result<Batch<'_>, RequestError> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body).trim_ascii();
    let batch = match body.as_bytes().first() {
        Some(b'[') => batch(array(body, events_max)?, None),
        Some(b'{') => object(body, events_max)?,
        _ => single(body)?,
    };
    if batch.events.is_empty() { Err(RequestError::Empty) } else { Ok(batch) }
}

fn single(body: &str) -> Result<Batch<'_>, RequestError> {
    let event: &RawValue = serde_json::from_str(body).map_err(not_json)?;
    Ok(batch(vec![Cow::Borrowed(event)], None))
}

fn batch(events: Vec<Cow<'_, RawValue>>, sent_at_ms: Option<i64>) -> Batch<'_> {
    Batch { events, sent_at_ms, ..Batch::default() }
}

pub(super) fn array(json: &str, events_max: usize) -> Result<Vec<Cow<'_, RawValue>>, RequestError> {
    let mut events = Events { all: Vec::new(), events_max, are_too_many: false };
    let read = read_to_end(json, &mut events);
    match events.are_too_many {
        true => Err(RequestError::TooManyEvents { events_max }),
        false => read.map(|()| events.all).map_err(not_json),
    }
}

/// One event, or an envelope of several: an object with an array `events` and no `type`.
fn object(body: &str, events_max: usize) -> Result<Batch<'_>, RequestError> {
    let mut envelope = Envelope::default();
    read_to_end(body, &mut envelope).map_err(not_json)?;
    let events = envelope.events.filter(|events| events.get().starts_with('[') && !envelope.has_type);
    let Some(events) = events else { return single(body) };
    let sent_at = envelope.sent_at.filter(|sent_at| sent_at.get() != "null");
    let sent_at_ms = sent_at.map(|json| timestamp::parse_json_ms(json).ok_or(RequestError::SentAt)).transpose()?;
    Ok(batch(array(events.get(), events_max)?, sent_at_ms))
}

pub(super) fn not_json(error: serde_json::Error) -> RequestError {
    RequestError::NotJson(error.to_string())
}

/// Reads JSON to its end: nothing may follow it.
fn read_to_end<'a, S: DeserializeSeed<'a, Value = ()>>(json: &'a str, seed: S) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    seed.deserialize(&mut deserializer)?;
    deserializer.end()
}

/// The elements of an array.
struct Events<'a> {
    all: Vec<Cow<'a, RawValue>>,
    events_max: usize,
    are_too_many: bool,
}

impl<'de> DeserializeSeed<'de> for &mut Events<'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Events<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
        while let Some(event) = array.next_element::<&RawValue>()? {
            if self.all.len() == self.events_max {
                self.are_too_many = true;
                return Err(A::Error::custom("too many events"));
            }
            self.all.push(Cow::Borrowed(event));
        }
        Ok(())
    }
}

/// What tells an envelope from an event.
#[derive(Default)]
struct Envelope<'a> {
    sent_at: Option<&'a RawValue>,
    events: Option<&'a RawValue>,
    has_type: bool,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Name {
    Events,
    SentAt,
    Type,
    #[serde(other)]
    Other,
}

impl<'de> DeserializeSeed<'de> for &mut Envelope<'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Envelope<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(name) = object.next_key()? {
            match name {
                Name::SentAt => self.sent_at = Some(object.next_value()?),
                Name::Events => self.events = Some(object.next_value()?),
                Name::Type => {
                    self.has_type = true;
                    let _: IgnoredAny = object.next_value()?;
                }
                Name::Other => drop(object.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(body: &str) -> Vec<String> {
        decode(body, 10).unwrap().events.iter().map(|event| event.get().to_owned()).collect()
    }

    #[test]
    fn the_three_shapes() {
        assert_eq!(events(r#" {"type": "a"} "#), [r#"{"type": "a"}"#]);
        assert_eq!(events("\u{feff}{\"type\":\"a\"}"), [r#"{"type":"a"}"#], "a byte order mark is passed over");
        assert_eq!(events(r#"[{"type":"a"}, 7]"#), [r#"{"type":"a"}"#, "7"]);
        for envelope in [
            r#"{"sent_at":"1970-01-01T00:00:01Z","events":[{}]}"#,
            r#"{"events":[{}],"more":{"a":[]},"sent_at":1.0}"#,
            r#"{"events":7,"events":[{}],"sent_at":null,"sent_at":"1970-01-01T00:00:01Z"}"#,
        ] {
            assert_eq!(events(envelope), ["{}"], "{envelope}");
            assert_eq!(decode(envelope, 10).unwrap().sent_at_ms, Some(1000), "{envelope}");
        }
        for event in [r#"{"type":"a","events":[1,2]}"#, r#"{"events":[1,2],"type":"a"}"#, r#"{"events":7}"#, "7"] {
            assert_eq!(events(event), [event], "an event, maybe with a detail `events`");
        }
        assert_eq!(events(r#"[{"title":"cut \ud83d"},{}]"#).len(), 2, "the neighbours of an unreadable event are kept");
    }

    #[test]
    fn what_is_no_batch_is_named() {
        assert!(matches!(decode("[]", 10), Err(RequestError::Empty)));
        assert!(matches!(decode("[1,2]", 1), Err(RequestError::TooManyEvents { events_max: 1 })));
        assert!(matches!(decode("[1,2,}", 1), Err(RequestError::TooManyEvents { .. })), "the rest is not read");
        for not_json in ["", "{", "[1", "[1]]", "{}{}", "hello", "[1 2]", r#"{"events":[1],"x"}"#] {
            assert!(matches!(decode(not_json, 10), Err(RequestError::NotJson(_))), "{not_json}");
        }
        for sent_at in [r#"{"sent_at":"x","events":[1]}"#, r#"{"events":[1],"sent_at":[]}"#] {
            assert!(matches!(decode(sent_at, 1), Err(RequestError::SentAt)), "{sent_at}");
        }
    }
}

//! The native wire: one object, an array, or `{"sent_at": …, "events": […]}`.
//!
//! The body is split into the texts of its events, which borrow from it. Nothing is built of
//! them, so a body takes no memory beyond its own and a pointer an event.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use vector_components::timestamp;

use crate::outcome::RequestError;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The events of one body, still untrusted.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The events' texts, in order.
    pub events: Vec<&'a RawValue>,
    /// The client's clock when it sent them, in milliseconds since 1970 UTC.
    pub sent_at_ms: Option<i64>,
}

/// Splits a body into its events, of which no more than `events_max` are read.
///
/// # Errors
/// If it is not JSON, not of one of the three shapes, empty, or has too many events.
pub fn decode(body: &str, events_max: usize) -> Result<Batch<'_>, RequestError> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body).trim_ascii();
    let batch = match body.as_bytes().first() {
        Some(b'[') => Batch { events: array(body, events_max)?, sent_at_ms: None },
        Some(b'{') => object(body, events_max)?,
        _ => single(body)?,
    };
    if batch.events.is_empty() { Err(RequestError::Empty) } else { Ok(batch) }
}

fn single(body: &str) -> Result<Batch<'_>, RequestError> {
    Ok(Batch { events: vec![serde_json::from_str(body).map_err(not_json)?], sent_at_ms: None })
}

fn array(text: &str, events_max: usize) -> Result<Vec<&RawValue>, RequestError> {
    let mut events = Events { all: Vec::new(), events_max, are_too_many: false };
    let read = whole(text, &mut events);
    match events.are_too_many {
        true => Err(RequestError::TooManyEvents { events_max }),
        false => read.map(|()| events.all).map_err(not_json),
    }
}

/// One event, or an envelope of several: an object with an array `events` and no `type`.
fn object(body: &str, events_max: usize) -> Result<Batch<'_>, RequestError> {
    let mut envelope = Envelope::default();
    whole(body, &mut envelope).map_err(not_json)?;
    let events = envelope.events.filter(|events| events.get().starts_with('[') && !envelope.has_type);
    let Some(events) = events else { return single(body) };
    let sent_at = envelope.sent_at.filter(|sent_at| sent_at.get() != "null");
    let sent_at_ms = sent_at.map(|json| timestamp::parse_json_ms(json).ok_or(RequestError::SentAt)).transpose()?;
    Ok(Batch { events: array(events.get(), events_max)?, sent_at_ms })
}

fn not_json(error: serde_json::Error) -> RequestError {
    RequestError::NotJson(error.to_string())
}

/// Reads a text to its end.
fn whole<'a, S: DeserializeSeed<'a, Value = ()>>(text: &'a str, seed: S) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    seed.deserialize(&mut deserializer)?;
    deserializer.end()
}

/// The elements of an array.
struct Events<'a> {
    all: Vec<&'a RawValue>,
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
        while let Some(event) = array.next_element()? {
            if self.all.len() == self.events_max {
                self.are_too_many = true;
                return Err(A::Error::custom("too many events"));
            }
            self.all.push(event);
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

    fn texts(body: &str) -> Vec<&str> {
        decode(body, 10).unwrap().events.iter().map(|event| event.get()).collect()
    }

    #[test]
    fn the_three_shapes() {
        assert_eq!(texts(r#" {"type": "a"} "#), [r#"{"type": "a"}"#]);
        assert_eq!(texts("\u{feff}{\"type\":\"a\"}"), [r#"{"type":"a"}"#], "a byte order mark is passed over");
        assert_eq!(texts(r#"[{"type":"a"}, 7]"#), [r#"{"type":"a"}"#, "7"]);
        for envelope in [
            r#"{"sent_at":"1970-01-01T00:00:01Z","events":[{}]}"#,
            r#"{"events":[{}],"more":{"a":[]},"sent_at":1.0}"#,
            r#"{"events":7,"events":[{}],"sent_at":null,"sent_at":"1970-01-01T00:00:01Z"}"#,
        ] {
            assert_eq!(texts(envelope), ["{}"], "{envelope}");
            assert_eq!(decode(envelope, 10).unwrap().sent_at_ms, Some(1000), "{envelope}");
        }
        for event in [r#"{"type":"a","events":[1,2]}"#, r#"{"events":[1,2],"type":"a"}"#, r#"{"events":7}"#, "7"] {
            assert_eq!(texts(event), [event], "an event, maybe with a detail `events`");
        }
        assert_eq!(texts(r#"[{"title":"cut \ud83d"},{}]"#).len(), 2, "the neighbours of an unreadable event are kept");
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

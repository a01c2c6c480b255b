//! The native wire: one object, an array, or `{"sent_at": …, "events": […]}`.

use serde_json::Value;
use vector_components::timestamp;

use crate::outcome::RequestError;

/// The events of one body, still untrusted.
#[derive(Debug, PartialEq)]
pub struct Batch {
    /// The events, in order.
    pub events: Vec<Value>,
    /// The client's clock when it sent them, in milliseconds since 1970 UTC.
    pub sent_at_ms: Option<i64>,
}

/// Splits a body into its events.
///
/// # Errors
/// If it is not JSON, not of one of the three shapes, empty, or has too many events.
pub fn decode(body: &[u8], events_max: usize) -> Result<Batch, RequestError> {
    let value: Value = serde_json::from_slice(body).map_err(|e| RequestError::NotJson(e.to_string()))?;
    let batch = match value {
        Value::Array(events) => Batch { events, sent_at_ms: None },
        Value::Object(mut object)
            if object.get("events").is_some_and(Value::is_array) && !object.contains_key("type") =>
        {
            let sent_at = object.remove("sent_at").filter(|v| !v.is_null());
            let sent_at_ms = match &sent_at {
                Some(value) => Some(timestamp::parse_ms(value).ok_or(RequestError::SentAt)?),
                None => None,
            };
            match object.remove("events") {
                Some(Value::Array(events)) => Batch { events, sent_at_ms },
                _ => return Err(RequestError::Empty),
            }
        }
        single => Batch { events: vec![single], sent_at_ms: None },
    };
    match batch.events.len() {
        0 => Err(RequestError::Empty),
        events if events > events_max => Err(RequestError::TooManyEvents { events, events_max }),
        _ => Ok(batch),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_three_shapes() {
        let one = decode(br#"{"type":"a"}"#, 10).unwrap();
        assert_eq!(one, Batch { events: vec![json!({"type": "a"})], sent_at_ms: None });
        assert_eq!(decode(br#"[{"type":"a"},7]"#, 10).unwrap().events.len(), 2);
        let sent = decode(br#"{"sent_at":"1970-01-01T00:00:01Z","events":[{}]}"#, 10).unwrap();
        assert_eq!(sent, Batch { events: vec![json!({})], sent_at_ms: Some(1000) });
        assert_eq!(
            decode(br#"{"type":"a","events":[1]}"#, 10).unwrap().events.len(),
            1,
            "an event with a detail `events`"
        );
        assert!(matches!(decode(b"[]", 10), Err(RequestError::Empty)));
        assert!(matches!(decode(b"[1,2]", 1), Err(RequestError::TooManyEvents { events: 2, events_max: 1 })));
        assert!(matches!(decode(b"{", 1), Err(RequestError::NotJson(_))));
        assert!(matches!(decode(br#"{"sent_at":"x","events":[1]}"#, 1), Err(RequestError::SentAt)));
    }
}

//! The id of an event whose client sent none.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::Arrival;

/// The namespace of ids made from content, itself the UUIDv5 of the project's name.
const NAMESPACE: Uuid = Uuid::from_u128(0x7c1e_5f0a_9d0b_5c1f_8a54_2f0e_66b1_d3a7);

/// An id made from the content, so that a retry of the same body is the same event.
///
/// * The content is the object as sent; key order does not matter.
/// * Without a timestamp two equal objects may be two events, so the time of arrival
///   is part of the content; a client that wants safe retries sends a timestamp.
/// * Without any id of a person, the address and user agent tell two people apart.
#[must_use]
pub fn event_id(arrival: &Arrival, object: &Map<String, Value>, has_timestamp: bool, has_actor: bool) -> Uuid {
    let mut content = arrival.project.clone();
    content.push('\n');
    content.push_str(&canonical(object));
    if !has_timestamp {
        content.push_str(&format!("\n@{}", arrival.received_at_ms));
    }
    if !has_actor {
        content.push_str(&format!("\n{:?}\n{}", arrival.ip, arrival.user_agent));
    }
    Uuid::new_v5(&NAMESPACE, content.as_bytes())
}

/// `serde_json`'s map is sorted by key, so its text is the same for the same object.
fn canonical(object: &Map<String, Value>) -> String {
    serde_json::to_string(object).unwrap_or_default()
}

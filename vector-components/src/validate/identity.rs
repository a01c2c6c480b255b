//! What identifies an event: a function of what the client sent, as far as the client sent enough.

use std::fmt::Write;

use uuid::Uuid;

use super::{Arrival, limits::FIELDS_MAX, object::Object};
use crate::json::Json;

/// The namespace of ids made from content, itself the UUIDv5 of the project's name.
const NAMESPACE: Uuid = Uuid::from_u128(0x7c1e_5f0a_9d0b_5c1f_8a54_2f0e_66b1_d3a7);

/// An id made from the content, so that the same body sent again is the same event.
///
/// * The content is the object as sent; the order of its names does not matter, nor does that of
///   the names in an object right below it. What lies deeper is taken as written, without white space.
/// * Without an id of a person, address and user agent tell two people apart.
pub fn of_content(arrival: &Arrival, object: &Object<'_>, has_actor: bool) -> Uuid {
    of(arrival, object, has_actor, None)
}

/// As [`of_content`], of an event that is another one at each arrival.
pub fn of_arrival(arrival: &Arrival, object: &Object<'_>, has_actor: bool) -> Uuid {
    of(arrival, object, has_actor, Some(arrival.received_at_ms))
}

/// The time in a UUID of version 7, in milliseconds since 1970 UTC.
pub fn time_ms(id: &Uuid) -> Option<i64> {
    const RANDOM_BITS: u32 = 80;
    (id.get_version_num() == 7).then(|| i64::try_from(id.as_u128() >> RANDOM_BITS).unwrap_or(i64::MAX))
}

fn of(arrival: &Arrival, object: &Object<'_>, has_actor: bool, at_ms: Option<i64>) -> Uuid {
    let mut content = format!("{}\n", arrival.project);
    write_object(&mut content, object, true);
    // Writing to a string cannot fail.
    if let Some(at_ms) = at_ms {
        let _ = write!(content, "\n@{at_ms}");
    }
    if !has_actor {
        let _ = write!(content, "\n{:?}\n{}", arrival.ip, arrival.user_agent);
    }
    Uuid::new_v5(&NAMESPACE, content.as_bytes())
}

/// Names sorted by our own code: no feature of serde_json that somebody turns on can change an id.
fn write_object(out: &mut String, object: &Object<'_>, is_event: bool) {
    let mut separator = '{';
    for (name, value) in object.iter() {
        out.push(separator);
        write_string(out, name);
        out.push(':');
        write_value(out, value, is_event);
        separator = ',';
    }
    out.push_str(if separator == '{' { "{}" } else { "}" });
}

fn write_value(out: &mut String, value: Json<'_>, sorts: bool) {
    if let Some(Ok(text)) = value.string() {
        write_string(out, &text);
    } else if let Some(Ok(object)) = (sorts && value.kind() == "an object").then(|| Object::read(value, FIELDS_MAX)) {
        write_object(out, &object, false);
    } else {
        out.push_str(&value.minified().0);
    }
}

fn write_string(out: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        // A string can always be written.
        out.push_str(&serde_json::to_string(text).unwrap_or_default());
    } else {
        out.push('"');
        out.push_str(text);
        out.push('"');
    }
}

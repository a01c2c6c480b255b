//! Self-describing JSON: `{"schema": "iglu:<vendor>/<name>/<format>/<version>", "data": …}`, which the
//! trackers send as text, in base64 or not.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use serde::Deserialize;
use serde_json::value::RawValue;
use vector_components::{
    Rejection,
    rejection::Reason,
    validate::{DETAILS_MAX, EVENT_BYTES_MAX},
};

use crate::wire::fields::Fields;

/// Of entities, no more are read than an event can have properties.
const ENTITIES_MAX: usize = DETAILS_MAX;

/// A value and the schema that it follows.
#[derive(Debug, Deserialize)]
pub struct Described<'a> {
    /// The schema's address.
    #[serde(borrow)]
    pub schema: Cow<'a, str>,
    /// The value.
    #[serde(borrow)]
    pub data: &'a RawValue,
}

impl Described<'_> {
    /// The name in the schema's address; the whole address if it has none.
    pub fn name(&self) -> &str {
        self.schema.split('/').nth(1).filter(|name| !name.is_empty()).unwrap_or(&self.schema)
    }
}

/// Takes the JSON of a field out of an event: of `encoded` in base64, or of `plain` as it stands.
pub fn take(sent: &mut Fields<'_>, encoded: &str, plain: &str) -> Result<Option<String>, Rejection> {
    let json = match sent.text(encoded, EVENT_BYTES_MAX) {
        Some(text) => decoded(&text).ok_or_else(|| unreadable(encoded, "base64 of JSON"))?,
        None => match sent.text(plain, EVENT_BYTES_MAX) {
            Some(text) => text,
            None => return Ok(None),
        },
    };
    Ok(Some(json))
}

/// The self-describing value inside another one.
pub fn inner<'a>(json: &'a str, field: &str) -> Result<Described<'a>, Rejection> {
    let outer: Described<'a> = serde_json::from_str(json).map_err(|_| unreadable(field, "self-describing JSON"))?;
    serde_json::from_str(outer.data.get()).map_err(|_| unreadable(field, "self-describing JSON in `data`"))
}

/// Entities by name, each as JSON: the value, or an array of all of that name.
pub fn entities(json: &str) -> Result<Vec<Described<'_>>, Rejection> {
    let unreadable = |_| unreadable("cx", "self-describing JSON with an array of the same in `data`");
    let outer: Described<'_> = serde_json::from_str(json).map_err(unreadable)?;
    let mut entities: Vec<Described<'_>> = serde_json::from_str(outer.data.get()).map_err(unreadable)?;
    if entities.len() > ENTITIES_MAX {
        let message = format!("cx has {} entities, at most {ENTITIES_MAX} are allowed", entities.len());
        return Err(Rejection::new(Reason::TooMany, "cx", message));
    }
    entities.retain(|entity| entity.data.get() != "null");
    Ok(entities)
}

/// For each name its value, or an array of those that share it.
pub fn by_name(entities: &[Described<'_>]) -> BTreeMap<String, Box<RawValue>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entity in entities {
        all.entry(entity.name()).or_default().push(entity.data.get());
    }
    let json = |values: Vec<&str>| match values.as_slice() {
        [one] => (*one).to_owned(),
        several => format!("[{}]", several.join(",")),
    };
    all.into_iter()
        .filter_map(|(name, values)| Some((name.to_owned(), RawValue::from_string(json(values)).ok()?)))
        .collect()
}

/// Base64 of either alphabet, padded or not; a plus sign that was not encoded is a space in a query.
fn decoded(text: &str) -> Option<String> {
    let text: String = text.trim().trim_end_matches('=').chars().map(plain).collect();
    String::from_utf8(BASE64_STANDARD_NO_PAD.decode(text).ok()?).ok()
}

fn plain(character: char) -> char {
    match character {
        '-' | ' ' => '+',
        '_' => '/',
        other => other,
    }
}

fn unreadable(field: &str, expected: &str) -> Rejection {
    Rejection::new(Reason::InvalidValue, field, format!("{field} is not {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_alphabet_padded_or_not() {
        for text in ["eyJhIjoi8J+YgD8/In0=", "eyJhIjoi8J-YgD8_In0", "eyJhIjoi8J YgD8/In0"] {
            assert_eq!(decoded(text).as_deref(), Some("{\"a\":\"😀??\"}"), "{text}");
        }
        assert_eq!(decoded("*"), None);
    }

    #[test]
    fn the_name_stands_behind_the_vendor() {
        let named = |schema| Described { schema: Cow::Borrowed(schema), data: RawValue::NULL }.name().to_owned();
        assert_eq!(named("iglu:com.acme/added_to_cart/jsonschema/1-0-0"), "added_to_cart");
        assert_eq!(named("added_to_cart"), "added_to_cart");
        assert_eq!(named("iglu:com.acme//jsonschema/1-0-0"), "iglu:com.acme//jsonschema/1-0-0");
    }
}

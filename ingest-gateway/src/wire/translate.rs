//! Another format's event, taken apart and written as a native one.
//!
//! What does not fit its field, by type or by length, stays among the properties: nobody can tell
//! another product's client to send it otherwise. What no field can hold is left for
//! `vector_components::validate` to refuse in its own words.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Serialize;
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use uuid::Uuid;
use vector_components::{
    Rejection,
    validate::{APP_VERSION_BYTES_MAX, LOCALE_BYTES_MAX, PATH_BYTES_MAX, TITLE_BYTES_MAX, URL_BYTES_MAX},
};

use super::{Batch, Said, fields::Fields};

/// Of ids that are made of other ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x5f2d_70c6_1b1c_5b0e_9d55_6f0f_7c9f_3a11);

/// The id of an event whose client names it by a text of its own.
pub fn event_id(text: &str) -> Uuid {
    Uuid::parse_str(text).unwrap_or_else(|_| Uuid::new_v5(&NAMESPACE, text.as_bytes()))
}

/// An event written anew, none if it cannot be; or why its format refuses it.
pub type Written = Result<Option<Box<RawValue>>, Rejection>;

/// Writes each event anew; one that cannot be read stays as it is, to be refused or stored as such.
pub fn batch<'b>(
    events: &[Cow<'b, RawValue>],
    mut write: impl FnMut(Fields<'b>) -> (NativeEvent<'b>, Said),
) -> Batch<'static> {
    numbered(events, |_, fields| write(fields))
}

/// As [`batch`], with the place of each event that can be read.
pub fn numbered<'b>(
    events: &[Cow<'b, RawValue>],
    mut write: impl FnMut(usize, Fields<'b>) -> (NativeEvent<'b>, Said),
) -> Batch<'static> {
    each(events, |at, fields| {
        let (event, said) = write(at, fields);
        (Ok(event.finish()), said)
    })
}

/// As [`numbered`], for formats whose events do not only borrow from what was sent.
pub fn each<'b>(
    events: &[Cow<'b, RawValue>],
    mut write: impl FnMut(usize, Fields<'b>) -> (Written, Said),
) -> Batch<'static> {
    let mut batch = Batch::default();
    for (at, event) in events.iter().enumerate() {
        let fields = match event {
            Cow::Borrowed(event) => Fields::read(event),
            Cow::Owned(_) => None,
        };
        let (written, said) = fields.map_or_else(|| (Ok(None), Said::default()), |fields| write(at, fields));
        add(&mut batch, event, written, said);
    }
    batch
}

/// Adds an event to a batch.
pub fn add(batch: &mut Batch<'static>, sent: &RawValue, written: Written, said: Said) {
    let written = written.unwrap_or_else(|rejection| {
        batch.refused.insert(batch.events.len(), rejection);
        // It is not looked at again.
        Some(RawValue::NULL.to_owned())
    });
    batch.events.push(Cow::Owned(written.unwrap_or_else(|| sent.to_owned())));
    batch.said.push(said);
}

/// A native event, while it is written.
#[derive(Debug, Default, Serialize)]
pub struct NativeEvent<'a>(BTreeMap<&'static str, Part<'a>>);

/// What stands in a field.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Part<'a> {
    /// As it was sent.
    Sent(&'a RawValue),
    /// Made here.
    Made(Value),
    /// The properties.
    Details(Fields<'a>),
}

impl<'a> From<&'a RawValue> for Part<'a> {
    fn from(value: &'a RawValue) -> Self {
        Self::Sent(value)
    }
}

impl From<&str> for Part<'_> {
    fn from(text: &str) -> Self {
        Self::Made(text.into())
    }
}

impl From<String> for Part<'_> {
    fn from(text: String) -> Self {
        Self::Made(text.into())
    }
}

impl From<i64> for Part<'_> {
    fn from(number: i64) -> Self {
        Self::Made(number.into())
    }
}

impl From<Value> for Part<'_> {
    fn from(value: Value) -> Self {
        Self::Made(value)
    }
}

impl<'a> NativeEvent<'a> {
    /// Writes a field, if there is a value for it and none was written before.
    pub fn set(&mut self, name: &'static str, value: Option<impl Into<Part<'a>>>) -> &mut Self {
        if let Some(value) = value {
            self.0.entry(name).or_insert_with(|| value.into());
        }
        self
    }

    /// What describes a page, each from the field of its name here.
    pub fn page<const N: usize>(&mut self, fields: &mut Fields<'a>, names: [(&'static str, &str); N]) -> &mut Self {
        for (name, theirs) in names {
            let bytes_max = match name {
                "title" => TITLE_BYTES_MAX,
                "path" => PATH_BYTES_MAX,
                _ => URL_BYTES_MAX,
            };
            if !self.0.contains_key(name) {
                self.set(name, fields.text(theirs, bytes_max));
            }
        }
        self
    }

    /// The language.
    pub fn locale(&mut self, fields: &mut Fields<'a>, name: &str) -> &mut Self {
        self.set("locale", fields.text(name, LOCALE_BYTES_MAX))
    }

    /// The application's version.
    pub fn app_version(&mut self, fields: &mut Fields<'a>, name: &str) -> &mut Self {
        self.set("appVersion", fields.text(name, APP_VERSION_BYTES_MAX))
    }

    /// With what is left as its properties.
    #[must_use]
    pub fn with(mut self, details: Fields<'a>) -> Self {
        self.0.insert("details", Part::Details(details));
        self
    }

    /// Its JSON; none if it cannot be written.
    pub fn finish(self) -> Option<Box<RawValue>> {
        to_raw_value(&self).ok()
    }
}

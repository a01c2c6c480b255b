//! Another format's event, taken apart and written as a native one.
//!
//! What does not fit its field, by type or by length, stays among the properties: nobody can tell
//! another product's client to send it otherwise. What no field can hold is left for
//! `vector_components::validate` to refuse in its own words.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use super::{Batch, Said};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{
    Value, json,
    value::{RawValue, to_raw_value},
};
use uuid::Uuid;
use vector_components::Rejection;
use vector_components::validate::{
    APP_VERSION_BYTES_MAX, EVENT_BYTES_MAX, ID_BYTES_MAX, LOCALE_BYTES_MAX, PATH_BYTES_MAX, REVENUE_MAX,
    TITLE_BYTES_MAX, URL_BYTES_MAX,
};

/// Fields of one object that are read; a larger object is left as it is.
const FIELDS_READ_MAX: usize = 512;
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

/// The fields of an object: of a name that comes twice, the last counts.
#[derive(Debug, Default, Serialize)]
pub struct Fields<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Fields<'a> {
    /// None if it is no object, cannot be read or is too large.
    pub fn read(object: &'a RawValue) -> Option<Self> {
        (object.get().len() <= EVENT_BYTES_MAX).then(|| serde_json::from_str(object.get()).ok()).flatten()
    }

    /// A value, whatever its type; `null` is none.
    pub fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        self.0.remove(name).filter(|value| value.get() != "null")
    }

    /// Takes fields that are of no use.
    pub fn forget(&mut self, names: &[&str]) {
        for name in names {
            self.0.remove(*name);
        }
    }

    /// A string of at most so many bytes; another one stays.
    pub fn text(&mut self, name: &str, bytes_max: usize) -> Option<String> {
        let text: String = serde_json::from_str(self.0.get(name)?.get()).ok()?;
        if text.len() > bytes_max {
            return None;
        }
        self.0.remove(name);
        (!text.is_empty()).then_some(text)
    }

    /// The id of a person or session: a string, or an integer.
    pub fn id(&mut self, name: &str) -> Option<String> {
        let json = self.0.get(name)?.get();
        let is_integer = json.len() <= ID_BYTES_MAX && json.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        match is_integer {
            true => self.0.remove(name).map(|id| id.get().to_owned()),
            false => self.text(name, ID_BYTES_MAX),
        }
    }

    /// A string of at most so many bytes, left where it is.
    pub fn peek(&self, name: &str, bytes_max: usize) -> Option<String> {
        let text: String = serde_json::from_str(self.0.get(name)?.get()).ok()?;
        (!text.is_empty() && text.len() <= bytes_max).then_some(text)
    }

    /// A number, left where it is.
    pub fn number(&self, name: &str) -> Option<f64> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// The object that is written as JSON in a string.
    pub fn json(&mut self, name: &str) -> Option<Box<RawValue>> {
        let text: String = serde_json::from_str(self.0.get(name)?.get()).ok()?;
        let object: Box<RawValue> = serde_json::from_str(&text).ok()?;
        Fields::read(&object)?;
        self.0.remove(name);
        Some(object)
    }

    /// What stands in a field, without quotes: for comparing it with simple words and numbers.
    pub fn word(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|value| value.get().trim_matches('"'))
    }

    /// Whether a field holds this text.
    pub fn is(&self, name: &str, text: &str) -> bool {
        self.word(name) == Some(text)
    }

    /// A boolean, left where it is.
    pub fn flag(&self, name: &str) -> Option<bool> {
        serde_json::from_str(self.0.get(name)?.get()).ok()
    }

    /// An object's fields; none if there is none, and what else stands there stays.
    pub fn object(&mut self, name: &str) -> Fields<'a> {
        let Some(fields) = self.0.get(name).and_then(|object| Fields::read(object)) else { return Fields::default() };
        self.0.remove(name);
        fields
    }

    /// Pixels, of two fields; both stay if one of them is no such number.
    pub fn screen(&mut self, width: &str, height: &str) -> Option<Value> {
        let is_size = |pixels: &f64| (0.0..f64::from(u16::MAX)).contains(pixels);
        let size = (self.number(width).filter(is_size)?, self.number(height).filter(is_size)?);
        self.forget(&[width, height]);
        Some(json!({"width": size.0, "height": size.1}))
    }

    /// Pixels, as `1920x1080`; what is no such text stays.
    pub fn size(&mut self, name: &str) -> Option<Value> {
        let text = self.peek(name, ID_BYTES_MAX)?;
        let (width, height) = text.split_once(['x', 'X'])?;
        let (width, height): (u16, u16) = (width.trim().parse().ok()?, height.trim().parse().ok()?);
        self.forget(&[name]);
        Some(json!({"width": width, "height": height}))
    }

    /// Money, of two fields; `otherwise` is the currency if none is named.
    pub fn revenue(&mut self, amount: &str, currency: &str, otherwise: Option<&str>) -> Option<Value> {
        let value = self.0.get(amount)?.get();
        let value: f64 = value.trim_matches('"').parse().ok().filter(|value: &f64| value.abs() <= REVENUE_MAX)?;
        let code = match self.0.get(currency) {
            Some(code) => serde_json::from_str(code.get()).ok()?,
            None => otherwise?.to_owned(),
        };
        if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return None;
        }
        self.forget(&[amount, currency]);
        Some(json!({"amount": value, "currency": code.to_ascii_uppercase()}))
    }

    /// Adds fields under longer names.
    pub fn join(&mut self, prefix: &str, others: Fields<'a>) {
        self.0.extend(others.0.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value)));
    }

    /// Gives fields longer or clearer names.
    pub fn rename(&mut self, names: &[(&str, &str)]) {
        for (theirs, ours) in names {
            let value = self.take(theirs);
            self.put(ours, value);
        }
    }

    /// Names and values, in the names' order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'a RawValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// Takes all fields whose name begins so, without that beginning.
    pub fn split(&mut self, prefix: &str) -> Fields<'a> {
        let (begun, others) = std::mem::take(&mut self.0).into_iter().partition(|(name, _)| name.starts_with(prefix));
        self.0 = others;
        let begun: BTreeMap<String, &'a RawValue> = begun;
        Fields(begun.into_iter().map(|(name, value)| (name[prefix.len()..].to_owned(), value)).collect())
    }

    /// Adds one field.
    pub fn put(&mut self, name: &str, value: Option<&'a RawValue>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value);
        }
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut fields = BTreeMap::new();
        while let Some(name) = object.next_key::<String>()? {
            if fields.len() == FIELDS_READ_MAX {
                return Err(A::Error::custom("too many fields"));
            }
            fields.insert(name, object.next_value::<&'de RawValue>()?);
        }
        Ok(Fields(fields))
    }
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

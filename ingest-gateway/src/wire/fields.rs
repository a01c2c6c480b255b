//! The fields of an object that another product's client sent, still as JSON, to be taken one by one.
//!
//! What does not fit, by type or by length, stays: nobody can tell another product's client to send it
//! otherwise, and it is stored among the properties.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Value, json, value::RawValue};
use vector_components::validate::{EVENT_BYTES_MAX, ID_BYTES_MAX, REVENUE_MAX};

/// Fields of one object that are read; a larger object is left as it is.
const FIELDS_READ_MAX: usize = 512;

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

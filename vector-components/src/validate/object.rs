//! The fields of one JSON object: names sorted, each once, values as their text.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{details::last_of_each_name, json::Json};

/// The fields of an object, of which no more are kept than are allowed.
#[derive(Debug)]
pub struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

/// Why the fields of an object are not there.
#[derive(Debug)]
pub enum ObjectError {
    /// There are so many, more than allowed.
    TooMany(usize),
    /// A name cannot be read.
    Unreadable(serde_json::Error),
}

impl<'a> Object<'a> {
    /// Reads an object of at most `fields_max` fields; of a name that comes twice, the last counts.
    pub fn read(object: Json<'a>, fields_max: usize) -> Result<Self, ObjectError> {
        let mut deserializer = serde_json::Deserializer::from_str(object.text());
        let (mut fields, count) =
            Bounded { fields_max }.deserialize(&mut deserializer).map_err(ObjectError::Unreadable)?;
        if count > fields_max {
            return Err(ObjectError::TooMany(count));
        }
        last_of_each_name(&mut fields);
        Ok(Self(fields))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Name and value, in the names' order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Json<'a>)> {
        self.0.iter().map(|(name, value)| (&**name, *value))
    }
}

impl<'a> IntoIterator for Object<'a> {
    type Item = (Cow<'a, str>, Json<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Reads to the end, and keeps no more than are allowed.
struct Bounded {
    fields_max: usize,
}

/// A string that is borrowed where it can be; inside of other types serde copies without it.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> DeserializeSeed<'de> for Bounded {
    type Value = (Vec<(Cow<'de, str>, Json<'de>)>, usize);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Bounded {
    type Value = (Vec<(Cow<'de, str>, Json<'de>)>, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(self.fields_max.min(16));
        while fields.len() < self.fields_max {
            let Some(Text(name)) = map.next_key()? else {
                let count = fields.len();
                return Ok((fields, count));
            };
            fields.push((name, Json::new(map.next_value::<&'de RawValue>()?)));
        }
        let mut count = fields.len();
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok((fields, count))
    }
}

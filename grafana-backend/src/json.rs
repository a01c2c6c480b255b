//! A query's JSON as its type's model, with errors that say where, and which field was probably meant.

use std::fmt::{self, Display};

use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, Expected, IntoDeserializer, Unexpected, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

use crate::{
    check::{any, meant},
    error::QueryError,
};

/// Of a place that is named: a name in it can be as long as a request.
const PLACE_CHARS_MAX: usize = 200;

/// Reads the model.
///
/// # Errors
/// Names the field, however deep it lies.
pub fn read<T: DeserializeOwned>(json: &Map<String, Value>) -> Result<T, QueryError> {
    serde_path_to_error::deserialize(Fields(json)).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." { "query".to_owned() } else { path.chars().take(PLACE_CHARS_MAX).collect() };
        QueryError::invalid(place, error.into_inner().0)
    })
}

/// Reads one value.
///
/// # Errors
/// Says what is wrong with it, at the place `query`.
pub fn value<T: DeserializeOwned>(json: &Value) -> Result<T, QueryError> {
    T::deserialize(Json(json)).map_err(|error| QueryError::invalid("query", error.0))
}

/// Reads a value that stands at a place of the query.
///
/// # Errors
/// Names the field, however deep it lies below the place.
pub fn value_at<T: DeserializeOwned>(json: &Value, place: &str) -> Result<T, QueryError> {
    serde_path_to_error::deserialize(Json(json)).map_err(|error| {
        let path: String = error.path().to_string().chars().take(PLACE_CHARS_MAX).collect();
        let place = if path == "." { place.to_owned() } else { format!("{place}.{path}") };
        QueryError::invalid(place, error.into_inner().0)
    })
}

/// What is wrong at a place.
#[derive(Debug)]
struct ReadError(String);

impl Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<M: Display>(message: M) -> Self {
        Self(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format!("{found} is given where {expected} is expected"))
    }

    fn unknown_variant(given: &str, known: &'static [&'static str]) -> Self {
        Self::custom(format!("{given:?} is not known: {}", any(known)))
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self(format!("there is no such field: {}", meant(field, known)))
    }
}

/// The fields of the whole query.
struct Fields<'v>(&'v Map<String, Value>);

impl<'de> Deserializer<'de> for Fields<'de> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_map(MapDeserializer::new(self.0.iter().map(|(name, value)| (name.as_str(), Json(value)))))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A value, read as serde_json does, but with our errors.
struct Json<'v>(&'v Value);

impl<'de> Deserializer<'de> for Json<'de> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::String(value) => visitor.visit_borrowed_str(value),
            Value::Array(values) => visitor.visit_seq(SeqDeserializer::new(values.iter().map(Json))),
            Value::Object(fields) => Fields(fields).deserialize_any(visitor),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(value), ..) => visitor.visit_u64(value),
                (_, Some(value), _) => visitor.visit_i64(value),
                (.., Some(value)) => visitor.visit_f64(value),
                _ => Err(de::Error::custom(format!("{number} is out of range"))),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(name.as_str().into_deserializer()),
            other => Err(de::Error::custom(format!("a name is expected, not {other}"))),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, ReadError> for Json<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

//! Turns a row into the fields of an event directly with serde, without JSON in between.

use std::fmt::Display;

use serde::{
    Serialize, Serializer,
    ser::{Error as _, Impossible, SerializeMap, SerializeSeq, SerializeStruct},
};
use vector::event::Value;
use vrl::value::ObjectMap;

/// Why a row cannot be converted: a bug in the row's type.
#[derive(Debug)]
pub struct NotColumns(String);

impl Display for NotColumns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotColumns {}

impl serde::ser::Error for NotColumns {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// One field for each field that the row does not skip.
pub fn of(row: &impl Serialize) -> Result<ObjectMap, NotColumns> {
    match row.serialize(ToValue)? {
        Value::Object(columns) => Ok(columns),
        other => Err(NotColumns::custom(format!("{} is not an object", other.kind_str()))),
    }
}

/// Serializes into a [`Value`].
struct ToValue;

/// An array, or an object with the name of the next value.
#[derive(Default)]
struct Parts<P> {
    parts: P,
    name: String,
}

macro_rules! integers {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, number: $type) -> Result<Value, NotColumns> {
            Ok(Value::Integer(i64::from(number)))
        })*
    };
}

macro_rules! refused {
    ($($method:ident($($argument:ty),*) -> $result:ty;)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$result, NotColumns> {
            Err(NotColumns::custom(concat!(stringify!($method), ": no column has this type")))
        })*
    };
}

impl Serializer for ToValue {
    type Ok = Value;
    type Error = NotColumns;
    type SerializeSeq = Parts<Vec<Value>>;
    type SerializeTuple = Impossible<Value, NotColumns>;
    type SerializeTupleStruct = Impossible<Value, NotColumns>;
    type SerializeTupleVariant = Impossible<Value, NotColumns>;
    type SerializeMap = Parts<ObjectMap>;
    type SerializeStruct = Parts<ObjectMap>;
    type SerializeStructVariant = Impossible<Value, NotColumns>;

    integers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_u8: u8,
        serialize_u16: u16, serialize_u32: u32
    }

    fn serialize_bool(self, value: bool) -> Result<Value, NotColumns> {
        Ok(Value::Boolean(value))
    }

    /// VRL integers are signed; ClickHouse also accepts quoted digits.
    fn serialize_u64(self, number: u64) -> Result<Value, NotColumns> {
        Ok(Value::from(number.to_string()))
    }

    fn serialize_f32(self, number: f32) -> Result<Value, NotColumns> {
        self.serialize_f64(f64::from(number))
    }

    fn serialize_f64(self, number: f64) -> Result<Value, NotColumns> {
        Ok(Value::from_f64_or_zero(number))
    }

    fn serialize_str(self, text: &str) -> Result<Value, NotColumns> {
        Ok(Value::from(text))
    }

    fn serialize_none(self) -> Result<Value, NotColumns> {
        Ok(Value::Null)
    }

    fn serialize_unit(self) -> Result<Value, NotColumns> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, NotColumns> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Value, NotColumns> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<Value, NotColumns> {
        Err(NotColumns::custom("no column has this type"))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<Value, NotColumns> {
        Ok(Value::from(name))
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, NotColumns> {
        Ok(Parts { parts: Vec::with_capacity(length.unwrap_or_default()), name: String::new() })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, NotColumns> {
        Ok(Parts::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, NotColumns> {
        Ok(Parts::default())
    }

    refused! {
        serialize_char(char) -> Value;
        serialize_bytes(&[u8]) -> Value;
        serialize_unit_struct(&'static str) -> Value;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

impl SerializeSeq for Parts<Vec<Value>> {
    type Ok = Value;
    type Error = NotColumns;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotColumns> {
        self.parts.push(value.serialize(ToValue)?);
        Ok(())
    }

    fn end(self) -> Result<Value, NotColumns> {
        Ok(Value::Array(self.parts))
    }
}

impl SerializeMap for Parts<ObjectMap> {
    type Ok = Value;
    type Error = NotColumns;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), NotColumns> {
        self.name = match name.serialize(ToValue)? {
            Value::Bytes(name) => String::from_utf8_lossy(&name).into_owned(),
            other => return Err(NotColumns::custom(format!("{} is not a field name", other.kind_str()))),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotColumns> {
        self.parts.insert(std::mem::take(&mut self.name).into(), value.serialize(ToValue)?);
        Ok(())
    }

    fn end(self) -> Result<Value, NotColumns> {
        Ok(Value::Object(self.parts))
    }
}

impl SerializeStruct for Parts<ObjectMap> {
    type Ok = Value;
    type Error = NotColumns;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), NotColumns> {
        self.parts.insert(name.into(), value.serialize(ToValue)?);
        Ok(())
    }

    fn end(self) -> Result<Value, NotColumns> {
        Ok(Value::Object(self.parts))
    }
}

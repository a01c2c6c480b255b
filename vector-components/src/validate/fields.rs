//! Reading typed fields of an untrusted object, with errors that name the field.

use std::borrow::Cow;

use uuid::Uuid;

use super::{
    limits::{ID_BYTES_MAX, REVENUE_MAX},
    object::{Object, ObjectError},
};
use crate::json::Json;
use crate::rejection::{Reason, Rejection, shown};

/// One field by its dotted name, and what was sent for it. JSON `null` is absent.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    name: &'static str,
    value: Option<Json<'a>>,
}

impl<'a> Field<'a> {
    /// A field that is absent until it is [`set`](Self::set).
    pub const fn absent(name: &'static str) -> Self {
        Self { name, value: None }
    }

    /// What was sent.
    pub fn set(&mut self, value: Json<'a>) {
        self.value = (!value.is_null()).then_some(value);
    }

    /// The value, if one was sent.
    pub fn value(self) -> Option<Json<'a>> {
        self.value
    }

    /// A string of at most `bytes_max`; empty if absent.
    pub fn string(self, bytes_max: usize) -> Result<Cow<'a, str>, Rejection> {
        let Some(value) = self.value else { return Ok(Cow::Borrowed("")) };
        let text = value.string().ok_or_else(|| self.wrong_type("a string", value))?;
        let text = text.map_err(|error| unreadable(self.name, &error))?;
        if text.len() <= bytes_max {
            return Ok(text);
        }
        let name = self.name;
        let message = format!("{name} has {} bytes, at most {bytes_max} are allowed: {}", text.len(), shown(&text));
        Err(Rejection::new(Reason::TooLong, name, message))
    }

    /// A string that must be there and not be blank.
    pub fn required_string(self, bytes_max: usize) -> Result<Cow<'a, str>, Rejection> {
        let text = self.string(bytes_max)?;
        if text.trim().is_empty() {
            let message = format!("{} is required and must not be empty", self.name);
            return Err(Rejection::new(Reason::MissingField, self.name, message));
        }
        Ok(text)
    }

    /// An id: a string, or an integer as some clients send it.
    pub fn id(self) -> Result<Cow<'a, str>, Rejection> {
        match self.value.and_then(Json::integer) {
            Some(digits) if digits.len() <= ID_BYTES_MAX => Ok(Cow::Borrowed(digits)),
            _ => self.string(ID_BYTES_MAX),
        }
    }

    /// A UUID in any of its forms.
    pub fn uuid(self) -> Result<Option<Uuid>, Rejection> {
        let text = self.string(ID_BYTES_MAX)?;
        if text.is_empty() {
            return Ok(None);
        }
        let name = self.name;
        let message = || format!("{name} {} is not a UUID", shown(&text));
        Uuid::parse_str(&text).map(Some).map_err(|_| Rejection::new(Reason::InvalidValue, name, message()))
    }

    /// An object of at most `fields_max` fields.
    pub fn object(self, fields_max: usize) -> Result<Option<Object<'a>>, Rejection> {
        let Some(value) = self.value else { return Ok(None) };
        if value.kind() != "an object" {
            return Err(self.wrong_type("an object", value));
        }
        Object::read(value, fields_max).map(Some).map_err(|error| match error {
            ObjectError::TooMany(count) => too_many(self.name, count, fields_max),
            ObjectError::Unreadable(error) => unreadable(self.name, &error),
        })
    }

    /// A number of pixels, 0 to 65,535; browsers with a zoom send fractions, which are rounded.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before")]
    pub fn pixels(self) -> Result<u16, Rejection> {
        let Some(value) = self.value else { return Ok(0) };
        let rounded = value.number().filter(|n| *n >= 0.0).map(f64::round);
        rounded.filter(|n| *n <= f64::from(u16::MAX)).map(|n| n as u16).ok_or_else(|| {
            let message = format!("{} {} must be a number from 0 to {}", self.name, shown(&value.shown()), u16::MAX);
            Rejection::new(Reason::InvalidValue, self.name, message)
        })
    }

    /// An amount of money.
    pub fn amount(self) -> Result<f64, Rejection> {
        self.value.and_then(Json::number).filter(|n| n.abs() <= REVENUE_MAX).ok_or_else(|| {
            let sent = self.value.map_or(Cow::Borrowed("null"), Json::shown);
            let message = format!("{} {} must be a number of at most {REVENUE_MAX:e}", self.name, shown(&sent));
            Rejection::new(Reason::InvalidValue, self.name, message)
        })
    }

    fn wrong_type(self, expected: &str, got: Json<'_>) -> Rejection {
        let message = format!("{} must be {expected}, not {}: {}", self.name, got.kind(), shown(&got.shown()));
        Rejection::new(Reason::WrongType, self.name, message)
    }
}

/// For an object with more entries than are allowed.
pub fn too_many(name: &str, count: usize, count_max: usize) -> Rejection {
    let what = if name.is_empty() { "the event" } else { name };
    let message = format!("{what} holds {count} entries, at most {count_max} are allowed");
    Rejection::new(Reason::TooMany, name, message)
}

/// For a string that is JSON and yet no text, as half of a surrogate pair.
pub fn unreadable(name: &str, error: &serde_json::Error) -> Rejection {
    let what = if name.is_empty() { "a field's name" } else { name };
    let message = format!("{what} holds an escape that is no character, such as half of a surrogate pair: {error}");
    Rejection::new(Reason::InvalidValue, name, message)
}

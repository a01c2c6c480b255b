//! Taking typed fields out of an untrusted object, with errors that name the field.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::limits::{ID_BYTES_MAX, REVENUE_MAX};
use crate::rejection::{Reason, Rejection, shown};

/// An untrusted object from which fields are taken one by one. JSON `null` is absent.
pub struct Fields {
    prefix: &'static str,
    object: Map<String, Value>,
}

impl Fields {
    /// The fields of the event itself.
    pub fn new(object: Map<String, Value>) -> Self {
        Self { prefix: "", object }
    }

    /// The fields of the object under `prefix`.
    pub fn within(prefix: &'static str, object: Map<String, Value>) -> Self {
        Self { prefix, object }
    }

    /// The value of `name`, removed.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.object.remove(name).filter(|value| !value.is_null())
    }

    /// What was not taken.
    pub fn rest(self) -> Map<String, Value> {
        self.object
    }

    /// A text of at most `bytes_max`; empty if absent.
    pub fn text(&mut self, name: &str, bytes_max: usize) -> Result<String, Rejection> {
        match self.take(name) {
            None => Ok(String::new()),
            Some(Value::String(text)) => self.bounded(name, text, bytes_max),
            Some(other) => Err(self.wrong_type(name, "text", &other)),
        }
    }

    /// A text that must be there and not be blank.
    pub fn required_text(&mut self, name: &str, bytes_max: usize) -> Result<String, Rejection> {
        let text = self.text(name, bytes_max)?;
        if text.trim().is_empty() {
            let field = self.dotted(name);
            return Err(Rejection::new(
                Reason::MissingField,
                &field,
                format!("{field} is required and must not be empty"),
            ));
        }
        Ok(text)
    }

    /// An id: text, or a whole number as some clients send it.
    pub fn id(&mut self, name: &str) -> Result<String, Rejection> {
        match self.take(name) {
            Some(Value::Number(number)) if !number.is_f64() => Ok(number.to_string()),
            Some(value) => {
                self.object.insert(name.to_owned(), value);
                self.text(name, ID_BYTES_MAX)
            }
            None => Ok(String::new()),
        }
    }

    /// A UUID in any of its text forms.
    pub fn uuid(&mut self, name: &str) -> Result<Option<Uuid>, Rejection> {
        let text = self.text(name, ID_BYTES_MAX)?;
        if text.is_empty() {
            return Ok(None);
        }
        let field = self.dotted(name);
        Uuid::parse_str(&text).map(Some).map_err(|_| {
            Rejection::new(Reason::InvalidValue, &field, format!("{field} {} is not a UUID", shown(&text)))
        })
    }

    /// An object.
    pub fn object(&mut self, name: &str) -> Result<Option<Map<String, Value>>, Rejection> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(other) => Err(self.wrong_type(name, "an object", &other)),
        }
    }

    /// A whole number of pixels, 0 to 65,535.
    pub fn pixels(&mut self, name: &str) -> Result<u16, Rejection> {
        let value = self.take(name).unwrap_or_else(|| Value::from(0));
        value.as_u64().and_then(|n| u16::try_from(n).ok()).ok_or_else(|| {
            let field = self.dotted(name);
            let message = format!("{field} {} must be a whole number from 0 to {}", shown(&plain(&value)), u16::MAX);
            Rejection::new(Reason::InvalidValue, field, message)
        })
    }

    /// An amount of money.
    pub fn amount(&mut self, name: &str) -> Result<f64, Rejection> {
        let value = self.take(name).unwrap_or(Value::Null);
        value.as_f64().filter(|n| n.abs() <= REVENUE_MAX).ok_or_else(|| {
            let field = self.dotted(name);
            let message = format!("{field} {} must be a number of at most {REVENUE_MAX:e}", shown(&plain(&value)));
            Rejection::new(Reason::InvalidValue, field, message)
        })
    }

    fn bounded(&self, name: &str, text: String, bytes_max: usize) -> Result<String, Rejection> {
        if text.len() <= bytes_max {
            return Ok(text);
        }
        let field = self.dotted(name);
        let message = format!("{field} has {} bytes, at most {bytes_max} are allowed: {}", text.len(), shown(&text));
        Err(Rejection::new(Reason::TooLong, field, message))
    }

    fn wrong_type(&self, name: &str, expected: &str, got: &Value) -> Rejection {
        let field = self.dotted(name);
        let message = format!("{field} must be {expected}, not {}: {}", kind(got), shown(&plain(got)));
        Rejection::new(Reason::WrongType, field, message)
    }

    fn dotted(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }
}

/// The JSON type of a value, in words.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A value as text: strings without quotes, the rest as JSON.
pub fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

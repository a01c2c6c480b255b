//! The values that one test of a filter names.

use serde_json::{Map, Value};

use crate::{error::QueryError, events::one_of};

/// `values` if there are any, else `value`; numbers and booleans as they are written.
///
/// # Errors
/// If one is neither a string nor a number, too long, or if they are too many.
pub fn read(object: &Map<String, Value>, place: &str) -> Result<Vec<String>, QueryError> {
    let string = |value: &Value| match value {
        Value::String(string) => Some(string.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let of = |name: &str| match object.get(name) {
        Some(Value::Array(values)) => values.iter().map(string).collect(),
        Some(Value::Null) | None => Some(Vec::new()),
        Some(value) => string(value).map(|string| vec![string]),
    };
    let wrong = || QueryError::invalid(format!("{place}.value"), "strings or numbers are expected");
    let values = match of("values").ok_or_else(wrong)? {
        values if values.is_empty() => of("value").ok_or_else(wrong)?,
        values => values,
    };
    one_of::check_count(&values, &format!("{place}.values"))?;
    one_of::check_lengths(&values, &format!("{place}.value"))?;
    Ok(values)
}

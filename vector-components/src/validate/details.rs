//! The application's own properties: a flat map of strings, bounded.

use std::borrow::Cow;

use super::{
    fields::{too_many, unreadable},
    limits::{DETAIL_KEY_BYTES_MAX, DETAIL_VALUE_BYTES_MAX, DETAILS_MAX, NESTING_MAX},
    object::Object,
};
use crate::details::Details;
use crate::json::Json;
use crate::rejection::{Reason, Rejection, shown};

/// Joins the sent details with the `unknown` top-level fields, each value as a string: strings as
/// they are, everything else as JSON. A sent detail wins over an unknown field of the same name.
/// `null` values are left out.
pub fn flatten<'a>(
    details: Option<Object<'a>>,
    unknown: Vec<(Cow<'a, str>, Json<'a>)>,
) -> Result<Details<'a>, Rejection> {
    let count = unknown.len() + details.as_ref().map_or(0, Object::len);
    if count > DETAILS_MAX {
        return Err(too_many("details", count, DETAILS_MAX));
    }
    let all = unknown.into_iter().chain(details.into_iter().flatten());
    all.filter(|(_, value)| !value.is_null()).map(|(key, value)| plain(key, value)).collect()
}

fn plain<'a>(key: Cow<'a, str>, value: Json<'a>) -> Result<(Cow<'a, str>, Cow<'a, str>), Rejection> {
    check(&key, "name", key.len(), DETAIL_KEY_BYTES_MAX)?;
    let text = match value.string() {
        Some(text) => text.map_err(|error| unreadable(&dotted(&key), &error))?,
        None => {
            let (text, depth) = value.minified();
            if depth > NESTING_MAX {
                let message =
                    format!("details.{} is nested {depth} deep, at most {NESTING_MAX} are allowed", shown(&key));
                return Err(Rejection::new(Reason::TooDeep, dotted(&key), message));
            }
            text
        }
    };
    check(&key, "value", text.len(), DETAIL_VALUE_BYTES_MAX)?;
    Ok((key, text))
}

fn check(key: &str, what: &str, bytes: usize, bytes_max: usize) -> Result<(), Rejection> {
    if bytes <= bytes_max {
        return Ok(());
    }
    let message = format!("details.{}: its {what} has {bytes} bytes, at most {bytes_max} are allowed", shown(key));
    Err(Rejection::new(Reason::TooLong, dotted(key), message))
}

fn dotted(key: &str) -> String {
    format!("details.{key}").chars().take(DETAIL_KEY_BYTES_MAX).collect()
}

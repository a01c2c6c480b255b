//! The application's own properties: a flat map of text, bounded.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    fields::plain,
    limits::{DETAIL_KEY_BYTES_MAX, DETAIL_VALUE_BYTES_MAX, DETAILS_MAX},
};
use crate::details::Details;
use crate::rejection::{Reason, Rejection, shown};

/// Joins the sent `details` with the `unknown` top-level fields, each value as text:
/// strings as they are, everything else as JSON. A sent detail wins over an unknown
/// field of the same name. `null` values are left out.
pub fn flatten(details: Map<String, Value>, unknown: Map<String, Value>) -> Result<Details<'static>, Rejection> {
    let count = details.len() + unknown.len();
    if count > DETAILS_MAX {
        let message = format!("details holds {count} entries, at most {DETAILS_MAX} are allowed");
        return Err(Rejection::new(Reason::TooMany, "details", message));
    }
    let mut out = BTreeMap::new();
    for (key, value) in unknown.into_iter().chain(details) {
        check(&key, "name", key.len(), DETAIL_KEY_BYTES_MAX)?;
        if value.is_null() {
            continue;
        }
        let text = plain(&value);
        check(&key, "value", text.len(), DETAIL_VALUE_BYTES_MAX)?;
        out.insert(key, text);
    }
    Ok(out.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
}

fn check(key: &str, what: &str, bytes: usize, bytes_max: usize) -> Result<(), Rejection> {
    if bytes <= bytes_max {
        return Ok(());
    }
    let message = format!("details.{}: its {what} has {bytes} bytes, at most {bytes_max} are allowed", shown(key));
    let field: String = format!("details.{key}").chars().take(DETAIL_KEY_BYTES_MAX).collect();
    Err(Rejection::new(Reason::TooLong, field, message))
}

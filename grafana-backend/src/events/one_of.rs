//! One string or several, of which one is enough, within their limits.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{check::at_most, error::QueryError};

/// Values of one test.
pub const VALUES_MAX: usize = 1_000;
/// One value.
pub const VALUE_BYTES_MAX: usize = 2_048;

/// A string, or a list of which one is enough, as a dashboard's variable with several values gives
/// it. Empty strings among them mean nothing.
#[derive(Deserialize, JsonSchema, Debug, Clone, Default, PartialEq, Eq)]
#[serde(from = "OneOrMany")]
pub struct OneOf(Vec<String>);

#[derive(Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a string or a list of strings is expected")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for OneOf {
    fn from(given: OneOrMany) -> Self {
        let values = match given {
            OneOrMany::One(value) => vec![value],
            OneOrMany::Many(values) => values,
        };
        Self(values.into_iter().filter(|value| !value.is_empty()).collect())
    }
}

impl OneOf {
    /// Whether it means everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The strings.
    #[must_use]
    pub fn values(&self) -> &[String] {
        &self.0
    }

    /// Checks the limits.
    ///
    /// # Errors
    /// Names the limit and the value.
    pub fn check(&self, place: &str) -> Result<(), QueryError> {
        check_count(&self.0, place)?;
        check_lengths(&self.0, place)
    }
}

/// At most [`VALUES_MAX`].
///
/// # Errors
/// Names the limit and the number.
pub fn check_count(values: &[String], place: &str) -> Result<(), QueryError> {
    at_most(place, values.len(), VALUES_MAX)
}

/// Each at most [`VALUE_BYTES_MAX`].
///
/// # Errors
/// Names the limit and the length.
pub fn check_lengths(values: &[String], place: &str) -> Result<(), QueryError> {
    match values.iter().find(|value| value.len() > VALUE_BYTES_MAX) {
        None => Ok(()),
        Some(long) => Err(QueryError::invalid(
            place,
            format!("it has {} bytes, at most {VALUE_BYTES_MAX} are allowed", long.len()),
        )),
    }
}

impl fmt::Display for OneOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" | "))
    }
}

//! A cohort by its name.

use serde_json::Value;

use crate::{cohorts::NAME_CHARS_MAX, error::QueryError};

/// A cohort that a filter names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its name.
    pub name: String,
    /// Where the query names it.
    pub place: String,
}

impl Named {
    /// Reads the name at `place`.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(json: &Value, place: &str) -> Result<Self, QueryError> {
        let Value::String(name) = json else {
            return Err(QueryError::invalid(place, format!("a cohort's name is expected, not {json}")));
        };
        let chars = name.chars().count();
        if chars == 0 || chars > NAME_CHARS_MAX {
            let message = format!("a cohort's name has 1 to {NAME_CHARS_MAX} characters, not {chars}");
            return Err(QueryError::invalid(place, message));
        }
        Ok(Self { name: name.clone(), place: place.to_owned() })
    }
}

//! The range of time that is asked about.

use std::ops::RangeInclusive;

use crate::error::QueryError;

/// From the year 1900 to 2100: no panel asks for more, and it would overflow further on.
const INSTANTS_MS: RangeInclusive<i64> = -2_208_988_800_000..=4_102_444_800_000;

/// A half-open range of time, in milliseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first instant in it.
    pub from_ms: i64,
    /// The first instant after it.
    pub to_ms: i64,
    /// The panel's bucket.
    pub interval_ms: i64,
}

impl Range {
    /// Whether it is one.
    ///
    /// # Errors
    /// Names what is wrong with it.
    pub fn check(self) -> Result<Self, QueryError> {
        let Self { from_ms, to_ms, .. } = self;
        if !INSTANTS_MS.contains(&from_ms) || !INSTANTS_MS.contains(&to_ms) {
            let message = format!("{from_ms} … {to_ms} is not within 1900 … 2100");
            return Err(QueryError::invalid("timeRange", message));
        }
        if from_ms >= to_ms {
            return Err(QueryError::invalid("timeRange", "its end is not after its start"));
        }
        Ok(self)
    }
}

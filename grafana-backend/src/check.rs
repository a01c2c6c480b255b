//! Limits, each checked and refused in one way.

use std::{fmt::Display, ops::RangeInclusive};

use crate::error::QueryError;

/// A number within its limits, both inclusive.
///
/// # Errors
/// Names the limits and the number.
pub fn within<T: PartialOrd + Display>(field: &str, value: T, limits: RangeInclusive<T>) -> Result<T, QueryError> {
    if limits.contains(&value) {
        return Ok(value);
    }
    Err(QueryError::invalid(field, format!("{value} is not from {} to {}", limits.start(), limits.end())))
}

/// A count within its limit.
///
/// # Errors
/// Names the limit and the number.
pub fn at_most(field: &str, count: usize, max: usize) -> Result<(), QueryError> {
    match count <= max {
        true => Ok(()),
        false => Err(QueryError::invalid(field, format!("{count} are given, at most {max} are allowed"))),
    }
}

/// `a, b or c`.
#[must_use]
pub fn any(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_field_the_limit_and_the_value() {
        let text = |result: Result<u32, QueryError>| result.unwrap_err().to_string();
        assert_eq!(within("limit", 5, 1..=5), Ok(5));
        assert_eq!(text(within("limit", 6, 1..=5)), "limit: 6 is not from 1 to 5");
        assert_eq!(at_most("list", 3, 2).unwrap_err().to_string(), "list: 3 are given, at most 2 are allowed");
    }
}

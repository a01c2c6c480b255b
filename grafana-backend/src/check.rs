//! Limits, each checked and refused in one way.

use std::{fmt::Display, ops::RangeInclusive};

use crate::error::QueryError;

/// Letters of a name that are compared with others.
const NAME_CHARS_MAX: usize = 64;
/// Letters with which a name is begun recognizably.
const BEGINNING_CHARS_MIN: usize = 3;

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

/// Which of the known names was probably meant by another; all of them if it is like none.
#[must_use]
pub fn meant(given: &str, known: &[&str]) -> String {
    let lower = given.chars().take(NAME_CHARS_MAX).collect::<String>().to_lowercase();
    let length = lower.chars().count();
    let distance = |name: &str| match name.to_lowercase() {
        // Who stops in the middle of a name means it.
        name if length >= BEGINNING_CHARS_MIN && name.starts_with(&lower) => 1,
        name => strsim::damerau_levenshtein(&lower, &name),
    };
    let nearest = known.iter().min_by_key(|name| (distance(name), name.len().abs_diff(length)));
    // A third of the letters may be wrong.
    match nearest.filter(|name| distance(name) <= name.len().max(length).div_ceil(3)) {
        Some(name) => format!("did you mean {name}?"),
        None => format!("there are {}", all(known)),
    }
}

/// `a, b and c`.
fn all(names: &[&str]) -> String {
    any(names).replace(" or ", " and ")
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
    fn a_misspelt_name_is_recognized() {
        let known = ["conversionWindowMs", "steps", "breakdown"];
        assert_eq!(meant("conversionWindow", &known), "did you mean conversionWindowMs?");
        assert_eq!(meant("STEP", &known), "did you mean steps?");
        assert_eq!(meant("stepz", &["step", "steps"]), "did you mean steps?");
        assert_eq!(meant("val", &["all", "value"]), "did you mean value?");
        assert_eq!(meant("brekadown", &known), "did you mean breakdown?");
        assert_eq!(meant("x", &known), "there are conversionWindowMs, steps and breakdown");
        assert_eq!(meant("limit", &[]), "there are ");
    }

    #[test]
    fn an_error_names_the_field_the_limit_and_the_value() {
        let text = |result: Result<u32, QueryError>| result.unwrap_err().to_string();
        assert_eq!(within("limit", 5, 1..=5), Ok(5));
        assert_eq!(text(within("limit", 6, 1..=5)), "limit: 6 is not from 1 to 5");
        assert_eq!(at_most("list", 3, 2).unwrap_err().to_string(), "list: 3 are given, at most 2 are allowed");
    }
}

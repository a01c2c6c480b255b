//! Names for what is not a value: the rest of a breakdown, and events without a value.

/// What the values beyond a breakdown's limit are called together.
pub const OTHER: &str = "(other)";
/// What events without a value are called.
pub const NONE: &str = "(none)";

/// The name, in further brackets if a value that is shown is itself called so: exports of other
/// products hold `(other)` and `(none)` as values, which must not be mixed with ours.
pub fn apart<'v>(name: &str, shown: impl Iterator<Item = &'v str> + Clone) -> String {
    let mut name = name.to_owned();
    while shown.clone().any(|value| value == name) {
        name = format!("({name})");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_that_of_a_value() {
        assert_eq!(apart(OTHER, ["DE", ""].into_iter()), "(other)");
        assert_eq!(apart(OTHER, ["(other)", "DE", "((other))"].into_iter()), "(((other)))");
    }
}

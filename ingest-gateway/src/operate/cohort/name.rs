//! What a cohort can be called.

use thiserror::Error;

/// Characters of a name.
const NAME_CHARS_MAX: usize = 100;
/// Characters of a description.
const DESCRIPTION_CHARS_MAX: usize = 1_000;

/// Why it cannot be called so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// It has none or too many characters.
    #[error("it has {chars} characters, not {least} to {most}")]
    Length {
        /// Those that are given.
        chars: usize,
        /// At least.
        least: usize,
        /// At most.
        most: usize,
    },
    /// A line's end, for instance.
    #[error("it has the control character {0:?}")]
    Control(char),
}

/// A cohort's name, exactly.
pub fn name(text: &str) -> Result<String, NameError> {
    check(text, 1, NAME_CHARS_MAX)
}

/// A sentence about it.
pub fn description(text: &str) -> Result<String, NameError> {
    check(text, 0, DESCRIPTION_CHARS_MAX)
}

fn check(text: &str, least: usize, most: usize) -> Result<String, NameError> {
    let chars = text.chars().count();
    if !(least..=most).contains(&chars) {
        return Err(NameError::Length { chars, least, most });
    }
    match text.chars().find(|c| c.is_control()) {
        Some(control) => Err(NameError::Control(control)),
        None => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_has_one_line() {
        for good in ["a", "Käufer, 2026", &"ü".repeat(100)] {
            assert_eq!(name(good).as_deref(), Ok(good));
        }
        assert_eq!(name("").unwrap_err().to_string(), "it has 0 characters, not 1 to 100");
        assert_eq!(name(&"ü".repeat(101)).unwrap_err().to_string(), "it has 101 characters, not 1 to 100");
        assert_eq!(name("a\nb").unwrap_err(), NameError::Control('\n'));
        assert_eq!(description("").as_deref(), Ok(""));
    }
}

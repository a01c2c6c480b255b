//! ClickHouse's exceptions by their number, which stays the same over versions and languages.

use clickhouse::error::Error;

/// Another made the table before.
pub const TABLE_ALREADY_EXISTS: u32 = 57;
/// It is not there, or not any more.
pub const UNKNOWN_TABLE: u32 = 60;

/// A database that is not there.
pub const UNKNOWN_DATABASE: u32 = 81;
/// No such user, or another password.
pub const AUTHENTICATION_FAILED: u32 = 516;

/// The number of the exception that ClickHouse answered with; none if it did not answer.
///
/// The one place that reads an answer's text: the client returns nothing but `Code: 57. DB::…`.
#[must_use]
pub fn code(error: &Error) -> Option<u32> {
    let Error::BadResponse(text) = error else { return None };
    let rest = text.trim_start().strip_prefix("Code: ")?;
    rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_the_first_thing_said() {
        let of = |text: &str| code(&Error::BadResponse(text.into()));
        assert_eq!(of("Code: 57. DB::Exception: Table a.b already exists. (TABLE_ALREADY_EXISTS)"), Some(57));
        assert_eq!(of("Code: 516"), Some(516));
        assert_eq!(of("Code: . DB::Exception"), None);
        assert_eq!(of("404 Not Found: Code: 57. DB::Exception"), None, "a proxy's page, not an exception");
        assert_eq!(code(&Error::TimedOut), None);
    }
}

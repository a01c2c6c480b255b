//! Who asks, by ClickHouse's own means: the headers `X-ClickHouse-User` and `X-ClickHouse-Key`,
//! `Authorization: Basic`, or `user` and `password` in the URL.

use axum::http::{HeaderMap, header};
use base64::{Engine as _, prelude::BASE64_STANDARD};

use crate::{reading::Access, refusal::Refusal, secrets::Passwords};

const DEFAULT: &str = "default";
const READER: &str = "reader";

/// What the request may do, by its user and password.
///
/// # Errors
/// ClickHouse's `AUTHENTICATION_FAILED`; it does not tell what was wrong.
pub fn access(query_string: &str, headers: &HeaderMap, passwords: &Passwords) -> Result<Access, Refusal> {
    let given = [of_headers(headers), of_basic(headers), of_url(query_string)];
    let mut given = given.into_iter().filter_map(Result::transpose);
    let (Some(Ok((user, password))), None) = (given.next(), given.next()) else { return Err(failed()) };
    let user = if user.is_empty() { DEFAULT } else { &user };
    // Both are compared, so that the time does not tell which users there are.
    let (is_default, is_reader) = (passwords.default.matches(&password), passwords.reader.matches(&password));
    match user {
        DEFAULT if is_default => Ok(Access::Full),
        READER if is_reader => Ok(Access::ReadAnalytics),
        _ => Err(failed()),
    }
}

/// A user and a password, if the request has any by this means. Twice is a failure.
type Given = Result<Option<(String, String)>, Refusal>;

fn of_headers(headers: &HeaderMap) -> Given {
    let user = single(headers, "x-clickhouse-user")?;
    let key = single(headers, "x-clickhouse-key")?;
    Ok((user.is_some() || key.is_some()).then(|| (user.unwrap_or_default(), key.unwrap_or_default())))
}

fn of_basic(headers: &HeaderMap) -> Given {
    let Some(value) = single(headers, header::AUTHORIZATION.as_str())? else { return Ok(None) };
    let (scheme, encoded) = value.split_once(' ').ok_or_else(failed)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(failed());
    }
    let decoded = BASE64_STANDARD.decode(encoded.trim()).map_err(|_| failed())?;
    let text = String::from_utf8(decoded).map_err(|_| failed())?;
    let (user, password) = text.split_once(':').ok_or_else(failed)?;
    Ok(Some((user.to_owned(), password.to_owned())))
}

fn of_url(query_string: &str) -> Given {
    let (mut user, mut password) = (None, None);
    for (name, value) in form_urlencoded::parse(query_string.as_bytes()) {
        let place = match &*name {
            "user" => &mut user,
            "password" => &mut password,
            _ => continue,
        };
        if place.replace(value.into_owned()).is_some() {
            return Err(failed());
        }
    }
    Ok((user.is_some() || password.is_some()).then(|| (user.unwrap_or_default(), password.unwrap_or_default())))
}

fn single(headers: &HeaderMap, name: &str) -> Result<Option<String>, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(|text| Some(text.to_owned())).map_err(|_| failed()),
        (Some(_), Some(_)) => Err(failed()),
    }
}

fn failed() -> Refusal {
    let message = "Authentication failed: password is incorrect, or there is no user with such name. \
                   The passwords are in the engine's data folder: `engine-password` of the user default, \
                   `reader-password` of the user reader. (AUTHENTICATION_FAILED)";
    Refusal { code: 516, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Password;

    fn ask(query_string: &str, headers: &[(&'static str, &str)]) -> Result<Access, u16> {
        let passwords = Passwords {
            default: Password::parse("default-password-1").unwrap(),
            reader: Password::parse("reader-password-22").unwrap(),
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        access(query_string, &map, &passwords).map_err(|refusal| refusal.code)
    }

    fn basic(text: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(text))
    }

    #[test]
    fn every_means_of_clickhouse_is_taken() {
        let (full, reader) = (basic("default:default-password-1"), basic("reader:reader-password-22"));
        for (query_string, headers, expected) in [
            ("", vec![("authorization", full.as_str())], Access::Full),
            ("", vec![("authorization", reader.as_str())], Access::ReadAnalytics),
            ("", vec![("x-clickhouse-user", "default"), ("x-clickhouse-key", "default-password-1")], Access::Full),
            ("", vec![("x-clickhouse-key", "default-password-1")], Access::Full),
            ("user=reader&password=reader-password-22", vec![], Access::ReadAnalytics),
            ("password=default%2Dpassword-1&query=x", vec![], Access::Full),
        ] {
            assert_eq!(ask(query_string, &headers), Ok(expected), "{query_string} {headers:?}");
        }
    }

    #[test]
    fn whatever_else_is_refused() {
        let crossed = basic("reader:default-password-1");
        let full = basic("default:default-password-1");
        for (query_string, headers) in [
            ("", vec![]),
            ("query=SELECT+1", vec![]),
            ("", vec![("authorization", crossed.as_str())]),
            ("", vec![("authorization", "Basic")]),
            ("", vec![("authorization", "Basic %%%")]),
            ("", vec![("authorization", "Bearer default-password-1")]),
            ("", vec![("x-clickhouse-user", "default"), ("x-clickhouse-key", "")]),
            ("", vec![("x-clickhouse-user", "nobody"), ("x-clickhouse-key", "default-password-1")]),
            ("", vec![("x-clickhouse-key", "default-password-1"), ("x-clickhouse-key", "other")]),
            ("password=x", vec![("authorization", full.as_str())]),
            ("user=reader", vec![("authorization", full.as_str())]),
            ("password=other&password=default-password-1", vec![]),
            ("password=default-password-1&password=other", vec![]),
            ("user=default&user=reader&password=default-password-1", vec![]),
            ("PASSWORD=default-password-1", vec![]),
            ("password=default-password-1%00", vec![]),
            ("password=default-password-1+", vec![]),
            ("user=Default&password=default-password-1", vec![]),
        ] {
            assert_eq!(ask(query_string, &headers), Err(516), "{query_string} {headers:?}");
        }
    }
}

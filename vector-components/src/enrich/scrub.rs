//! Keeping secrets and people out of stored addresses: parameters whose names say that
//! their values are neither for analytics nor for anybody's eyes.
//!
//! Rule's source: our own list; names match whole, without regard to case.

use std::borrow::Cow;

/// Parameters whose values are replaced.
pub const SCRUBBED: [&str; 24] = [
    "access_token",
    "api_key",
    "apikey",
    "auth",
    "authorization",
    "client_secret",
    "code",
    "credentials",
    "email",
    "e-mail",
    "id_token",
    "jwt",
    "key",
    "mail",
    "otp",
    "passwd",
    "password",
    "phone",
    "pwd",
    "refresh_token",
    "secret",
    "session_token",
    "sig",
    "token",
];
/// What stands in place of a value.
pub const REPLACEMENT: &str = "REDACTED";

/// `address` with the values of [`SCRUBBED`] parameters replaced, in query and fragment,
/// and without a user and password. Everything else stays byte for byte.
#[must_use]
pub fn scrub(address: &str) -> Cow<'_, str> {
    let start = address.find(['?', '#']).unwrap_or(address.len());
    let (head, parameters) = address.split_at(start);
    let head = without_userinfo(head);
    if !parameters.split(['?', '#', '&', ';']).any(is_scrubbed) {
        return match head {
            Cow::Borrowed(_) => Cow::Borrowed(address),
            Cow::Owned(head) => Cow::Owned(head + parameters),
        };
    }
    let mut out = head.into_owned();
    for part in parameters.split_inclusive(['?', '#', '&', ';']) {
        let (pair, separator) = part.split_at(part.len() - usize::from(part.ends_with(['?', '#', '&', ';'])));
        match pair.split_once('=') {
            Some((name, _)) if is_scrubbed(pair) => out.extend([name, "=", REPLACEMENT, separator]),
            _ => out.extend([pair, separator]),
        }
    }
    Cow::Owned(out)
}

fn is_scrubbed(pair: &str) -> bool {
    pair.split_once('=').is_some_and(|(name, value)| {
        !value.is_empty() && SCRUBBED.iter().any(|scrubbed| scrubbed.eq_ignore_ascii_case(name))
    })
}

fn without_userinfo(head: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = head.split_once("://") else { return Cow::Borrowed(head) };
    let host_end = rest.find('/').unwrap_or(rest.len());
    match rest[..host_end].rfind('@') {
        Some(at) => Cow::Owned(format!("{scheme}://{}", &rest[at + 1..])),
        None => Cow::Borrowed(head),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_addresses() {
        for (address, expected) in [
            (
                "https://a.example/x?utm_source=n&email=a%40b.c&x=1",
                "https://a.example/x?utm_source=n&email=REDACTED&x=1",
            ),
            (
                "https://a.example/?Token=t#access_token=z&y=2",
                "https://a.example/?Token=REDACTED#access_token=REDACTED&y=2",
            ),
            ("https://user:pass@a.example/x", "https://a.example/x"),
            ("https://a.example/@me?q=1", "https://a.example/@me?q=1"),
            ("https://a.example/?keyword=shoes&monkey=1&key=", "https://a.example/?keyword=shoes&monkey=1&key="),
            ("/relative?password=x", "/relative?password=REDACTED"),
            ("", ""),
        ] {
            assert_eq!(scrub(address), expected, "{address}");
        }
    }
}

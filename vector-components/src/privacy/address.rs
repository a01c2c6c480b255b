//! Keeping secrets and people out of stored addresses: parameters whose names say that
//! their values are neither for analytics nor for anybody's eyes.
//!
//! An address may be in another's parameter, encoded once more for each level. A value ends at the
//! next `&` of its own level or of one further out, so that nothing of it is left behind, whatever is
//! encoded in it. Names are [`Names`]'.

use std::borrow::Cow;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::names::Names;

/// What stands in place of a value.
pub const REPLACEMENT: &str = "REDACTED";

/// Which parameters are secrets.
#[derive(Clone, Copy)]
pub struct Secrets<'n> {
    pub names: &'n Names,
    /// Parameters of an address; else they are of a text that only looks like them, such as a form's.
    pub is_address: bool,
    /// Of how many texts this one is within.
    pub depth: usize,
    /// What is done with a value that may be JSON.
    pub redact_json: RedactJson,
}

/// JSON without its secrets, of which the text is so deep within others; none if the text is no JSON.
pub type RedactJson = for<'t> fn(text: &'t str, names: &Names, depth: usize) -> Option<Cow<'t, str>>;

impl Secrets<'_> {
    fn hold(&self, name: &str) -> bool {
        if self.is_address { self.names.is_parameter(name) } else { self.names.is_property(name) }
    }
}

/// `address` with the values of these secrets replaced, and without a user and password.
pub fn scrub_with<'a>(address: &'a str, secrets: Secrets<'_>) -> Cow<'a, str> {
    let plain = without_userinfo(address);
    if !plain.contains(['=', '%']) {
        return plain;
    }
    match scrubbed(&plain, secrets) {
        Some(changed) => Cow::Owned(changed),
        None => plain,
    }
}

fn scrubbed(address: &str, secrets: Secrets<'_>) -> Option<String> {
    let (mut out, mut copied) = (String::new(), 0);
    let (mut at, mut name_at) = (0, 0);
    let mut part = if secrets.is_address { Part::Path } else { Part::Query };
    while let Some(mark) = next_mark(address, at) {
        at = mark.end;
        part = part.behind(&mark);
        let name = &address[name_at..mark.start];
        name_at = mark.end;
        if mark.sign != b'=' {
            continue;
        }
        let end = end_of_value(address, &mark, part);
        let value = &address[mark.end..end];
        let with = if value.is_empty() || value == REPLACEMENT {
            None
        } else if secrets.hold(name) {
            Some(REPLACEMENT.to_owned())
        } else {
            json_within(value, secrets)
        };
        if let Some(with) = with {
            out.push_str(&address[copied..mark.end]);
            out.push_str(&with);
            (copied, at, name_at) = (end, end, end);
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&address[copied..]);
    Some(out)
}

/// The part of an address, which says what ends a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    Query,
    Fragment,
}

impl Part {
    fn behind(self, mark: &Mark) -> Self {
        match (self, mark.sign, mark.level) {
            (Self::Path, b'?', 0) => Self::Query,
            (_, b'#', 0) => Self::Fragment,
            _ => self,
        }
    }

    fn ends_with(self, sign: u8) -> bool {
        match self {
            Self::Path => matches!(sign, b'/' | b'?' | b'#'),
            Self::Query => matches!(sign, b'&' | b'#'),
            Self::Fragment => sign == b'&',
        }
    }
}

/// A sign that separates parameters or a name from its value.
struct Mark {
    sign: u8,
    /// How often it is encoded.
    level: usize,
    start: usize,
    end: usize,
}

fn next_mark(address: &str, from: usize) -> Option<Mark> {
    let bytes = address.as_bytes();
    let is_mark = |sign: u8| matches!(sign, b'?' | b'#' | b'&' | b';' | b'=' | b'/');
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        if is_mark(*byte) {
            return Some(Mark { sign: *byte, level: 0, start: at, end: at + 1 });
        }
        if *byte == b'%' {
            // `%26`, `%2526`, `%252526`: each 25 is a `%` encoded once more.
            let (mut digits, mut level) = (at + 1, 1);
            while bytes[digits..].starts_with(b"25") {
                (digits, level) = (digits + 2, level + 1);
            }
            if let Some(sign) = hex(bytes.get(digits..digits + 2)).filter(|sign| is_mark(*sign)) {
                return Some(Mark { sign, level, start: at, end: digits + 2 });
            }
            at = digits;
        } else {
            at += 1;
        }
    }
    None
}

fn hex(digits: Option<&[u8]>) -> Option<u8> {
    let text = std::str::from_utf8(digits?).ok()?;
    u8::from_str_radix(text, 16).ok()
}

/// Where the value behind `equals` ends.
fn end_of_value(address: &str, equals: &Mark, part: Part) -> usize {
    let mut at = equals.end;
    while let Some(mark) = next_mark(address, at) {
        let ends = match mark.level {
            0 => part.ends_with(mark.sign),
            level => level <= equals.level && matches!(mark.sign, b'&' | b'#'),
        };
        if ends {
            return mark.start;
        }
        at = mark.end;
    }
    address.len()
}

/// A value that is JSON with a secret in it, without the secret.
fn json_within(value: &str, secrets: Secrets<'_>) -> Option<String> {
    if !value.starts_with(['{', '[', '"', '%']) {
        return None;
    }
    let decoded = percent_decode_str(value).decode_utf8_lossy();
    match (secrets.redact_json)(&decoded, secrets.names, secrets.depth + 1)? {
        Cow::Owned(changed) => Some(utf8_percent_encode(&changed, NON_ALPHANUMERIC).to_string()),
        Cow::Borrowed(REPLACEMENT) => Some(REPLACEMENT.to_owned()),
        Cow::Borrowed(_) => None,
    }
}

/// Without what stands between `//` and `@`, of the address and of those in it.
fn without_userinfo(address: &str) -> Cow<'_, str> {
    if !address.contains('@') {
        return Cow::Borrowed(address);
    }
    let (mut out, mut copied) = (String::new(), 0);
    let mut authorities = vec![authority_at_start(address)];
    authorities.extend(address.match_indices("://").map(|(at, sign)| at + sign.len()));
    for start in authorities.into_iter().filter(|start| *start > 0) {
        let authority = &address[start..];
        let authority = &authority[..authority.find(['/', '\\', '?', '#', '&', ' ']).unwrap_or(authority.len())];
        if let Some(at) = authority.rfind('@').filter(|_| start >= copied) {
            out.push_str(&address[copied..start]);
            copied = start + at + 1;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(address);
    }
    out.push_str(&address[copied..]);
    Cow::Owned(out)
}

/// Where the host begins, as browsers read it: any number of slashes of either kind. 0 if there is
/// no host.
fn authority_at_start(address: &str) -> usize {
    let scheme = ["https:", "http:", "wss:", "ws:", "ftp:"]
        .into_iter()
        .find(|scheme| address.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)))
        .map_or(0, str::len);
    let slashes = address[scheme..].bytes().take_while(|b| matches!(b, b'/' | b'\\')).count();
    if scheme > 0 || slashes >= 2 { scheme + slashes } else { 0 }
}

#[cfg(test)]
mod tests {
    use crate::privacy::scrub;

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
            ("https:/\\user:p@ss@a.example/x", "https:/\\a.example/x"),
            ("//user@a.example/x", "//a.example/x"),
            ("https://a.example/?next=https://u:p@b.example/", "https://a.example/?next=https://b.example/"),
            ("https://a.example/@me?q=1", "https://a.example/@me?q=1"),
            ("https://a.example/?keyword=shoes&monkey=1&key=", "https://a.example/?keyword=shoes&monkey=1&key="),
            ("/relative?password=x", "/relative?password=REDACTED"),
            ("/reset?token=S", "/reset?token=REDACTED"),
            ("/reset;token=S/done#/x", "/reset;token=REDACTED/done#/x"),
            ("/?token[]=S&user[password]=S&%74oken=S", "/?token[]=REDACTED&user[password]=REDACTED&%74oken=REDACTED"),
            ("/?user%5Bpassword%5D=S&a=1", "/?user%5Bpassword%5D=REDACTED&a=1"),
            ("/#/login?otp=S", "/#/login?otp=REDACTED"),
            ("/?a=1&amp;token=S", "/?a=1&amp;token=REDACTED"),
            ("/?token=a;b/c?d==%26e&x=1", "/?token=REDACTED&x=1"),
            ("/?next=%2Fr%3Ftoken%3DS%26x%3D1&y=2", "/?next=%2Fr%3Ftoken%3DREDACTED%26x%3D1&y=2"),
            ("/?next=%252Fr%253Ftoken%253DS%2526x&y=2", "/?next=%252Fr%253Ftoken%253DREDACTED%2526x&y=2"),
            ("/?q=%7B%22password%22%3A%22S%22%7D&y=2", "/?q=%7B%22password%22%3A%22REDACTED%22%7D&y=2"),
            ("/?q=%7B%22plan%22%3A%22pro%22%7D", "/?q=%7B%22plan%22%3A%22pro%22%7D"),
            ("/100%", "/100%"),
            ("", ""),
        ] {
            assert_eq!(scrub(address), expected, "{address}");
            assert_eq!(scrub(expected), expected, "once more: {expected}");
        }
    }
}

//! One page, one path: `/caf%c3%a9`, `/caf%C3%A9` and `/café` are the same.
//!
//! Rule's source: RFC 3986, 6.2.2, and RFC 3987, 3.2. The form that is kept is the one that people
//! read: what is encoded without need is decoded, UTF-8 included. What stays encoded, in capitals:
//! reserved characters, which may mean another page than their plain selves; `%` itself, so that nothing
//! is decoded twice; backslashes; what cannot be seen; and bytes that are no UTF-8. A trailing slash
//! and the case of letters tell pages apart.

use std::{borrow::Cow, fmt::Write};

/// The path in its one form. A query and a fragment, which some send with it, stay as they are.
#[must_use]
pub fn normalize(path: &str) -> Cow<'_, str> {
    if !path.bytes().any(|byte| matches!(byte, b'%' | 0..0x20 | 0x7f..)) {
        return Cow::Borrowed(path);
    }
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let (page, rest) = path.split_at(end);
    let mut out = String::with_capacity(path.len());
    let (mut plain, mut encoded) = (page, Vec::new());
    while let Some(at) = plain.find('%') {
        push_plain(&mut out, &plain[..at]);
        plain = &plain[at..];
        encoded.clear();
        while let Some(byte) = encoded_byte(plain) {
            encoded.push(byte);
            plain = &plain[3..];
        }
        if encoded.is_empty() {
            out.push_str("%25");
            plain = &plain[1..];
        }
        push_decoded(&mut out, &encoded);
    }
    push_plain(&mut out, plain);
    out.push_str(rest);
    if out == path { Cow::Borrowed(path) } else { Cow::Owned(out) }
}

/// The byte that a text begins with, if it begins with an encoded one.
fn encoded_byte(text: &str) -> Option<u8> {
    let digits = text.strip_prefix('%')?.get(..2)?;
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u8::from_str_radix(digits, 16).ok())?
}

fn push_plain(out: &mut String, text: &str) {
    for c in text.chars() {
        if is_hidden(c) { push_encoded(out, c.encode_utf8(&mut [0; 4]).as_bytes()) } else { out.push(c) }
    }
}

fn push_decoded(out: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            let is_reserved = matches!(c, ':' | '/' | '?' | '#' | '[' | ']' | '@' | '!' | '$' | '&' | '\'' | '(' | ')')
                || matches!(c, '*' | '+' | ',' | ';' | '=' | '%' | '\\');
            if is_reserved || is_hidden(c) {
                push_encoded(out, c.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                out.push(c);
            }
        }
        push_encoded(out, chunk.invalid());
    }
}

fn push_encoded(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        // A string takes everything.
        let _ = write!(out, "%{byte:02X}");
    }
}

/// Controls, and characters that only change how others look: two paths that look the same are the same.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        )
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn golden_paths() {
        for (path, expected) in [
            ("/café", "/café"),
            ("/caf%C3%A9", "/café"),
            ("/caf%c3%a9", "/café"),
            ("/%7Euser", "/~user"),
            ("/~user", "/~user"),
            ("/%41%2D%2e", "/A-."),
            ("/my%20page", "/my page"),
            ("Home Screen", "Home Screen"),
            ("/users/{id}", "/users/{id}"),
            ("/users/%7Bid%7D", "/users/{id}"),
            ("/a%2fb%3Fc%23d%25e", "/a%2Fb%3Fc%23d%25e"),
            ("/a%2cb,c", "/a%2Cb,c"),
            ("/%2541", "/%2541"),
            ("/100%", "/100%25"),
            ("/%%34%31", "/%2541"),
            ("/%zz%e", "/%25zz%25e"),
            ("/%ff%c3%28", "/%FF%C3%28"),
            ("/%c3é", "/%C3é"),
            ("/a%0ab%7f\u{7}", "/a%0Ab%7F%07"),
            ("/a%E2%80%AEb\u{202e}", "/a%E2%80%AEb%E2%80%AE"),
            ("/a%5Cb\\c", "/a%5Cb\\c"),
            ("/caf%c3%a9?q=%c3%a9", "/café?q=%c3%a9"),
            ("/%D0%B4%D0%BE%D0%BC/%E6%9D%B1", "/дом/東"),
            ("/pricing/", "/pricing/"),
            ("", ""),
        ] {
            assert_eq!(normalize(path), expected, "{path:?}");
        }
    }

    proptest! {
        #[test]
        fn a_normal_path_stays_and_means_the_same(path in "(?s)[a-c%0-9é/~ \u{202e}]{0,12}|.{0,12}") {
            let normal = normalize(&path);
            prop_assert_eq!(normalize(&normal), &*normal);
            let page = |text: &str| text.split(['?', '#']).next().unwrap_or_default().to_owned();
            let bytes = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
            prop_assert_eq!(bytes(&page(&normal)), bytes(&page(&path)));
        }

        #[test]
        fn every_spelling_of_a_path_is_one(text in "[a-zé~東 -]{0,8}", lower in any::<bool>()) {
            let mut spelt = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
            if lower {
                spelt = spelt.to_lowercase();
            }
            prop_assert_eq!(&*normalize(&spelt), &*text);
            prop_assert_eq!(&*normalize(&text), &*text);
        }
    }
}

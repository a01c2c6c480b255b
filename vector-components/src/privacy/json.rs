//! Secrets inside of a property's value: JSON, an address, or what a form sends.
//!
//! JSON is stored as text. The text is gone through once, without a tree: what
//! is no secret stays byte for byte, numbers of any length and the names' order included. It need
//! not be whole JSON; a value that is cut off ends with the text.

use std::borrow::Cow;

use super::{
    address::{REPLACEMENT, Secrets, scrub_with},
    names::Names,
};

/// JSON in a text of JSON in a text, and so on, that is looked into; deeper, it is a secret.
const TEXTS_IN_TEXTS_MAX: usize = 6;

/// `text` with the values of secret names in it replaced, `depth` texts deep.
pub fn redact_value<'t>(text: &'t str, names: &Names, depth: usize) -> Cow<'t, str> {
    redact_if_json(text, names, depth).unwrap_or_else(|| {
        let is_address = text.contains("://") || text.starts_with(['/', '?', '#']);
        scrub_with(text, Secrets { names, is_address, depth, redact_json: redact_if_json })
    })
}

/// As [`redact_value`], of JSON; none if the text is not to be read as JSON.
pub fn redact_if_json<'t>(text: &'t str, names: &Names, depth: usize) -> Option<Cow<'t, str>> {
    text.trim_start().starts_with(['{', '[', '"']).then(|| redact(text, names, depth))
}

/// `text` with the values of secret names replaced, `depth` texts deep.
pub fn redact<'t>(text: &'t str, names: &Names, depth: usize) -> Cow<'t, str> {
    if depth > TEXTS_IN_TEXTS_MAX {
        return Cow::Borrowed(REPLACEMENT);
    }
    let (mut out, mut copied, mut at) = (String::new(), 0, 0);
    while let Some(quote) = text[at..].find('"').map(|found| at + found) {
        let end = end_of_string(text, quote);
        let literal = &text[quote..end];
        at = end;
        let colon = skip_space(text, end);
        let replaced = if text.as_bytes().get(colon) == Some(&b':') {
            if !names.is_property(&unescaped(literal)) {
                at = colon + 1;
                continue;
            }
            let start = skip_space(text, colon + 1);
            at = end_of_value(text, start);
            let is_nothing = matches!(&text[start..at], "" | "\"\"" | "null");
            (!is_nothing).then(|| (start, escaped(REPLACEMENT)))
        } else {
            match redact_value(&unescaped(literal), names, depth + 1) {
                Cow::Owned(changed) => Some((quote, escaped(&changed))),
                Cow::Borrowed(REPLACEMENT) => Some((quote, escaped(REPLACEMENT))),
                Cow::Borrowed(_) => None,
            }
        };
        if let Some((start, with)) = replaced {
            out.push_str(&text[copied..start]);
            out.push_str(&with);
            copied = at;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Behind the string that begins at `start`.
fn end_of_string(text: &str, start: usize) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(start + 1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Behind the value that begins at `start`.
fn end_of_value(text: &str, start: usize) -> usize {
    let (mut open, mut at) = (0_usize, start);
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => {
                at = end_of_string(text, at);
                if open == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => open += 1,
            b'}' | b']' | b',' if open == 0 => return at,
            b'}' | b']' => {
                open -= 1;
                if open == 0 {
                    return at + 1;
                }
            }
            b' ' | b'\t' | b'\n' | b'\r' if open == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

fn skip_space(text: &str, from: usize) -> usize {
    let space = text.bytes().skip(from).take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count();
    from + space
}

/// What a string says; as it stands if it is none.
fn unescaped(literal: &str) -> Cow<'_, str> {
    let inside = literal.strip_prefix('"').unwrap_or(literal);
    let inside = inside.strip_suffix('"').unwrap_or(inside);
    if !inside.contains('\\') {
        return Cow::Borrowed(inside);
    }
    serde_json::from_str::<String>(literal).map_or(Cow::Borrowed(inside), Cow::Owned)
}

fn escaped(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_texts() {
        let names = Names::new(["pin"]);
        for (text, expected) in [
            (r#"{"password":"S"}"#, r#"{"password":"REDACTED"}"#),
            (
                r#"{"a":[{"Access_Token" : {"x":["S","S"]}, "n":1e400}]}"#,
                r#"{"a":[{"Access_Token" : "REDACTED", "n":1e400}]}"#,
            ),
            (r#"[1,{"pin":12345678901234567890123,"b":2}]"#, r#"[1,{"pin":"REDACTED","b":2}]"#),
            (
                r#"{"pass\u0077ord":"S\"","plan":"a\"password\":1"}"#,
                r#"{"pass\u0077ord":"REDACTED","plan":"a\"password\":1"}"#,
            ),
            (r#"{"password":"","token":null,"secret":true}"#, r#"{"password":"","token":null,"secret":"REDACTED"}"#),
            (r#"{"body":"{\"password\":\"S\"}"}"#, r#"{"body":"{\"password\":\"REDACTED\"}"}"#),
            (r#"{"url":"https://a.example/?token=S&x=1"}"#, r#"{"url":"https://a.example/?token=REDACTED&x=1"}"#),
            (r#"{"password":"S"#, r#"{"password":"REDACTED""#),
            (r#"{"password":{"a":"S"#, r#"{"password":"REDACTED""#),
            (r#"{"plan":"pro","items":[1,2,"x"]}"#, r#"{"plan":"pro","items":[1,2,"x"]}"#),
            (r#"{"password" : S}"#, r#"{"password" : "REDACTED"}"#),
        ] {
            assert_eq!(redact(text, &names, 0), expected);
        }
    }
}

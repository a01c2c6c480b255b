//! Whatever order, number and spelling a request's parts come in: nothing panics, nothing is
//! authenticated that has not exactly the password, and what asks for reading alone gets it.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
};
use proptest::{collection::vec, prelude::*, sample::select};

use super::{auth, form, request::Parameters};
use crate::{
    reading::Access,
    secrets::{Password, Passwords},
    sql::{self, Statement},
};

const DEFAULT: &str = "default-password-1";
const READER: &str = "reader-password-22";

/// Names and values of requests that once did what they should not, and what is near them.
const NAMES: [&str; 16] = [
    "query",
    "readonly",
    "READONLY",
    "readonly ",
    "session_id",
    "user",
    "User",
    "password",
    "database",
    "param_x",
    "max_memory_usage",
    "profile",
    "decompress",
    "session_timeout",
    "read\0only",
    "",
];
const VALUES: [&str; 18] = [
    "0",
    "1",
    "2",
    "true",
    "",
    " 0 ",
    "\0",
    "x",
    "default",
    "reader",
    DEFAULT,
    READER,
    "60",
    "'; --",
    "\\",
    "DROP TABLE analytics.t",
    "SELECT * FROM file('/proc/self/environ')",
    "日本",
];
const STATEMENTS: [&str; 20] = [
    "INSERT INTO FUNCTION file('/tmp/x', 'LineAsString') SELECT 'x' SETTINGS engine_file_truncate_on_insert=1",
    "SELECT * FROM file('/proc/self/environ')",
    "SELECT length(groupArray(number)) FROM numbers(200000000) SETTINGS max_memory_usage=0",
    "INSERT INTO t (a) FORMAT JSONEachRow\n{}",
    "INSERT INTO t VALUES (1)",
    "KILL QUERY WHERE query_id = {id:String} ASYNC",
    "KILL QUERY WHERE 1",
    "SELECT 1 INTO OUTFILE 'x'",
    "/* ",
    " */",
    "-- ",
    "\n",
    "'",
    "\"",
    "`",
    "\\",
    "$$",
    "\0",
    "é",
    "FORMAT",
];

type Pairs = Vec<(String, String)>;

fn pairs() -> impl Strategy<Value = Pairs> {
    let name = prop_oneof![8 => select(&NAMES[..]).prop_map(str::to_owned), 1 => ".{0,6}"];
    let value = prop_oneof![8 => select(&VALUES[..]).prop_map(str::to_owned), 1 => ".{0,8}"];
    vec((name, value), 0..7)
}

/// Some of the bytes as `%41` or `%4a`, the others as they are where that is allowed.
fn encoded(text: &str, spelling: &[u8]) -> String {
    let mut out = String::new();
    for (at, byte) in text.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        match spelling.get(at % spelling.len().max(1)).copied().unwrap_or(0) % 3 {
            0 if plain => out.push(char::from(byte)),
            1 => out.push_str(&format!("%{byte:02x}")),
            _ if byte == b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn query_string(pairs: &Pairs, spelling: &[u8]) -> String {
    let pair = |(name, value): &(String, String)| format!("{}={}", encoded(name, spelling), encoded(value, spelling));
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

fn values<'p>(pairs: &'p Pairs, name: &str) -> Vec<&'p str> {
    pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
}

fn asks_for_reading(pairs: &Pairs) -> bool {
    values(pairs, "readonly").iter().any(|value| value.trim() != "0")
}

fn passwords() -> Passwords {
    Passwords { default: Password::parse(DEFAULT).unwrap(), reader: Password::parse(READER).unwrap() }
}

fn statements() -> impl Strategy<Value = String> {
    let part = prop_oneof![6 => select(&STATEMENTS[..]).prop_map(str::to_owned), 1 => ".{0,12}"];
    let cut = (vec(part, 1..6), any::<prop::sample::Index>(), any::<bool>());
    cut.prop_map(|(parts, at, whole)| {
        let text = parts.concat();
        let at = text.char_indices().map(|(at, _)| at).nth(at.index(text.chars().count().max(1))).unwrap_or(0);
        if whole { text } else { text[at..].to_owned() }
    })
}

fn form_body(pairs: &Pairs) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in pairs {
        let name = name.replace(['"', '\r', '\n', '\\'], "");
        let head = format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value.as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--x--\r\n");
    body
}

fn read_form(body: Vec<u8>, kind: &str, parameters: &mut Parameters) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(kind).unwrap());
    let Some(boundary) = form::boundary(&headers) else { return false };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(form::read(Body::from(body), boundary, parameters)).is_ok()
}

proptest! {
    #[test]
    fn only_the_password_authenticates(pairs in pairs(), spelling in vec(any::<u8>(), 1..9)) {
        let (users, given) = (values(&pairs, "user"), values(&pairs, "password"));
        let expected = match (users.as_slice(), given.as_slice()) {
            ([] | [""] | ["default"], [DEFAULT]) => Some(Access::Full),
            (["reader"], [READER]) => Some(Access::ReadAnalytics),
            _ => None,
        };
        let got = auth::access(&query_string(&pairs, &spelling), &HeaderMap::new(), &passwords()).ok();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn asking_for_reading_is_never_taken_back(pairs in pairs(), spelling in vec(any::<u8>(), 1..9)) {
        if let Ok(parameters) = Parameters::read(&query_string(&pairs, &spelling), &HeaderMap::new()) {
            prop_assert_eq!(parameters.read_only, asks_for_reading(&pairs));
            prop_assert_eq!(parameters.query.as_str(), values(&pairs, "query").last().copied().unwrap_or(""));
        }
    }

    /// A form's fields can only add to it, and its user and password are not looked at.
    #[test]
    fn a_form_takes_nothing_back(url in pairs(), fields in pairs(), spelling in vec(any::<u8>(), 1..9)) {
        if let Ok(mut parameters) = Parameters::read(&query_string(&url, &spelling), &HeaderMap::new()) {
            let before = parameters.read_only;
            if read_form(form_body(&fields), "multipart/form-data; boundary=x", &mut parameters) {
                let named = |name: &str| fields.iter().any(|(n, v)| n == name && v.trim() != "0");
                prop_assert!(parameters.read_only || !(before || named("readonly")));
            }
        }
    }

    #[test]
    fn any_body_is_a_form_or_refused(body in vec(any::<u8>(), 0..300), kind in "multipart/form-data(; ?boundary=.{0,20})?") {
        let Ok(mut parameters) = Parameters::read("", &HeaderMap::new()) else { return Ok(()) };
        if HeaderValue::from_str(&kind).is_ok() {
            read_form(body, &kind, &mut parameters);
        }
    }

    /// What is set stays a list of names and quoted values, whatever the values hold.
    #[test]
    fn a_value_stays_a_value(pairs in pairs(), spelling in vec(any::<u8>(), 1..9)) {
        if let Ok(parameters) = Parameters::read(&query_string(&pairs, &spelling), &HeaderMap::new()) {
            let sql = parameters.set_statement();
            let tokens: Vec<_> = sql::tokens(&sql).collect();
            // SET, three tokens and a comma for each, but the last.
            let expected = 1 + (parameters.settings.len() + 2) * 4 - 1;
            prop_assert_eq!(tokens.len(), expected, "{}", sql);
        }
    }

    #[test]
    fn any_statement_has_a_kind(sql in statements()) {
        let whole = sql::classify(&sql);
        if let Statement::Insert { data_at, head, .. } = &whole {
            prop_assert!(*data_at <= sql.len() && sql.is_char_boundary(*data_at) && sql.starts_with(head.as_str()));
        }
        if let Statement::Kill { of_reader: Some(condition), .. } = &whole {
            prop_assert!(condition.ends_with("AND Settings['readonly'] = '2'"));
            let words: Vec<_> = sql::tokens(condition).filter(|token| token.is("OR") || token.is("NOT")).collect();
            prop_assert!(words.is_empty());
        }
    }

    #[test]
    fn any_text_has_tokens(text in ".{0,200}") {
        let _ = sql::classify(&text);
        let length: usize = sql::tokens(&text).map(|token| usize::from(token.depth() > text.len())).sum();
        prop_assert_eq!(length, 0);
    }
}

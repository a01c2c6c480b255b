//! Events in a query, `name=value&…`, as the JSON that other formats send, and the picture that answers
//! a page which asked for one.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::value::RawValue;

use super::native::not_json;
use crate::outcome::RequestError;

/// A transparent picture of one pixel.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// The JSON object of a query's pairs, all of them strings.
pub(super) fn object(query: &str) -> Result<Box<RawValue>, RequestError> {
    let mut json = String::with_capacity(query.len() + 2);
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        json.push(if json.is_empty() { '{' } else { ',' });
        json.push_str(&serde_json::to_string(&name).map_err(not_json)?);
        json.push(':');
        json.push_str(&serde_json::to_string(&value).map_err(not_json)?);
    }
    if json.is_empty() {
        json.push('{');
    }
    json.push('}');
    RawValue::from_string(json).map_err(not_json)
}

/// What a query says under a name.
pub(super) fn value(query: &str, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(of, value)| of == name && !value.is_empty()).map(|(_, value)| value.into_owned())
}

/// The picture, which no cache may keep: the next event has the same address.
pub(super) fn picture() -> Response {
    let headers = [(header::CONTENT_TYPE, "image/gif"), (header::CACHE_CONTROL, "no-cache, no-store, must-revalidate")];
    (headers, PIXEL).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_an_object_of_strings() {
        for (query, json) in [
            ("", "{}"),
            ("a=1&b=c%20d+e", r#"{"a":"1","b":"c d e"}"#),
            ("a=%22%5C%0A&b&=c", r#"{"a":"\"\\\n","b":"","":"c"}"#),
            ("a=%ff", "{\"a\":\"\u{fffd}\"}"),
        ] {
            assert_eq!(object(query).unwrap().get(), json, "{query}");
        }
    }
}

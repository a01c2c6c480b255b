//! One JSON value as its text. Nothing of it is built, so nesting takes no memory and numbers
//! keep all their digits.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// The text of one value, known to be JSON by the type that it was made of.
#[derive(Clone, Copy, Debug)]
pub struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// The value of a text that serde_json has read to its end.
    pub fn new(raw: &'a RawValue) -> Self {
        Self(raw.get())
    }

    /// Its text, as sent.
    pub fn text(self) -> &'a str {
        self.0
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// The JSON type, in words.
    pub fn kind(self) -> &'static str {
        match self.0.as_bytes().first() {
            Some(b'n') => "null",
            Some(b't' | b'f') => "a boolean",
            Some(b'"') => "a string",
            Some(b'[') => "an array",
            Some(b'{') => "an object",
            _ => "a number",
        }
    }

    /// Whether it is a number.
    pub fn is_number(self) -> bool {
        self.kind() == "a number"
    }

    /// A number; `None` if it is none, or is beyond what 64 bits can hold.
    pub fn number(self) -> Option<f64> {
        if !self.is_number() {
            return None;
        }
        self.0.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// The digits of an integer of any length; `None` if it is none.
    pub fn integer(self) -> Option<&'a str> {
        let is_integer = self.is_number() && !self.0.contains(['.', 'e', 'E']);
        is_integer.then_some(self.0)
    }

    /// A string's inside; `None` if it is of another type, an error if it cannot be read, as
    /// half of a surrogate pair cannot.
    pub fn string(self) -> Option<Result<Cow<'a, str>, serde_json::Error>> {
        let inside = self.0.strip_prefix('"')?.strip_suffix('"')?;
        Some(match inside.contains('\\') {
            // Control characters are no JSON, so the inside of a string without escapes is the string.
            false => Ok(Cow::Borrowed(inside)),
            true => serde_json::from_str(self.0).map(Cow::Owned),
        })
    }

    /// For an error message: a string's inside, anything else as sent.
    pub fn shown(self) -> Cow<'a, str> {
        self.string().and_then(Result::ok).unwrap_or(Cow::Borrowed(self.0))
    }

    /// The text without the white space outside of strings, and how deep arrays and objects are
    /// nested in it.
    pub fn minified(self) -> (Cow<'a, str>, usize) {
        let bytes = self.0.as_bytes();
        let (mut depth, mut depth_max) = (0_usize, 0);
        let mut copy: Option<String> = None;
        // Everything before it stands in the copy, if there is one.
        let mut kept_to = 0;
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'"' => at = end_of_string(bytes, at),
                b'[' | b'{' => {
                    depth += 1;
                    depth_max = depth_max.max(depth);
                }
                b']' | b'}' => depth = depth.saturating_sub(1),
                b' ' | b'\t' | b'\n' | b'\r' => {
                    copy.get_or_insert_default().push_str(&self.0[kept_to..at]);
                    kept_to = at + 1;
                }
                _ => {}
            }
            at += 1;
        }
        let text = match copy {
            None => Cow::Borrowed(self.0),
            Some(mut copy) => {
                copy.push_str(&self.0[kept_to..]);
                Cow::Owned(copy)
            }
        };
        (text, depth_max)
    }
}

/// The place of the quote that ends the string which begins at `start`.
fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    at
}

/// Any value, with names and shapes of events among it.
#[cfg(test)]
pub(crate) fn any_json() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
    use proptest::prelude::*;
    use serde_json::Value;

    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("type".to_owned()),
        Just("timestamp".to_owned()),
        Just("details".to_owned()),
        Just("screen".to_owned()),
        Just("revenue".to_owned()),
        Just("event_id".to_owned()),
        Just("url".to_owned()),
        ".{0,8}",
    ];
    leaf.prop_recursive(3, 32, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..8).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn json(text: &str) -> Json<'_> {
        Json::new(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn white_space_goes_outside_of_strings_only() {
        for (text, expected, depth) in [
            ("1", "1", 0),
            (r#"{ "a b" : [ 1 , 2.50 , "x \" y" ] }"#, r#"{"a b":[1,2.50,"x \" y"]}"#, 2),
            ("[[[\n]]]", "[[[]]]", 3),
            (r#""\\ ""#, r#""\\ ""#, 0),
        ] {
            assert_eq!(json(text).minified(), (expected.into(), depth), "{text}");
        }
        assert!(matches!(json("[1,2]").minified().0, Cow::Borrowed(_)));
    }

    #[test]
    fn strings_and_numbers_are_read() {
        assert_eq!(json(r#""a\nb""#).string().unwrap().unwrap(), "a\nb");
        assert!(matches!(json(r#""ab""#).string(), Some(Ok(Cow::Borrowed("ab")))));
        assert!(json(r#""cut \ud83d""#).string().unwrap().is_err());
        assert!(json("7").string().is_none());
        assert_eq!(json("12345678901234567890123").integer(), Some("12345678901234567890123"));
        assert_eq!((json("1.0").integer(), json("1e400").number(), json("true").number()), (None, None, None));
    }

    proptest! {
        /// The minified text is the same value, and has no more white space than serde writes.
        #[test]
        fn what_is_minified_is_the_same(value in any_json()) {
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let (text, _) = json(&pretty).minified();
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), serde_json::from_str::<Value>(&pretty).unwrap());
            prop_assert_eq!(text.len(), value.to_string().len());
        }
    }
}

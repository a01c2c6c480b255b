//! A fast reader for the JSON that the gateway writes: fields in order, no white space. For anything
//! else it returns `None`, and serde_json decides. What it does read is equal to serde_json's result, in
//! about half the time.

use std::borrow::Cow;

use uuid::Uuid;

use super::{ClientHeaders, Details, Event, Revenue, Screen};
use crate::{escape, timestamp::parse_text_ms};

/// The event, if the text has this form.
pub fn read(text: &str) -> Option<Event<'_>> {
    let mut rest = Rest { text, at: 0 };
    rest.skip("{\"v\":")?;
    let version = rest.integer()?;
    let event_id: Uuid = rest.after(",\"event_id\":\"", |rest| rest.string()?.parse().ok())??;
    let project = rest.after(",\"project\":\"", Rest::string)??;
    let event_type = rest.after(",\"type\":\"", Rest::string)??;
    let timestamp_ms = rest.after(",\"timestamp\":\"", Rest::instant)??;
    let received_at_ms = rest.after(",\"received_at\":\"", Rest::instant)??;
    let event = Event {
        version,
        event_id,
        project,
        event_type,
        timestamp_ms,
        received_at_ms,
        sent_at_ms: rest.after(",\"sent_at\":\"", Rest::instant)?,
        tie_order: rest.after(",\"tie_order\":", Rest::integer)?.unwrap_or_default(),
        user_id: rest.optional(",\"user_id\":\"")?,
        anonymous_id: rest.optional(",\"anonymous_id\":\"")?,
        session_id: rest.optional(",\"session_id\":\"")?,
        locale: rest.optional(",\"locale\":\"")?,
        path: rest.optional(",\"path\":\"")?,
        app_version: rest.optional(",\"appVersion\":\"")?,
        url: rest.optional(",\"url\":\"")?,
        referrer: rest.optional(",\"referrer\":\"")?,
        title: rest.optional(",\"title\":\"")?,
        screen: rest.after(",\"screen\":{", Rest::screen)?,
        revenue: rest.after(",\"revenue\":{", Rest::revenue)?,
        details: rest.after(",\"details\":{", Rest::details)?.unwrap_or_default(),
        ip: rest.after(",\"ip\":\"", |rest| rest.string()?.parse().ok())?,
        user_agent: rest.optional(",\"user_agent\":\"")?,
        hints: rest.after(",\"hints\":{", Rest::hints)?.unwrap_or_default(),
    };
    rest.skip("}")?;
    (rest.at == text.len()).then_some(event)
}

/// The rest of the text.
struct Rest<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Rest<'a> {
    #[inline]
    fn bytes(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    // Inlined, the comparison with a constant needs no call.
    #[inline(always)]
    fn skip(&mut self, expected: &str) -> Option<()> {
        let is_there = self.bytes().starts_with(expected.as_bytes());
        is_there.then(|| self.at += expected.len())
    }

    /// The value after `name`; `Some(None)` if the field is absent.
    #[inline(always)]
    fn after<T>(&mut self, name: &str, value: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.skip(name) {
            Some(()) => value(self).map(Some),
            None => Some(None),
        }
    }

    /// A string; empty if the field is absent.
    #[inline(always)]
    fn optional(&mut self, name: &str) -> Option<Cow<'a, str>> {
        Some(self.after(name, Self::string)?.unwrap_or_default())
    }

    /// The contents of a string whose opening quote has been read.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let start = self.at;
        let mut end = start + first_special(self.bytes())?;
        if self.text.as_bytes()[end] == b'"' {
            self.at = end + 1;
            return Some(Cow::Borrowed(&self.text[start..end]));
        }
        while self.text.as_bytes()[end] == b'\\' {
            let next = end + 2;
            end = next + first_special(self.text.as_bytes().get(next..)?)?;
        }
        if self.text.as_bytes()[end] != b'"' {
            return None;
        }
        self.at = end + 1;
        serde_json::from_str(&self.text[start - 1..=end]).ok().map(Cow::Owned)
    }

    fn instant(&mut self) -> Option<i64> {
        parse_text_ms(&self.string()?)
    }

    /// The characters of a number, not yet parsed.
    fn number(&mut self) -> &'a str {
        let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let length = self.bytes().iter().take_while(|byte| is_part(byte)).count();
        let start = self.at;
        self.at += length;
        &self.text[start..self.at]
    }

    fn integer<N: std::str::FromStr>(&mut self) -> Option<N> {
        let digits = self.number();
        let is_plain =
            digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits.len() == 1 || !digits.starts_with('0'));
        if is_plain { digits.parse().ok() } else { None }
    }

    fn screen(&mut self) -> Option<Screen> {
        let width = self.after("\"width\":", Self::integer)??;
        let height = self.after(",\"height\":", Self::integer)??;
        self.skip("}")?;
        Some(Screen { width, height })
    }

    fn revenue(&mut self) -> Option<Revenue<'a>> {
        let amount = self.after("\"amount\":", |rest| serde_json::from_str(rest.number()).ok())??;
        let currency = self.after(",\"currency\":\"", Self::string)??;
        self.skip("}")?;
        Some(Revenue { amount, currency })
    }

    fn details(&mut self) -> Option<Details<'a>> {
        let mut pairs = Vec::with_capacity(8);
        loop {
            self.skip("\"")?;
            let name = self.string()?;
            self.skip(":\"")?;
            pairs.push((name, self.string()?));
            if self.skip(",").is_none() {
                break;
            }
        }
        self.skip("}")?;
        Some(Details::of_pairs(pairs))
    }

    fn hints(&mut self) -> Option<ClientHeaders<'a>> {
        self.skip("\"seen\":")?;
        let is_observed = self.skip("true").is_some();
        if !is_observed {
            self.skip("false")?;
        }
        let hints = ClientHeaders {
            observed: is_observed,
            accept_language: self.optional(",\"accept_language\":\"")?,
            sec_ch_ua: self.optional(",\"sec_ch_ua\":\"")?,
            sec_ch_ua_platform: self.optional(",\"sec_ch_ua_platform\":\"")?,
            sec_ch_ua_platform_version: self.optional(",\"sec_ch_ua_platform_version\":\"")?,
            sec_ch_ua_model: self.optional(",\"sec_ch_ua_model\":\"")?,
            events_per_10_s: self.after(",\"events_per_10_s\":", Self::integer)?.unwrap_or_default(),
        };
        self.skip("}")?;
        Some(hints)
    }
}

/// The position of the first quote, backslash or control character.
fn first_special(bytes: &[u8]) -> Option<usize> {
    let (eights, rest) = bytes.as_chunks::<8>();
    for (number, eight) in eights.iter().enumerate() {
        let special = escape::special(*eight);
        if special != 0 {
            // Little-endian: the lowest bit that is set is of the first such byte.
            return Some(number * 8 + special.trailing_zeros() as usize / 8);
        }
    }
    let found = rest.iter().position(|byte| escape::is_special(*byte))?;
    Some(eights.len() * 8 + found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Typical strings, and strings that need escapes.
    fn string() -> impl Strategy<Value = String> {
        prop_oneof![Just(String::new()), "[a-z /.=?&-]{1,30}", "(?s).{0,20}", r#"[a\\"\n\u{1}é🦀]{0,12}"#]
    }

    prop_compose! {
        fn any_event()(
            s in prop::collection::vec(string(), 20),
            pairs in prop::collection::vec((string(), string()), 0..5),
            n in any::<[u32; 4]>(),
            ms in prop::collection::vec(0..4_102_444_800_000_i64, 3),
            has in any::<u8>(),
            amount in prop::num::f64::NORMAL,
        ) -> Event<'static> {
            let mut strings = s.into_iter();
            let mut next = || Cow::Owned(strings.next().unwrap_or_default());
            let of = |bit: u8| has >> bit & 1 == 1;
            Event {
                version: 1, event_id: Uuid::from_u64_pair(n[0].into(), n[1].into()), project: next(), event_type: next(),
                timestamp_ms: ms[0], received_at_ms: ms[1], sent_at_ms: of(0).then_some(ms[2]),
                tie_order: if of(1) { n[2] as u16 } else { 0 }, user_id: next(), anonymous_id: next(), session_id: next(),
                locale: next(), path: next(), app_version: next(), url: next(), referrer: next(), title: next(),
                screen: of(2).then_some(Screen { width: n[2] as u16, height: n[3] as u16 }),
                revenue: of(3).then(|| Revenue { amount, currency: "EUR".into() }),
                details: pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
                ip: of(4).then(|| std::net::Ipv4Addr::from(n[3]).into()), user_agent: next(),
                hints: ClientHeaders { observed: of(5), accept_language: next(), sec_ch_ua: next(), sec_ch_ua_platform: next(), sec_ch_ua_platform_version: next(),
                    sec_ch_ua_model: next(), events_per_10_s: if of(6) { n[3] } else { 0 } },
            }
        }
    }

    /// Whatever this reader accepts, serde_json reads as the same event.
    fn compare(text: &str) -> Result<(), TestCaseError> {
        if let Some(event) = read(text) {
            prop_assert_eq!(Some(event), serde_json::from_str(text).ok(), "{}", text);
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn what_we_write_is_read_as_serde_reads_it(event in any_event()) {
            let text = serde_json::to_string(&event).unwrap();
            prop_assert!(read(&text).is_some(), "{}", text);
            compare(&text)?;
        }

        /// With pieces of JSON inserted, removed or duplicated.
        #[test]
        fn what_others_write_is_read_as_serde_reads_it(
            event in any_event(), at in any::<prop::sample::Index>(), length in 0..12_usize,
            piece in prop::sample::select(vec!["", " ", "\"", "\\", ",", "}", "{", ":", "0", "-1", "1e3", "null", "\u{1}", "\\ud83d", ",\"title\":\"x\"", "é", "[]"]),
            is_double in any::<bool>(),
        ) {
            let text = serde_json::to_string(&event).unwrap();
            let start = text.floor_char_boundary(at.index(text.len()));
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            let kept = if is_double { start } else { end };
            compare(&format!("{}{piece}{}", &text[..end.max(start)], &text[kept..]))?;
            compare(&format!("{}{piece}{}", &text[..start], &text[end..]))?;
            compare(&text[..start])?;
        }
    }

    #[test]
    fn numbers_and_escapes_are_those_of_json() {
        let head = r#"{"v":1,"event_id":"018ee9a4-0000-7000-8000-000000000001","project":"app","type":"a","timestamp":"2024-04-17T05:00:00.000Z","received_at":"2026-01-01T00:00:00.000Z""#;
        for (tail, is_read) in [
            ("}", true),
            ("} ", false),
            (r#","tie_order":7}"#, true),
            (r#","tie_order":07}"#, false),
            (r#","tie_order":70000}"#, false),
            (r#","tie_order":-1}"#, false),
            (r#","user_id":"a\u00e9\\"}"#, true),
            (r#","user_id":"cut \ud83d"}"#, false),
            (r#","user_id":"cut \"#, false),
            (r#","user_id":"a","user_id":"b"}"#, false),
            (r#","revenue":{"amount":1e2,"currency":"EUR"}}"#, true),
            (r#","revenue":{"amount":01,"currency":"EUR"}}"#, false),
            (r#","details":{"b":"1","a":"2","b":"3"}}"#, true),
            (r#","details":{}}"#, false),
            (r#","unknown":1}"#, false),
        ] {
            let text = format!("{head}{tail}");
            assert_eq!(read(&text).is_some(), is_read, "{tail}");
            let differs = read(&text).is_some_and(|event| serde_json::from_str(&text).ok() != Some(event));
            assert!(!differs, "{tail}");
        }
    }
}

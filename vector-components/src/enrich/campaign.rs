//! Campaign parameters of the page's address.
//!
//! Rule's source: Google Analytics' five `utm_` parameters. Names match without regard
//! to case, the first of a name wins, values keep their case. They may be in the fragment, which is
//! sent to no server, and after an `&amp;` that somebody copied out of HTML.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::referrer::authority;

/// A campaign value is cut to so many bytes, at a character's border.
pub const CAMPAIGN_BYTES_MAX: usize = 256;

/// The five parameters; those absent are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Campaign<'a> {
    /// `utm_source`.
    pub source: Cow<'a, str>,
    /// `utm_medium`.
    pub medium: Cow<'a, str>,
    /// `utm_campaign`.
    pub campaign: Cow<'a, str>,
    /// `utm_term`.
    pub term: Cow<'a, str>,
    /// `utm_content`.
    pub content: Cow<'a, str>,
}

/// Which advertising networks' click ids an address carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClickIds {
    /// `gclid`, `gbraid` or `wbraid`.
    pub google: bool,
    /// `msclkid`.
    pub microsoft: bool,
}

/// Looks for click ids; their values are not kept.
#[must_use]
pub fn click_ids(url: &str) -> ClickIds {
    let mut found = ClickIds::default();
    // As all of their names end.
    let mut equals = memchr::memchr_iter(b'=', url.as_bytes());
    if !equals.any(|at| url[..at].ends_with("id")) {
        return found;
    }
    for parameters in parameters(url) {
        for (name, value) in parameters.split('&').filter_map(|pair| pair.split_once('=')) {
            match unescaped(name) {
                "gclid" | "gbraid" | "wbraid" => found.google |= !value.is_empty(),
                "msclkid" => found.microsoft |= !value.is_empty(),
                _ => {}
            }
        }
    }
    found
}

/// Reads the parameters from `url`; an address that cannot be read has none.
#[must_use]
pub fn parse(url: &str) -> Campaign<'_> {
    let mut campaign = Campaign::default();
    if authority(url).is_none() {
        return campaign;
    }
    for parameters in parameters(url) {
        for pair in parameters.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name);
            if let Some(slot) = slot(&mut campaign, unescaped(&name))
                && slot.is_empty()
            {
                *slot = cut(decoded(value));
            }
        }
    }
    campaign
}

/// A name or value as a form sends it; most need no decoding.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned())
}

/// Where the value of a parameter goes; most parameters of most addresses are others.
fn slot<'c, 'a>(campaign: &'c mut Campaign<'a>, name: &str) -> Option<&'c mut Cow<'a, str>> {
    let (_, name) = name.split_at_checked(4).filter(|(prefix, _)| prefix.eq_ignore_ascii_case("utm_"))?;
    let slots = [
        ("source", &mut campaign.source),
        ("medium", &mut campaign.medium),
        ("campaign", &mut campaign.campaign),
        ("term", &mut campaign.term),
        ("content", &mut campaign.content),
    ];
    slots.into_iter().find(|(of, _)| name.eq_ignore_ascii_case(of)).map(|(_, slot)| slot)
}

/// The address's query, then its fragment's: `#utm_source=…`, `#/path?utm_source=…`.
fn parameters(url: &str) -> [&str; 2] {
    let (before, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (_, query) = before.split_once('?').unwrap_or_default();
    let (_, in_fragment) = fragment.split_once('?').unwrap_or(("", fragment));
    [query, in_fragment]
}

/// A name without what is left of an HTML `&amp;` before it, written once or more.
fn unescaped(name: &str) -> &str {
    name.rsplit(';').next().unwrap_or(name)
}

fn cut(value: Cow<'_, str>) -> Cow<'_, str> {
    let end = value.floor_char_boundary(CAMPAIGN_BYTES_MAX);
    match value {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::form_urlencoded;

    use super::*;

    proptest! {
        /// What the crate's own reader of forms says of names and values.
        #[test]
        fn parameters_are_decoded_as_a_form(query in "(utm_source|utm_medium|x|UTM_TERM|[=&+%a-f0-9é]){0,12}") {
            let mut expected = Campaign::default();
            for (name, value) in form_urlencoded::parse(query.as_bytes()) {
                if let Some(slot) = slot(&mut expected, unescaped(&name)) && slot.is_empty() {
                    *slot = cut(value);
                }
            }
            let address = format!("https://a.example/?{query}");
            prop_assert_eq!(parse(&address), expected);
        }
    }

    #[test]
    fn golden_campaigns() {
        let c = parse("https://a.example/?UTM_Source=News+Letter&utm_medium=e%2Dmail&utm_source=second&x=1");
        assert_eq!((&*c.source, &*c.medium, &*c.campaign), ("News Letter", "e-mail", ""));
        assert_eq!(parse("https://a.example/"), Campaign::default());
        assert_eq!(parse("nonsense?utm_source=x"), Campaign::default());
        for address in [
            "https://a.example/#utm_source=news&utm_medium=email",
            "https://a.example/?x=1#/b?utm_source=news&utm_medium=email",
            "https://a.example/#!/b?x=1&utm_source=news&utm_medium=email",
            "https://a.example/?utm_source=news#?utm_medium=email&utm_source=other",
            "https://a.example/?utm_source=news&amp;utm_medium=email",
            "https://a.example/?x=1&amp;amp;utm_source=news&AMP;utm_medium=email",
        ] {
            let c = parse(address);
            assert_eq!((&*c.source, &*c.medium), ("news", "email"), "{address}");
        }
        let long = format!("https://a.example/?utm_term={}", "é".repeat(400));
        let long = parse(&long);
        assert_eq!(long.term.len(), 256);
    }

    #[test]
    fn click_ids_are_found_wherever_parameters_are() {
        for (address, google, microsoft) in [
            ("https://a.example/?gclid=1", true, false),
            ("https://a.example/?x=1&amp;wbraid=1&msclkid=", true, false),
            ("https://a.example/#/b?msclkid=1", false, true),
            ("https://a.example/gclid=1?x=gclid", false, false),
        ] {
            assert_eq!(click_ids(address), ClickIds { google, microsoft }, "{address}");
        }
    }
}

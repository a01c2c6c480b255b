//! Campaign parameters of the page's address.
//!
//! Rule's source: Google Analytics' five `utm_` parameters. Names match without regard
//! to case, the first of a name wins, values keep their case.

use std::borrow::Cow;

use url::form_urlencoded;

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
    let query = url.split_once('?').map_or("", |(_, query)| query);
    for (name, value) in query.split(['&', '#']).filter_map(|pair| pair.split_once('=')) {
        match name {
            "gclid" | "gbraid" | "wbraid" => found.google |= !value.is_empty(),
            "msclkid" => found.microsoft |= !value.is_empty(),
            _ => {}
        }
    }
    found
}

/// Reads the parameters from `url`; an address that cannot be read has none.
#[must_use]
pub fn parse(url: &str) -> Campaign<'_> {
    let mut campaign = Campaign::default();
    let Some((head, rest)) = url.split_once('?') else { return campaign };
    if !head.contains("://") {
        return campaign;
    }
    let query = rest.split_once('#').map_or(rest, |(query, _)| query);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        // Most parameters of most addresses are others.
        if name.len() < 8 || !name.as_bytes()[..4].eq_ignore_ascii_case(b"utm_") {
            continue;
        }
        let slots = [
            ("source", &mut campaign.source),
            ("medium", &mut campaign.medium),
            ("campaign", &mut campaign.campaign),
            ("term", &mut campaign.term),
            ("content", &mut campaign.content),
        ];
        let named = slots.into_iter().find(|(of, _)| name.as_bytes()[4..].eq_ignore_ascii_case(of.as_bytes()));
        if let Some((_, slot)) = named
            && slot.is_empty()
        {
            *slot = cut(value);
        }
    }
    campaign
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
    use super::*;

    #[test]
    fn golden_campaigns() {
        let c = parse("https://a.example/?UTM_Source=News+Letter&utm_medium=e%2Dmail&utm_source=second&x=1");
        assert_eq!((&*c.source, &*c.medium, &*c.campaign), ("News Letter", "e-mail", ""));
        assert_eq!(parse("https://a.example/"), Campaign::default());
        assert_eq!(parse("nonsense?utm_source=x"), Campaign::default());
        let long = format!("https://a.example/?utm_term={}", "é".repeat(400));
        let long = parse(&long);
        assert_eq!(long.term.len(), 256);
    }
}

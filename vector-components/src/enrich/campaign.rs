//! Campaign parameters of the page's address.
//!
//! Rule's source: Google Analytics' five `utm_` parameters. Names match without regard
//! to case, the first of a name wins, values keep their case.

use url::form_urlencoded;

/// A campaign value is cut to so many bytes, at a character's border.
pub const CAMPAIGN_BYTES_MAX: usize = 256;

/// The five parameters; those absent are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Campaign {
    /// `utm_source`.
    pub source: String,
    /// `utm_medium`.
    pub medium: String,
    /// `utm_campaign`.
    pub campaign: String,
    /// `utm_term`.
    pub term: String,
    /// `utm_content`.
    pub content: String,
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
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let has = |name: &str| {
        query.split(['&', '#']).any(|pair| pair.split_once('=').is_some_and(|(n, v)| n == name && !v.is_empty()))
    };
    ClickIds { google: has("gclid") || has("gbraid") || has("wbraid"), microsoft: has("msclkid") }
}

/// Reads the parameters from `url`; an address that cannot be read has none.
#[must_use]
pub fn parse(url: &str) -> Campaign {
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
        let slot = match name.to_ascii_lowercase().as_str() {
            "utm_source" => &mut campaign.source,
            "utm_medium" => &mut campaign.medium,
            "utm_campaign" => &mut campaign.campaign,
            "utm_term" => &mut campaign.term,
            "utm_content" => &mut campaign.content,
            _ => continue,
        };
        if slot.is_empty() {
            value[..value.floor_char_boundary(CAMPAIGN_BYTES_MAX)].clone_into(slot);
        }
    }
    campaign
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
        let long = parse(&format!("https://a.example/?utm_term={}", "é".repeat(400)));
        assert_eq!(long.term.len(), 256);
    }
}

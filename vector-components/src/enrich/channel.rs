//! The default channel group of a visit's first page.
//!
//! Rule's source: Google Analytics 4, "Default channel group", in its order, with "AI
//! assistants". Where no campaign is named, the referrer's host is the source.

use super::{
    campaign::Campaign,
    source::{Source, SourceKind, Sources, lower},
};

/// What the rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Touch<'a> {
    /// The page's campaign parameters.
    pub campaign: &'a Campaign<'a>,
    /// The other site's host; empty if there is none.
    pub referrer_host: &'a str,
    /// `url` carries Google's click id.
    pub has_gclid: bool,
    /// `url` carries Microsoft's.
    pub has_msclkid: bool,
}

/// The channel, by its GA4 name, and the source that decided it.
#[must_use]
pub fn channel(touch: Touch<'_>, sources: &Sources) -> (&'static str, Option<Source>) {
    let named = touch.campaign.source.trim();
    let source = if named.is_empty() { sources.of_host(touch.referrer_host) } else { sources.of_campaign(named) };
    (group(touch, &lower(named), source), source)
}

fn group(touch: Touch<'_>, utm_source: &str, source: Option<Source>) -> &'static str {
    use SourceKind::{Ai, Email, Search, Shopping, Social, Video};
    let medium = lower(touch.campaign.medium.trim());
    let campaign = lower(touch.campaign.campaign.trim());
    let kind = source.map(|s| s.kind);
    let named = source.map_or("", |s| s.name);
    let clicked_ad =
        (touch.has_gclid && matches!(named, "Google" | "")) || (touch.has_msclkid && matches!(named, "Bing" | ""));
    let paid = is_paid(&medium);
    let shop = kind == Some(Shopping) || names_a_shop(&campaign);
    let is = |list: &[&str]| list.contains(&&*medium);

    // The order is the rule: the first line that fits decides.
    match () {
        () if campaign.contains("cross-network") => "Cross-network",
        () if shop && paid => "Paid Shopping",
        () if kind == Some(Search) && paid || clicked_ad && medium.is_empty() => "Paid Search",
        () if kind == Some(Social) && paid => "Paid Social",
        () if kind == Some(Video) && paid => "Paid Video",
        () if is(&["display", "banner", "expandable", "interstitial", "cpm"]) => "Display",
        () if paid => "Paid Other",
        () if shop => "Organic Shopping",
        () if kind == Some(Social)
            || is(&["social", "social-network", "social-media", "sm", "social network", "social media"]) =>
        {
            "Organic Social"
        }
        () if kind == Some(Video) || medium.contains("video") => "Organic Video",
        () if kind == Some(Ai) || is(&["ai-assistant", "ai"]) => "AI Assistants",
        () if kind == Some(Search) || *medium == *"organic" => "Organic Search",
        () if kind == Some(Email) || is_email(&medium) || is_email(utm_source) => "Email",
        () if *medium == *"affiliate" => "Affiliates",
        () if *medium == *"audio" => "Audio",
        () if *medium == *"sms" || utm_source == "sms" => "SMS",
        () if medium.ends_with("push")
            || medium.contains("mobile")
            || medium.contains("notification")
            || utm_source == "firebase" =>
        {
            "Mobile Push Notifications"
        }
        () if !touch.referrer_host.is_empty() || is(&["referral", "app", "link"]) => "Referral",
        () if utm_source.is_empty() && medium.is_empty() => "Direct",
        () => "Unassigned",
    }
}

/// `^(.*cp.*|ppc|retargeting|paid.*)$`
fn is_paid(medium: &str) -> bool {
    medium.contains("cp") || medium == "ppc" || medium == "retargeting" || medium.starts_with("paid")
}

/// `^(.*(([^a-df-z]|^)shop|shopping).*)$`: `eshop` and `shop`, not `workshop`.
fn names_a_shop(campaign: &str) -> bool {
    campaign.contains("shopping")
        || campaign
            .match_indices("shop")
            .any(|(at, _)| campaign[..at].chars().next_back().is_none_or(|c| !matches!(c, 'a'..='d' | 'f'..='z')))
}

fn is_email(text: &str) -> bool {
    matches!(text, "email" | "e-mail" | "e_mail" | "e mail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_channels() {
        let sources = Sources::default();
        let file = include_str!("../../testdata/channels.tsv");
        let mut checked = 0;
        for line in file.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [source, medium, name, referrer, click, expected] = columns.as_slice() else {
                unreachable!("{line:?}")
            };
            let campaign = Campaign {
                source: (*source).into(),
                medium: (*medium).into(),
                campaign: (*name).into(),
                ..Campaign::default()
            };
            let touch = Touch {
                campaign: &campaign,
                referrer_host: referrer,
                has_gclid: *click == "gclid",
                has_msclkid: *click == "msclkid",
            };
            assert_eq!(channel(touch, &sources).0, *expected, "{line:?}");
            checked += 1;
        }
        assert!(checked >= 30);
    }
}

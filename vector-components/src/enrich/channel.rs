//! The default channel group of a visit's first page.
//!
//! Rule's source: Google Analytics 4, "Default channel group" (support.google.com/analytics/answer/9756891), in its
//! order. Where no campaign is named, the referrer's host is the source. Ours, and marked so below:
//! click ids without a medium, "AI Assistants" for every known assistant, mail by its host.

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
        () if utm_source == "(direct)" && is(&["", "(none)", "(not set)"]) => "Direct",
        () if contains(&campaign, "cross-network") => "Cross-network",
        () if shop && paid => "Paid Shopping",
        // Ours: the click id.
        () if kind == Some(Search) && paid || clicked_ad && medium.is_empty() => "Paid Search",
        () if kind == Some(Social) && paid => "Paid Social",
        () if kind == Some(Video) && paid => "Paid Video",
        () if is(&["display", "banner", "expandable", "interstitial", "cpm"]) => "Display",
        () if paid => "Paid Other",
        () if shop => "Organic Shopping",
        () if kind == Some(Social) || is(&SOCIAL_MEDIUMS) => "Organic Social",
        () if kind == Some(Video) || contains(&medium, "video") => "Organic Video",
        // Ours: the sources; the medium is what Google gives to those that it knows.
        () if kind == Some(Ai) || is(&["ai-assistant", "ai"]) => "AI Assistants",
        () if kind == Some(Search) || *medium == *"organic" => "Organic Search",
        () if is(&["referral", "app", "link"]) => "Referral",
        // Ours: the kind.
        () if kind == Some(Email) || is_email(&medium) || is_email(utm_source) => "Email",
        () if *medium == *"affiliate" => "Affiliates",
        () if *medium == *"audio" => "Audio",
        () if *medium == *"sms" || utm_source == "sms" => "SMS",
        () if is_push(&medium) || utm_source == "firebase" => "Mobile Push Notifications",
        () if !utm_source.is_empty() || !medium.is_empty() => "Unassigned",
        () if touch.referrer_host.is_empty() => "Direct",
        // Google gives a visit without a campaign the medium "referral".
        () => "Referral",
    }
}

const SOCIAL_MEDIUMS: [&str; 6] = ["social", "social-network", "social-media", "sm", "social network", "social media"];

/// `^(.*cp.*|ppc|retargeting|paid.*)$`
fn is_paid(medium: &str) -> bool {
    medium.contains("cp") || medium == "ppc" || medium == "retargeting" || medium.starts_with("paid")
}

/// `^(.*(([^a-df-z]|^)shop|shopping).*)$`: `eshop` and `shop`, not `workshop`.
fn names_a_shop(campaign: &str) -> bool {
    contains(campaign, "shopping")
        || campaign
            .match_indices("shop")
            .any(|(at, _)| campaign[..at].chars().next_back().is_none_or(|c| !matches!(c, 'a'..='d' | 'f'..='z')))
}

/// Most are too short, which is known without a search.
fn contains(text: &str, part: &str) -> bool {
    text.len() >= part.len() && text.contains(part)
}

fn is_email(text: &str) -> bool {
    matches!(text, "email" | "e-mail" | "e_mail" | "e mail")
}

/// `^.*push$` or `mobile` or `notification` anywhere.
fn is_push(medium: &str) -> bool {
    medium.ends_with("push") || contains(medium, "mobile") || contains(medium, "notification")
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, hash::Hasher};

    use siphasher::sip::SipHasher24;

    use super::*;

    fn of(sources: &Sources, source: &str, medium: &str, name: &str, referrer: &str, click: &str) -> &'static str {
        let campaign =
            Campaign { source: source.into(), medium: medium.into(), campaign: name.into(), ..Campaign::default() };
        let touch = Touch {
            campaign: &campaign,
            referrer_host: referrer,
            has_gclid: click == "gclid",
            has_msclkid: click == "msclkid",
        };
        channel(touch, sources).0
    }

    fn rows(file: &str) -> impl Iterator<Item = Vec<&str>> {
        file.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(|line| line.split('\t').collect())
    }

    #[test]
    fn golden_channels() {
        let sources = Sources::default();
        let mut checked = 0;
        for columns in rows(include_str!("../../testdata/channels.tsv")) {
            let [source, medium, name, referrer, click, expected] = columns[..] else { unreachable!("{columns:?}") };
            assert_eq!(of(&sources, source, medium, name, referrer, click), expected, "{columns:?}");
            checked += 1;
        }
        assert!(checked >= 40);
    }

    /// Google's sources, each with its category.
    fn ga4_sources() -> BTreeMap<&'static str, &'static str> {
        rows(include_str!("../../data/ga4_sources.tsv"))
            .flat_map(|columns| columns[2].split('|').map(move |source| (source, columns[0])))
            .collect()
    }

    /// The hash is of Google's list as it is published, sorted, a `source,category` a line.
    #[test]
    fn the_list_of_sources_is_googles_whole() {
        let (mut hasher, mut counts) = (SipHasher24::new(), BTreeMap::<_, u32>::new());
        for (source, category) in ga4_sources() {
            hasher.write(format!("{source},{category}\n").as_bytes());
            *counts.entry(category).or_default() += 1;
        }
        let counts: Vec<_> = counts.into_iter().collect();
        assert_eq!(counts, [("search", 129), ("shopping", 52), ("social", 592), ("video", 46)]);
        assert_eq!(hasher.finish(), 0xc1b6_98b4_ba1f_62bb);
    }

    /// Every source of Google's list with every medium of the table, which is made from the text of
    /// Google's rules, with their own expressions.
    #[test]
    fn every_source_and_medium_is_in_googles_channel() {
        let (sources, ga4) = (Sources::default(), ga4_sources());
        let mut checked = 0;
        for columns in rows(include_str!("../../testdata/ga4_channels.tsv")) {
            let [source, medium, name, expected] = columns[..] else { unreachable!("{columns:?}") };
            let of_category = source.strip_prefix('*');
            let listed = ga4.iter().filter(|(_, category)| of_category == Some(*category)).map(|(source, _)| *source);
            for source in listed.chain(of_category.is_none().then_some(source)) {
                assert_eq!(of(&sources, source, medium, name, "", ""), expected, "{source} {medium} {name}");
                if source.contains('.') {
                    // A source is what a referrer's host becomes.
                    assert_eq!(of(&sources, "", medium, name, source, ""), expected, "{source} {medium} {name}");
                }
                checked += 1;
            }
        }
        assert!(checked >= 80_000, "{checked}");
    }
}

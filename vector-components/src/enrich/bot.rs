//! Whether a program rather than a person sent the event: scored, never dropped.
//!
//! Rule's source: our own list, data/bots.tsv, uap-core's `Spider` family, and what a
//! browser's headers must hold. A score of [`BOT_SCORE_MIN`] or more names a category,
//! and the reasons are stored beside it, so that a dashboard can decide otherwise.

use super::user_agent::{DeviceType, UserAgent};
use crate::event::Hints;

/// From this score of 100 on, the verdict is a bot.
pub const BOT_SCORE_MIN: u8 = 50;

const BOTS_TSV: &str = include_str!("../../data/bots.tsv");

/// The verdict on one event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BotVerdict {
    /// The category; empty for a person.
    pub category: &'static str,
    /// 0 to 100.
    pub score: u8,
    /// What spoke for it, by name.
    pub reasons: Vec<&'static str>,
}

/// The list, parsed once.
#[derive(Debug)]
pub struct Bots(Vec<(&'static str, u8, Vec<&'static str>)>);

impl Default for Bots {
    fn default() -> Self {
        let parse = |line: &'static str| {
            let mut columns = line.split('\t');
            let (category, score) = (columns.next()?, columns.next()?.parse().ok()?);
            Some((category, score, columns.next()?.split('|').collect()))
        };
        Self(BOTS_TSV.lines().filter(|line| !line.starts_with('#')).filter_map(parse).collect())
    }
}

impl Bots {
    /// Scores what a header says; cached with the parsed header by the caller.
    #[must_use]
    pub fn of_user_agent(&self, header: &str, agent: &UserAgent) -> BotVerdict {
        let mut verdict = BotVerdict::default();
        if header.trim().is_empty() {
            verdict.add("no_user_agent", 60, "unknown");
            return verdict;
        }
        let header = header.to_lowercase();
        let listed = self.0.iter().find(|(_, _, texts)| texts.iter().any(|text| header.contains(text)));
        if let Some((category, score, _)) = listed {
            verdict.add("user_agent_list", *score, category);
        }
        if agent.device_type == DeviceType::Bot {
            verdict.add("uap_core_spider", 100, "crawler");
        }
        verdict
    }
}

impl BotVerdict {
    /// Adds what the other headers say. Only a client that claims to be a browser is
    /// measured by a browser's habits.
    #[must_use]
    pub fn with_hints(mut self, hints: &Hints, claims_browser: bool) -> Self {
        if hints.sec_ch_ua.to_lowercase().contains("headlesschrome") {
            self.add("client_hints_headless", 90, "headless");
        }
        if claims_browser && hints.seen && hints.accept_language.is_empty() {
            self.add("no_accept_language", 30, "unknown");
        }
        self
    }

    /// The category if the score makes it a bot, else nothing.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        if self.score >= BOT_SCORE_MIN { self.category } else { "" }
    }

    fn add(&mut self, reason: &'static str, score: u8, category: &'static str) {
        self.reasons.push(reason);
        if self.category.is_empty() {
            self.category = category;
        }
        self.score = self.score.saturating_add(score).min(100);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::UserAgents;

    fn verdict(header: &str, hints: &Hints) -> (&'static str, Vec<&'static str>) {
        let agent = UserAgents::new().unwrap().parse(header);
        let verdict = agent.bot.clone().with_hints(hints, agent.claims_browser());
        (verdict.verdict(), verdict.reasons)
    }

    #[test]
    fn golden_verdicts() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";
        let browser =
            Hints { seen: true, accept_language: "de".into(), sec_ch_ua: "\"Google Chrome\";v=\"124\"".into() };
        let bare = Hints { seen: true, ..Hints::default() };
        let headless = Hints { sec_ch_ua: "\"HeadlessChrome\";v=\"124\"".into(), ..browser.clone() };
        assert_eq!(verdict(chrome, &browser), ("", vec![]));
        assert_eq!(verdict(chrome, &bare), ("", vec!["no_accept_language"]), "one weak sign is no verdict");
        assert_eq!(verdict(chrome, &headless), ("headless", vec!["client_hints_headless"]));
        let google = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
        assert_eq!(verdict(google, &bare), ("crawler", vec!["user_agent_list", "uap_core_spider"]));
        assert_eq!(verdict("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)", &bare).0, "ai_crawler");
        assert_eq!(verdict("curl/8.5.0", &bare), ("http_library", vec!["user_agent_list"]));
        assert_eq!(verdict("", &bare), ("unknown", vec!["no_user_agent"]));
        assert_eq!(verdict(chrome, &Hints::default()), ("", vec![]), "headers that were not seen say nothing");
    }
}

//! Whether a program rather than a person sent the event: scored, never dropped.
//!
//! Rule's source: our own lists, data/bots.tsv and data/hosting_networks.tsv, uap-core's `Spider`
//! family, what a browser's headers must hold, and how often one client sends. A score of [`BOT_SCORE_MIN`] or more names a category,
//! and the reasons are stored beside it, so that a dashboard can decide otherwise.

use super::{
    source::lower,
    user_agent::{DeviceType, UserAgent},
};
use crate::event::ClientHeaders;

/// From this score of 100 on, the verdict is a bot.
pub const BOT_SCORE_MIN: u8 = 50;

const BOTS_TSV: &str = include_str!("../../data/bots.tsv");
const HOSTING_TSV: &str = include_str!("../../data/hosting_networks.tsv");
const SCORE_MAX: u8 = 100;
/// Events of one client within ten seconds that no person makes.
pub const EVENTS_PER_10_S_MAX: u32 = 200;

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

/// What a `User-Agent` header alone says, before other headers are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderSigns {
    verdict: BotVerdict,
    /// It begins as every browser's header does.
    is_mozilla: bool,
    /// There is none.
    is_absent: bool,
}

impl HeaderSigns {
    /// Whether the header claims to be a person's browser.
    fn claims_browser(&self) -> bool {
        self.is_mozilla && self.verdict.score == 0
    }
}

/// The lists, parsed once.
#[derive(Debug)]
pub struct Bots {
    /// Category and score, by line of the list.
    lines: Vec<(&'static str, u8)>,
    /// The texts of all lines, and the line of each.
    texts: Vec<&'static str>,
    line_of_text: Vec<usize>,
    /// Numbers of autonomous systems, in order.
    hosting: Vec<u32>,
}

impl Default for Bots {
    fn default() -> Self {
        let rows = |text: &'static str| text.lines().filter(|line| !line.starts_with('#'));
        let (mut lines, mut texts, mut line_of_text) = (Vec::new(), Vec::new(), Vec::new());
        for row in rows(BOTS_TSV) {
            let mut columns = row.split('\t');
            let (Some(category), Some(Ok(score)), Some(all)) =
                (columns.next(), columns.next().map(str::parse), columns.next())
            else {
                continue;
            };
            for text in all.split('|') {
                texts.push(text);
                line_of_text.push(lines.len());
            }
            lines.push((category, score));
        }
        let mut hosting: Vec<u32> =
            rows(HOSTING_TSV).filter_map(|line| line.split_once('\t')?.0.parse().ok()).collect();
        hosting.sort_unstable();
        Self { lines, texts, line_of_text, hosting }
    }
}

impl Bots {
    /// The texts to be looked for in headers, as the list writes them, and whether each counts in the
    /// model that a header names.
    pub fn texts(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.texts.iter().zip(&self.line_of_text).map(|(text, line)| (*text, self.lines[*line].1 == SCORE_MAX))
    }

    /// Scores what a header says, of whose [`Bots::texts`] those with the numbers `found` are in it;
    /// cached with the parsed header by the caller.
    #[must_use]
    pub fn of_header(&self, header: &str, agent: &UserAgent, found: impl Iterator<Item = usize>) -> HeaderSigns {
        let mut verdict = BotVerdict::default();
        if header.trim().is_empty() {
            return HeaderSigns { is_absent: true, ..HeaderSigns::default() };
        }
        // Of several lines the one that comes first.
        let line = found.map(|text| self.line_of_text[text]).min().map(|line| self.lines[line]);
        // A person's line keeps the weaker lines below it from fitting.
        if let Some((category, score)) = line.filter(|(_, score)| *score > 0) {
            verdict.add("user_agent_list", score, category);
        }
        if agent.device_type() == DeviceType::Bot {
            verdict.add("uap_core_spider", 100, "crawler");
        }
        HeaderSigns { verdict, is_mozilla: header.starts_with("Mozilla/"), is_absent: false }
    }

    /// Adds what the other headers, the network and the rate say. Only a client that claims to be a
    /// browser is measured by a browser's habits.
    #[must_use]
    pub fn verdict(&self, signs: &HeaderSigns, hints: &ClientHeaders<'_>, asn: u32) -> BotVerdict {
        let mut verdict = signs.verdict.clone();
        // Of an event that was imported, or sent by the customer's server, the headers were never seen.
        if signs.is_absent && hints.observed {
            verdict.add("no_user_agent", 60, "unknown");
        }
        if !hints.sec_ch_ua.is_empty() && lower(&hints.sec_ch_ua).contains("headlesschrome") {
            verdict.add("client_hints_headless", 90, "headless");
        }
        if signs.claims_browser() && hints.observed && hints.accept_language.is_empty() {
            verdict.add("no_accept_language", 30, "unknown");
        }
        if asn != 0 && self.hosting.binary_search(&asn).is_ok() {
            verdict.add("hosting_network", 40, "data_centre");
        }
        if hints.events_per_10_s > EVENTS_PER_10_S_MAX {
            verdict.add("high_rate", 30, "automation");
        }
        verdict
    }
}

impl BotVerdict {
    /// The category if the score makes it a bot, else nothing.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        if self.score >= BOT_SCORE_MIN { self.category } else { "" }
    }

    fn add(&mut self, reason: &'static str, score: u8, category: &'static str) {
        self.reasons.push(reason);
        // A weak sign names nothing; the first that does counts.
        if matches!(self.category, "" | "unknown") {
            self.category = category;
        }
        self.score = self.score.saturating_add(score).min(SCORE_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::UserAgents;

    fn verdict(header: &str, hints: &ClientHeaders<'_>) -> (&'static str, Vec<&'static str>) {
        from(header, hints, 0)
    }

    fn from(header: &str, hints: &ClientHeaders<'_>, asn: u32) -> (&'static str, Vec<&'static str>) {
        let agents = UserAgents::new().unwrap();
        let verdict = agents.verdict(&agents.read(header), hints, asn);
        (verdict.verdict(), verdict.reasons)
    }

    #[test]
    fn golden_verdicts() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";
        let browser = ClientHeaders {
            observed: true,
            accept_language: "de".into(),
            sec_ch_ua: "\"Google Chrome\";v=\"124\"".into(),
            ..ClientHeaders::default()
        };
        let bare = ClientHeaders { observed: true, ..ClientHeaders::default() };
        let headless = ClientHeaders { sec_ch_ua: "\"HeadlessChrome\";v=\"124\"".into(), ..browser.clone() };
        assert_eq!(verdict(chrome, &browser), ("", vec![]));
        assert_eq!(verdict(chrome, &bare), ("", vec!["no_accept_language"]), "one weak sign is no verdict");
        assert_eq!(verdict(chrome, &headless), ("headless", vec!["client_hints_headless"]));
        let google = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
        assert_eq!(verdict(google, &bare), ("crawler", vec!["user_agent_list", "uap_core_spider"]));
        assert_eq!(verdict("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)", &bare).0, "ai_training");
        assert_eq!(verdict("curl/8.5.0", &bare), ("http_library", vec!["user_agent_list"]));
        assert_eq!(verdict("", &bare), ("unknown", vec!["no_user_agent"]));
        assert_eq!(verdict("", &ClientHeaders::default()), ("", vec![]), "nobody has looked for one");
        assert_eq!(from(chrome, &browser, 24940), ("", vec!["hosting_network"]), "a VPN's user is a person");
        assert_eq!(from(chrome, &browser, 1221), ("", vec![]));
        let fast = ClientHeaders { events_per_10_s: 201, ..bare.clone() };
        let reasons = vec!["no_accept_language", "hosting_network", "high_rate"];
        assert_eq!(from(chrome, &bare, 24940), ("data_centre", reasons[..2].to_vec()));
        assert_eq!(from(chrome, &fast, 24940), ("data_centre", reasons));
        assert_eq!(verdict(chrome, &ClientHeaders::default()), ("", vec![]), "headers that were not seen say nothing");
    }

    /// Every line, so that recall and precision are what they are printed as: 100 %.
    #[test]
    fn programs_and_people_are_told_apart() {
        let (agents, hints) = (UserAgents::new().unwrap(), ClientHeaders::default());
        let (mut programs, mut found, mut people, mut mistaken, mut wrong) = (0, 0, 0, 0, Vec::new());
        let file = include_str!("../../testdata/bots.tsv");
        for line in file.lines().filter(|line| !line.starts_with('#')) {
            let (expected, header) = line.split_once('\t').unwrap();
            let verdict = agents.verdict(&agents.read(header), &hints, 0);
            let got = verdict.verdict();
            match expected {
                "" => (people, mistaken) = (people + 1, mistaken + usize::from(!got.is_empty())),
                _ => (programs, found) = (programs + 1, found + usize::from(!got.is_empty())),
            }
            if got != expected {
                wrong.push(format!("{expected:?}, not {got:?} {:?}: {header}", verdict.reasons));
            }
        }
        println!("{found} of {programs} programs are found, {mistaken} of {people} people are mistaken for one");
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(programs >= 100 && people >= 50);
    }
}

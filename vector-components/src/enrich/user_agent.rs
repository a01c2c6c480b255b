//! Browser, operating system and device from the `User-Agent` header.
//!
//! Rule's source: uap-core's rules of October 2026 (data/uap-core), matched by the
//! `ua-parser` crate of the same organisation. A bounded cache stands in front, since
//! the same few thousand headers make up nearly all of any site's traffic.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use quick_cache::sync::Cache;
use ua_parser::{Extractor, Regexes};

use super::bot::{BotVerdict, Bots};

/// uap-core's rules, compiled in.
const REGEXES_JSON: &str = include_str!("../../data/uap-core/regexes.json");
/// Headers kept parsed, at most; about 300 bytes each.
pub const CACHE_ENTRIES_MAX: usize = 65_536;

/// What a `User-Agent` header tells. Unknown parts are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserAgent {
    /// Family, such as `Chrome Mobile`.
    pub browser: String,
    /// Major version and, where given, minor: `120.0`.
    pub browser_version: String,
    /// Family, such as `Mac OS X`.
    pub os: String,
    /// Version as far as given: `10.15.7`.
    pub os_version: String,
    /// The kind of device.
    pub device_type: DeviceType,
    /// Brand, such as `Apple`.
    pub device_brand: String,
    /// Model, such as `iPhone`.
    pub device_model: String,
    /// Whether it says that it is a program.
    pub bot: BotVerdict,
    /// It begins as every browser's header does.
    mozilla: bool,
}

impl UserAgent {
    /// Whether the header claims to be a person's browser.
    #[must_use]
    pub fn claims_browser(&self) -> bool {
        self.mozilla && self.bot.score == 0
    }
}

/// The kind of device. The snake_case name is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceType {
    /// A computer with a desktop system.
    Desktop,
    /// A phone.
    Mobile,
    /// A tablet.
    Tablet,
    /// A television or a box beside it.
    Tv,
    /// A crawler or another program that says so.
    Bot,
    /// None of these can be told.
    #[default]
    Unknown,
}

impl DeviceType {
    /// The stored name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            DeviceType::Desktop => "desktop",
            DeviceType::Mobile => "mobile",
            DeviceType::Tablet => "tablet",
            DeviceType::Tv => "tv",
            DeviceType::Bot => "bot",
            DeviceType::Unknown => "unknown",
        }
    }
}

/// The parser with its cache.
pub struct UserAgents {
    extractor: Extractor<'static>,
    bots: Bots,
    cache: Cache<String, Arc<UserAgent>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl UserAgents {
    /// Compiles the rules; takes a fraction of a second, once.
    ///
    /// # Errors
    /// Only if the compiled-in rules cannot be read, which the tests exclude.
    pub fn new() -> Result<Self, String> {
        let regexes: Regexes<'static> =
            serde_json::from_str(REGEXES_JSON).map_err(|e| format!("uap-core rules: {e}"))?;
        let extractor = Extractor::try_from(regexes).map_err(|e| format!("uap-core rules: {e}"))?;
        Ok(Self {
            extractor,
            bots: Bots::default(),
            cache: Cache::new(CACHE_ENTRIES_MAX),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        })
    }

    /// What `header` tells; an empty header tells nothing.
    #[must_use]
    pub fn parse(&self, header: &str) -> Arc<UserAgent> {
        if let Some(known) = self.cache.get(header) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return known;
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let parsed = Arc::new(self.parse_uncached(header));
        self.cache.insert(header.to_owned(), Arc::clone(&parsed));
        parsed
    }

    /// Cache hits and misses since the start.
    #[must_use]
    pub fn hits_and_misses(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }

    fn parse_uncached(&self, header: &str) -> UserAgent {
        if header.is_empty() {
            let bot = self.bots.of_user_agent(header, &UserAgent::default());
            return UserAgent { bot, ..UserAgent::default() };
        }
        let (browser, os, device) = self.extractor.extract(header);
        let mut out = UserAgent::default();
        if let Some(browser) = browser {
            out.browser_version = join_version([browser.major, browser.minor, None]);
            out.browser = browser.family.into_owned();
        }
        if let Some(os) = &os {
            out.os_version = join_version([os.major.as_deref(), os.minor.as_deref(), os.patch.as_deref()]);
            out.os = os.os.to_string();
        }
        let mut family = String::new();
        if let Some(device) = device {
            family = device.device.into_owned();
            out.device_brand = device.brand.map(std::borrow::Cow::into_owned).unwrap_or_default();
            out.device_model = device.model.map(std::borrow::Cow::into_owned).unwrap_or_default();
        }
        out.device_type = device_type(header, &out, &family);
        out.mozilla = header.starts_with("Mozilla/");
        out.bot = self.bots.of_user_agent(header, &out);
        out
    }
}

impl std::fmt::Debug for UserAgents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserAgents").field("cached", &self.cache.len()).finish_non_exhaustive()
    }
}

fn join_version(parts: [Option<&str>; 3]) -> String {
    parts.into_iter().map_while(|part| part.filter(|p| !p.is_empty())).collect::<Vec<_>>().join(".")
}

/// uap-core names no kind of device. The rule: a spider is a bot; then what the header
/// itself claims (television, tablet, phone); then the operating system. An Android
/// header without `Mobile` is a tablet: Google's own rule for Chrome.
fn device_type(header: &str, agent: &UserAgent, family: &str) -> DeviceType {
    let has = |needle: &str| header.contains(needle);
    if family == "Spider" {
        return DeviceType::Bot;
    }
    if [
        "SmartTV", "SMART-TV", "Smart TV", "HbbTV", "AppleTV", "Apple TV", "CrKey", "BRAVIA", "GoogleTV", "Roku",
        "AFTT", "Web0S",
    ]
    .iter()
    .any(|tv| has(tv))
        || agent.os.ends_with("TV")
        || agent.os == "tvOS"
    {
        return DeviceType::Tv;
    }
    if has("iPad") || has("Tablet") || has("Kindle") || has("PlayBook") || family.contains("Tablet") {
        return DeviceType::Tablet;
    }
    match agent.os.as_str() {
        "Android" if has("Mobile") => DeviceType::Mobile,
        "Android" => DeviceType::Tablet,
        "iOS" | "Windows Phone" | "BlackBerry OS" | "KaiOS" | "Firefox OS" | "Symbian OS" => DeviceType::Mobile,
        "Windows" | "Mac OS X" | "Linux" | "Chrome OS" | "Ubuntu" | "Fedora" | "Debian" | "FreeBSD" | "OpenBSD"
        | "NetBSD" => DeviceType::Desktop,
        _ if has("Mobile") => DeviceType::Mobile,
        _ => DeviceType::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_user_agents() {
        let agents = UserAgents::new().unwrap();
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/user_agents.tsv");
        let golden = std::fs::read_to_string(file).unwrap();
        let (mut checked, mut updated) = (0, String::new());
        for line in golden.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [header, expected @ ..] = columns.as_slice() else { unreachable!() };
            let a = agents.parse(header);
            let got = [
                &*a.browser,
                &a.browser_version,
                &a.os,
                &a.os_version,
                a.device_type.as_str(),
                &a.device_brand,
                &a.device_model,
            ];
            updated.push_str(&format!("{header}\t{}\n", got.join("\t")));
            if std::env::var_os("UPDATE_GOLDEN").is_none() {
                assert_eq!(got, expected, "{header}");
            }
            checked += 1;
        }
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            let header = golden.lines().next().unwrap();
            std::fs::write(file, format!("{header}\n{updated}")).unwrap();
        }
        assert!(checked >= 10);
    }

    #[test]
    fn a_header_seen_again_comes_from_the_cache() {
        let agents = UserAgents::new().unwrap();
        let first = agents.parse("curl/8.5.0");
        assert!(Arc::ptr_eq(&first, &agents.parse("curl/8.5.0")));
        assert_eq!(agents.hits_and_misses(), (1, 1));
    }
}

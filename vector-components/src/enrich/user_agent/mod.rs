//! Browser, operating system and device from the `User-Agent` header.
//!
//! Rule's source: uap-core's rules of October 2026 (data/uap-core), applied by [`rules`]; the
//! `ua-parser` crate of the same organisation is the oracle in tests. A bounded cache stands in
//! front, since the same few thousand headers make up nearly all of any site's traffic.

mod device_type;
mod expression;
mod frozen;
mod literals;
mod rules;
mod template;
mod word;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use self::{
    device_type::{WORDS, told},
    rules::Rules,
    word::Word,
};
use super::bot::{BotVerdict, Bots};
pub use device_type::DeviceType;
use quick_cache::sync::Cache;

/// uap-core's rules, compiled in.
const REGEXES_JSON: &str = include_str!("../../../data/uap-core/regexes.json");
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

/// The parser with its cache.
pub struct UserAgents {
    rules: Rules,
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
        let bots = Bots::default();
        let words = WORDS.iter().map(|(word, _)| Word::new(word, true));
        let words = words.chain(bots.texts().map(|(text, is_of_model)| Word::new(text, is_of_model)));
        let rules = Rules::new(REGEXES_JSON, words).map_err(|e| format!("uap-core rules: {e}"))?;
        Ok(Self {
            rules,
            bots,
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
        let parsed = Arc::new(self.read(header));
        self.cache.insert(header.to_owned(), Arc::clone(&parsed));
        parsed
    }

    /// Cache hits and misses since the start.
    #[must_use]
    pub fn hits_and_misses(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }

    /// As [`UserAgents::parse`], without the cache.
    #[must_use]
    pub fn read(&self, header: &str) -> UserAgent {
        if header.is_empty() {
            let bot = self.bots.of_user_agent(header, &UserAgent::default(), std::iter::empty());
            return UserAgent { bot, ..UserAgent::default() };
        }
        let (found, words) = self.rules.apply(header);
        let rules::Found {
            browser: [browser, major, minor],
            os: [os, os_major, os_minor, os_patch],
            device: [family, brand, model],
        } = found;
        let mut out = UserAgent {
            browser,
            browser_version: join_version([&major, &minor, ""]),
            os,
            os_version: join_version([&os_major, &os_minor, &os_patch]),
            device_brand: brand,
            device_model: model,
            ..UserAgent::default()
        };
        let told = told(words.iter().filter(|word| *word < WORDS.len()));
        if let Some((os, version)) = frozen::system(header, told, &out.os, &out.os_version) {
            (out.os, out.os_version) = (os.to_owned(), version.to_owned());
        }
        out.device_type = DeviceType::of(told, &out.os, &family);
        out.mozilla = header.starts_with("Mozilla/");
        out.bot = self.bots.of_user_agent(header, &out, words.iter().filter_map(|word| word.checked_sub(WORDS.len())));
        out
    }
}

impl std::fmt::Debug for UserAgents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserAgents").field("cached", &self.cache.len()).finish_non_exhaustive()
    }
}

/// As many parts as there are.
fn join_version(parts: [&str; 3]) -> String {
    let count = parts.iter().take_while(|part| !part.is_empty()).count();
    parts[..count].join(".")
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

    /// Headers that a rule's own expression describes, alone and within a browser's; uap-core's
    /// own reader says what they are.
    #[test]
    fn headers_made_from_each_rule_are_read_as_by_ua_parser() {
        use proptest::{
            strategy::{Strategy, ValueTree},
            test_runner::TestRunner,
        };

        let json: serde_json::Value = serde_json::from_str(REGEXES_JSON).unwrap();
        let theirs: ua_parser::Regexes<'_> = serde_json::from_str(REGEXES_JSON).unwrap();
        let theirs = ua_parser::Extractor::try_from(theirs).unwrap();
        let ours = Rules::new(REGEXES_JSON, std::iter::empty()).unwrap();
        let (mut runner, mut checked) = (TestRunner::deterministic(), 0);
        let lists = json.as_object().unwrap().values().flat_map(|list| list.as_array().unwrap());
        for expression in lists.map(|rule| rule["regex"].as_str().unwrap()) {
            let shorter = expression
                .replace("^", "")
                .replace("$", "")
                .replace("\\b", "")
                .replace(",100}", ",3}")
                .replace(",200}", ",3}")
                .replace("\\d", "[0-9]");
            let Ok(made) = proptest::string::string_regex(&shorter) else { continue };
            for round in 0..6 {
                let made = made.new_tree(&mut runner).unwrap().current();
                let header = match round {
                    0 => made,
                    1 => format!(
                        "Mozilla/5.0 (Linux; Android 14; {made}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36"
                    ),
                    2 => format!("Mozilla/5.0 (X11; Linux x86_64) {made} Safari/537.36"),
                    3 => format!("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 {made}"),
                    4 => made.to_lowercase(),
                    _ => made.to_uppercase(),
                };
                let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
                let (browser, os, device) = theirs.extract(&header);
                let expected = rules::Found {
                    browser: browser
                        .map(|b| [b.family.clone().into_owned(), text(b.major), text(b.minor)])
                        .unwrap_or_default(),
                    os: os
                        .map(|o| {
                            [
                                o.os.clone().into_owned(),
                                text(o.major.as_deref()),
                                text(o.minor.as_deref()),
                                text(o.patch.as_deref()),
                            ]
                        })
                        .unwrap_or_default(),
                    device: device
                        .map(|d| [d.device.clone().into_owned(), text(d.brand.as_deref()), text(d.model.as_deref())])
                        .unwrap_or_default(),
                };
                assert_eq!(ours.apply(&header).0, expected, "{header:?}");
                checked += 1;
            }
        }
        assert!(checked >= 6_000, "{checked}");
    }

    #[test]
    fn a_header_seen_again_comes_from_the_cache() {
        let agents = UserAgents::new().unwrap();
        let first = agents.parse("curl/8.5.0");
        assert!(Arc::ptr_eq(&first, &agents.parse("curl/8.5.0")));
        assert_eq!(agents.hits_and_misses(), (1, 1));
    }
}

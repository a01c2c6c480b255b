//! Browser, operating system and device from the `User-Agent` header.
//!
//! Rule's source: uap-core's rules of October 2026 (data/uap-core), applied by [`rules`]; the
//! `ua-parser` crate of the same organisation is the oracle in tests.

mod device_type;
mod expression;
mod frozen;
mod literals;
mod rules;
mod template;
mod word;

use self::{
    device_type::{WORDS, told},
    rules::{Marks, Rules},
};
pub use device_type::DeviceType;
pub use word::Word;

/// uap-core's rules, compiled in.
const REGEXES_JSON: &str = include_str!("../../../data/uap-core/regexes.json");

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
}

/// Reads headers by the rules.
pub struct Parser {
    rules: Rules,
}

/// What a header holds.
#[derive(Debug)]
pub struct Parsed {
    /// What it is of.
    pub agent: UserAgent,
    words: Marks,
}

impl Parsed {
    /// Those of the caller's words that are in the header, by number, in order.
    pub fn words(&self) -> impl Iterator<Item = usize> {
        self.words.iter().filter_map(|word| word.checked_sub(WORDS.len()))
    }
}

impl Parser {
    /// Compiles the rules, which takes a fraction of a second; `words` are looked for beside them.
    ///
    /// # Errors
    /// Only if the compiled-in rules cannot be read, which the tests exclude.
    pub fn new(words: impl Iterator<Item = Word>) -> Result<Self, String> {
        let own = WORDS.iter().map(|(word, _)| Word::new(word, true));
        let rules = Rules::new(REGEXES_JSON, own.chain(words)).map_err(|e| format!("uap-core rules: {e}"))?;
        Ok(Self { rules })
    }

    /// What `header` tells; an empty header tells nothing.
    #[must_use]
    pub fn parse(&self, header: &str) -> Parsed {
        if header.is_empty() {
            return Parsed { agent: UserAgent::default(), words: Marks::default() };
        }
        let (found, words) = self.rules.apply(header);
        let rules::Found {
            browser: [browser, major, minor],
            os: [os, os_major, os_minor, os_patch],
            device: [family, brand, model],
        } = found;
        let mut agent = UserAgent {
            browser,
            browser_version: join_version([&major, &minor, ""]),
            os,
            os_version: join_version([&os_major, &os_minor, &os_patch]),
            device_brand: brand,
            device_model: model,
            device_type: DeviceType::Unknown,
        };
        let told = told(words.iter().filter(|word| *word < WORDS.len()));
        if let Some((os, version)) = frozen::system(header, told, &agent.os, &agent.os_version) {
            (agent.os, agent.os_version) = (os.to_owned(), version.to_owned());
        }
        agent.device_type = DeviceType::of(told, &agent.os, &family);
        Parsed { agent, words }
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
        let parser = Parser::new(std::iter::empty()).unwrap();
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/user_agents.tsv");
        let golden = std::fs::read_to_string(file).unwrap();
        let (mut checked, mut updated) = (0, String::new());
        for line in golden.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [header, expected @ ..] = columns.as_slice() else { unreachable!() };
            let a = parser.parse(header).agent;
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
}

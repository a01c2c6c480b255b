//! Browser, operating system and device from the `User-Agent` header.
//!
//! Rule's source: uap-core's rules of October 2026 (data/uap-core), applied by [`rules`]; the
//! `ua-parser` crate of the same organisation is the oracle in tests.

mod bits;
mod candidates;
mod device_type;
mod error;
mod expression;
mod frozen;
mod literals;
mod one_pass;
mod pieces;
mod rules;
mod semicolon;
mod template;
mod texts;
mod word;

use self::{
    candidates::WordBits,
    device_type::{WORDS, told},
    rules::Rules,
};
pub use device_type::DeviceType;
pub use error::RulesError;
pub use word::Word;

/// uap-core's rules, compiled in.
const REGEXES_JSON: &str = include_str!("../../../data/uap-core/regexes.json");

/// What a `User-Agent` header tells. Unknown parts are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserAgent {
    /// All strings one after another: one piece of memory for each cached header.
    text: Box<str>,
    /// By field: where its string ends.
    ends: [u32; Field::COUNT],
    device_type: DeviceType,
}

#[derive(Clone, Copy)]
enum Field {
    Browser,
    BrowserVersion,
    Os,
    OsVersion,
    DeviceBrand,
    DeviceModel,
}

impl Field {
    const COUNT: usize = Self::DeviceModel as usize + 1;
}

impl UserAgent {
    /// Family, such as `Chrome Mobile`.
    #[must_use]
    pub fn browser(&self) -> &str {
        self.field(Field::Browser)
    }

    /// Major version and, where given, minor: `120.0`.
    #[must_use]
    pub fn browser_version(&self) -> &str {
        self.field(Field::BrowserVersion)
    }

    /// Family, such as `Mac OS X`.
    #[must_use]
    pub fn os(&self) -> &str {
        self.field(Field::Os)
    }

    /// Version as far as given: `10.15.7`.
    #[must_use]
    pub fn os_version(&self) -> &str {
        self.field(Field::OsVersion)
    }

    /// Brand, such as `Apple`.
    #[must_use]
    pub fn device_brand(&self) -> &str {
        self.field(Field::DeviceBrand)
    }

    /// Model, such as `iPhone`.
    #[must_use]
    pub fn device_model(&self) -> &str {
        self.field(Field::DeviceModel)
    }

    /// The kind of device.
    #[must_use]
    pub fn device_type(&self) -> DeviceType {
        self.device_type
    }

    fn field(&self, field: Field) -> &str {
        let at = field as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start as usize..self.ends[at] as usize).unwrap_or_default()
    }

    /// Of the fields' strings, each of which is joined by dots of those parts that are there.
    fn new(fields: [&[&str]; Field::COUNT], device_type: DeviceType) -> Self {
        let mut text = String::with_capacity(fields.iter().flat_map(|parts| *parts).map(|part| part.len() + 1).sum());
        let ends = fields.map(|parts| {
            for (at, part) in parts.iter().take_while(|part| !part.is_empty()).enumerate() {
                if at > 0 {
                    text.push('.');
                }
                text.push_str(part);
            }
            // A header is far shorter.
            u32::try_from(text.len()).unwrap_or(u32::MAX)
        });
        Self { text: text.into(), ends, device_type }
    }
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
    words: WordBits,
}

impl Parsed {
    /// Those of the caller's words that are in the header, by number, in order.
    pub fn words(&self) -> impl Iterator<Item = usize> {
        self.words.within(WORDS.len()..WordBits::LEN).map(|word| usize::from(word) - WORDS.len())
    }
}

impl Parser {
    /// Compiles the rules, which takes a fraction of a second; `words` are looked for beside them.
    ///
    /// # Errors
    /// Only if the compiled-in rules cannot be read, which the tests exclude.
    pub fn new(words: impl Iterator<Item = Word>) -> Result<Self, RulesError> {
        let own = WORDS.iter().map(|(word, _)| Word::new(word, true));
        let rules = Rules::new(REGEXES_JSON, own.chain(words))?;
        Ok(Self { rules })
    }

    /// What `header` tells; an empty header tells nothing.
    #[must_use]
    pub fn parse(&self, header: &str) -> Parsed {
        if header.is_empty() {
            return Parsed { agent: UserAgent::default(), words: WordBits::default() };
        }
        let (found, words) = self.rules.apply(header);
        let rules::Found {
            browser: [browser, major, minor],
            os: [os, os_major, os_minor, os_patch],
            device: [family, brand, model],
        } = &found;
        let told = told(words.within(0..WORDS.len()).map(usize::from));
        let system = frozen::system(header, told, os, os_major);
        let os = system.map_or(&**os, |(os, _)| os);
        let given = [&**os_major, os_minor, os_patch];
        let agent = UserAgent::new(
            [
                &[browser],
                &[major, minor],
                &[os],
                system.as_ref().map_or(given.as_slice(), |(_, version)| std::slice::from_ref(version)),
                &[brand],
                &[model],
            ],
            DeviceType::of(told, os, family),
        );
        Parsed { agent, words }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

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
                a.browser(),
                a.browser_version(),
                a.os(),
                a.os_version(),
                a.device_type().as_str(),
                a.device_brand(),
                a.device_model(),
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
                let text = |value: Option<&str>| Cow::Owned(value.unwrap_or_default().to_owned());
                let (browser, os, device) = theirs.extract(&header);
                let expected = rules::Found {
                    browser: browser.map(|b| [text(Some(&b.family)), text(b.major), text(b.minor)]).unwrap_or_default(),
                    os: os
                        .map(|o| {
                            [
                                text(Some(&o.os)),
                                text(o.major.as_deref()),
                                text(o.minor.as_deref()),
                                text(o.patch.as_deref()),
                            ]
                        })
                        .unwrap_or_default(),
                    device: device
                        .map(|d| [text(Some(&d.device)), text(d.brand.as_deref()), text(d.model.as_deref())])
                        .unwrap_or_default(),
                };
                assert_eq!(ours.apply(&header).0, expected, "{header:?}");
                checked += 1;
            }
        }
        assert!(checked >= 6_000, "{checked}");
    }
}

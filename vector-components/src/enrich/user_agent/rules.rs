//! uap-core's three lists of rules. Of each list the first rule whose expression matches the header
//! decides; its replacements, or else the expression's groups, give the values.
//!
//! Rule's source: uap-core's specification. Only the few rules that may match ([`candidates`]) are
//! tried, in their order.

use std::{borrow::Cow, ops::Range};

use serde::Deserialize;

use super::{
    candidates::{Building, Candidates, RuleBits, WordBits},
    error::RulesError,
    expression::Expression,
    template::{GROUPS_MAX, Slots, Template},
    word::Word,
};

#[derive(Deserialize)]
struct File {
    user_agent_parsers: Vec<RawRule>,
    os_parsers: Vec<RawRule>,
    device_parsers: Vec<RawRule>,
}

#[derive(Deserialize)]
struct RawRule {
    regex: String,
    regex_flag: Option<String>,
    family_replacement: Option<String>,
    v1_replacement: Option<String>,
    v2_replacement: Option<String>,
    os_replacement: Option<String>,
    os_v1_replacement: Option<String>,
    os_v2_replacement: Option<String>,
    os_v3_replacement: Option<String>,
    device_replacement: Option<String>,
    brand_replacement: Option<String>,
    model_replacement: Option<String>,
}

/// The values of the first matching rule of each list; empty if none does.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found<'a> {
    /// Family, major and minor version.
    pub browser: [Cow<'a, str>; 3],
    /// Family, major, minor and patch version.
    pub os: [Cow<'a, str>; 4],
    /// Device, brand and model.
    pub device: [Cow<'a, str>; 3],
}

/// The rules, ready to be tried.
pub struct Rules {
    candidates: Candidates,
    rules: Vec<Rule>,
    browsers: Range<usize>,
    systems: Range<usize>,
    devices: Range<usize>,
}

struct Rule {
    expression: Expression,
    /// Places for the bounds of its groups, as far as values come from them.
    slots: usize,
    values: Vec<Template>,
}

impl Rules {
    /// Compiles the rules of uap-core's file, as JSON, and the words to look for beside them.
    ///
    /// # Errors
    /// If the file or an expression cannot be read, or there are more than fit.
    pub fn new(json: &str, words: impl Iterator<Item = Word>) -> Result<Self, RulesError> {
        let file: File = serde_json::from_str(json)?;
        let mut building = Building::default();
        let mut rules = Vec::new();
        let mut list = |raw: Vec<RawRule>, values: fn(&mut RawRule) -> Vec<Template>| {
            let start = rules.len();
            for mut raw in raw {
                let (expression, parsed) = Expression::new(&raw.regex, raw.regex_flag.as_deref() == Some("i"))?;
                building.rule(&parsed)?;
                let slots = expression.slots().min(GROUPS_MAX * 2);
                rules.push(Rule { expression, slots, values: values(&mut raw) });
            }
            Ok::<_, RulesError>(start..rules.len())
        };
        let browsers = list(file.user_agent_parsers, RawRule::browser)?;
        let systems = list(file.os_parsers, RawRule::system)?;
        let devices = list(file.device_parsers, RawRule::device)?;
        words.enumerate().try_for_each(|(number, word)| building.word(number, word))?;
        Ok(Self { candidates: building.finish()?, rules, browsers, systems, devices })
    }

    /// What the lists say of a header, and which words are in it.
    #[must_use]
    pub fn apply<'a>(&'a self, header: &'a str) -> (Found<'a>, WordBits) {
        let (candidates, words) = self.candidates.of(header);
        let is_ascii = header.is_ascii();
        let left = if is_ascii { candidates } else { RuleBits::all() };
        let mut found = Found::default();
        self.first(header, is_ascii, left, &self.browsers, &mut found.browser);
        self.first(header, is_ascii, left, &self.systems, &mut found.os);
        self.first(header, is_ascii, left, &self.devices, &mut found.device);
        (found, words)
    }

    /// The values of the first rule of a list that matches.
    fn first<'a, const N: usize>(
        &'a self,
        header: &'a str,
        is_ascii: bool,
        left: RuleBits,
        list: &Range<usize>,
        values: &mut [Cow<'a, str>; N],
    ) {
        let mut slots: Slots = [None; GROUPS_MAX * 2];
        for rule in left.within(list.clone()) {
            let rule = &self.rules[usize::from(rule)];
            if rule.expression.search(header, is_ascii, &mut slots[..rule.slots]) {
                for (value, template) in values.iter_mut().zip(&rule.values) {
                    *value = template.fill(header, &slots[..rule.slots]);
                }
                return;
            }
        }
    }
}

impl RawRule {
    fn browser(&mut self) -> Vec<Template> {
        vec![
            Template::new(self.family_replacement.take(), 1),
            Template::new(self.v1_replacement.take(), 2),
            Template::new(self.v2_replacement.take(), 3),
        ]
    }

    fn system(&mut self) -> Vec<Template> {
        vec![
            Template::new(self.os_replacement.take(), 1),
            Template::new(self.os_v1_replacement.take(), 2),
            Template::new(self.os_v2_replacement.take(), 3),
            Template::new(self.os_v3_replacement.take(), 4),
        ]
    }

    fn device(&mut self) -> Vec<Template> {
        vec![
            Template::new(self.device_replacement.take(), 1),
            Template::or_nothing(self.brand_replacement.take()),
            Template::new(self.model_replacement.take(), 1),
        ]
    }
}

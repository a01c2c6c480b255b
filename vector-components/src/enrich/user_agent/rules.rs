//! uap-core's three lists of rules. Of each list the first rule whose expression matches the header
//! decides; its replacements, or else the expression's groups, give the values.
//!
//! Rule's source: uap-core's specification. A header is searched once for the texts that rules need
//! ([`literals`]); the few rules that are left are tried in their order. The same search looks for
//! words of others, since going over a header is half of what reading it costs.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex_automata::{
    Input,
    meta::{self, Regex},
    util::syntax,
};
use serde::Deserialize;

use super::{
    expression::as_ascii,
    literals,
    template::{GROUPS_MAX, Slots, Template},
    word::{self, Word},
};

/// Rules of all lists, in words of 64 bits.
const RULE_WORDS: usize = 32;
/// Sets of texts, likewise.
const SET_WORDS: usize = 64;
/// Words of others, likewise.
const MARK_WORDS: usize = 16;
const LISTS: usize = 3;

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
pub struct Found {
    /// Family, major and minor version.
    pub browser: [String; 3],
    /// Family, major, minor and patch version.
    pub os: [String; 4],
    /// Device, brand and model.
    pub device: [String; 3],
}

/// The rules, ready to be tried.
pub struct Rules {
    search: AhoCorasick,
    /// By text: the sets that hold it.
    sets_of_text: Vec<Vec<u16>>,
    /// By text: the words of others that it is.
    marks_of_text: Vec<Vec<(u16, Word)>>,
    /// By set: the rules whose first set it is.
    rules_of_set: Vec<Vec<u16>>,
    /// Rules of which nothing is known.
    always: [u64; RULE_WORDS],
    rules: Vec<Rule>,
    /// Where each list begins, and the end of the last.
    lists: [usize; LISTS + 1],
}

struct Rule {
    expression: Regex,
    /// Places for the bounds of its groups, as far as values come from them.
    slots: usize,
    /// A second set that has to be hit.
    also: Option<u16>,
    values: Vec<Template>,
}

impl Rules {
    /// Compiles the rules of uap-core's file, as JSON, and the words to look for beside them.
    ///
    /// # Errors
    /// If the file or an expression cannot be read, or there are more than fit.
    pub fn new(json: &str, words: impl Iterator<Item = Word>) -> Result<Self, String> {
        let file: File = serde_json::from_str(json).map_err(|e| e.to_string())?;
        let lists = [file.user_agent_parsers, file.os_parsers, file.device_parsers];
        let mut starts = [0; LISTS + 1];
        let mut building = Building::default();
        for (at, list) in lists.into_iter().enumerate() {
            list.into_iter().try_for_each(|raw| building.add(at, raw))?;
            starts[at + 1] = building.rules.len();
        }
        words.enumerate().try_for_each(|(number, word)| building.mark(number, word))?;
        building.finish(starts)
    }

    /// What the lists say of a header, and which words are in it.
    #[must_use]
    pub fn apply(&self, header: &str) -> (Found, Marks) {
        let (candidates, marks) = self.search(header);
        let left = if header.is_ascii() { candidates } else { [u64::MAX; RULE_WORDS] };
        let [browser, os, device] = std::array::from_fn(|list| self.first(header, list, &left));
        let mut found = Found::default();
        fill(&mut found.browser, browser, header);
        fill(&mut found.os, os, header);
        fill(&mut found.device, device, header);
        (found, marks)
    }

    /// The rules whose texts the header holds, and the words.
    fn search(&self, header: &str) -> ([u64; RULE_WORDS], Marks) {
        let (mut hit, mut out, mut marks) = ([0_u64; SET_WORDS], self.always, Marks::default());
        let mut second = [0_u64; RULE_WORDS];
        // Sought only where a word asks for it.
        let mut known_model = None;
        for found in self.search.find_overlapping_iter(header) {
            let text = found.pattern().as_usize();
            for (mark, word) in &self.marks_of_text[text] {
                let model = || known_model.get_or_insert_with(|| word::model(header)).clone();
                if word.counts(header, found.range(), model) {
                    let (word, bit) = place(*mark);
                    marks.0[word] |= bit;
                }
            }
            for set in &self.sets_of_text[text] {
                let (word, bit) = place(*set);
                if hit[word] & bit == 0 {
                    hit[word] |= bit;
                    for rule in &self.rules_of_set[usize::from(*set)] {
                        let (word, bit) = place(*rule);
                        let of = if self.rules[usize::from(*rule)].also.is_some() { &mut second } else { &mut out };
                        of[word] |= bit;
                    }
                }
            }
        }
        for rule in bits(second, 0..self.rules.len()) {
            if self.rules[rule].also.is_some_and(|set| hit[place(set).0] & place(set).1 != 0) {
                out[rule / 64] |= 1 << (rule % 64);
            }
        }
        (out, marks)
    }

    /// The first rule of a list that matches, and where its groups are.
    fn first(&self, header: &str, list: usize, left: &[u64; RULE_WORDS]) -> Option<(&Rule, Slots)> {
        let input = Input::new(header);
        for at in bits(*left, self.lists[list]..self.lists[list + 1]) {
            let rule = &self.rules[at];
            let mut slots = [None; GROUPS_MAX * 2];
            if rule.expression.search_slots(&input, &mut slots[..rule.slots]).is_some() {
                return Some((rule, slots));
            }
        }
        None
    }
}

/// Words that a header holds, by number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks([u64; MARK_WORDS]);

impl Marks {
    /// The words' numbers, in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        bits(self.0, 0..MARK_WORDS * 64)
    }
}

/// The numbers of the set bits in a range.
fn bits<const N: usize>(words: [u64; N], range: std::ops::Range<usize>) -> impl Iterator<Item = usize> {
    (range.start / 64..range.end.div_ceil(64))
        .flat_map(move |at| {
            let mut word = words[at];
            std::iter::from_fn(move || {
                let bit = word.trailing_zeros() as usize;
                word &= word.wrapping_sub(1);
                (bit < 64).then_some(at * 64 + bit)
            })
        })
        .filter(move |bit| range.contains(bit))
}

fn place(number: u16) -> (usize, u64) {
    (usize::from(number / 64), 1 << (number % 64))
}

fn fill<const N: usize>(values: &mut [String; N], found: Option<(&Rule, Slots)>, header: &str) {
    let Some((rule, slots)) = found else { return };
    for (value, template) in values.iter_mut().zip(&rule.values) {
        *value = template.fill(header, &slots);
    }
}

/// Rules while they are gathered.
#[derive(Default)]
struct Building {
    rules: Vec<Rule>,
    always: [u64; RULE_WORDS],
    texts: std::collections::HashMap<String, usize>,
    sets: std::collections::HashMap<Vec<String>, u16>,
    sets_of_text: Vec<Vec<u16>>,
    marks_of_text: Vec<Vec<(u16, Word)>>,
    rules_of_set: Vec<Vec<u16>>,
}

impl Building {
    fn add(&mut self, list: usize, raw: RawRule) -> Result<(), String> {
        let number = u16::try_from(self.rules.len()).unwrap_or(u16::MAX);
        if self.rules.len() >= RULE_WORDS * 64 {
            return Err(format!("there are more than {} rules", RULE_WORDS * 64));
        }
        let syntax = syntax::Config::new().case_insensitive(raw.regex_flag.as_deref() == Some("i"));
        let expression = as_ascii(&raw.regex);
        let parsed = syntax::parse_with(&expression, &syntax).map_err(|e| format!("{}: {e}", raw.regex))?;
        let mut needs = literals::required(&parsed).into_iter();
        match needs.next() {
            None => self.always[place(number).0] |= place(number).1,
            Some(first) => {
                let set = self.set(first)?;
                self.rules_of_set[usize::from(set)].push(number);
            }
        }
        let also = needs.next().map(|set| self.set(set)).transpose()?;
        let expression = meta::Builder::new().build_from_hir(&parsed).map_err(|e| format!("{}: {e}", raw.regex))?;
        let values = match list {
            0 => vec![
                Template::new(raw.family_replacement, 1),
                Template::new(raw.v1_replacement, 2),
                Template::new(raw.v2_replacement, 3),
            ],
            1 => vec![
                Template::new(raw.os_replacement, 1),
                Template::new(raw.os_v1_replacement, 2),
                Template::new(raw.os_v2_replacement, 3),
                Template::new(raw.os_v3_replacement, 4),
            ],
            _ => vec![
                Template::new(raw.device_replacement, 1),
                Template::or_nothing(raw.brand_replacement),
                Template::new(raw.model_replacement, 1),
            ],
        };
        let slots = expression.group_info().slot_len().min(GROUPS_MAX * 2);
        self.rules.push(Rule { expression, slots, also, values });
        Ok(())
    }

    fn set(&mut self, texts: Vec<String>) -> Result<u16, String> {
        if let Some(known) = self.sets.get(&texts) {
            return Ok(*known);
        }
        let number = u16::try_from(self.sets.len()).ok().filter(|set| usize::from(*set) < SET_WORDS * 64);
        let number = number.ok_or_else(|| format!("there are more than {} sets of texts", SET_WORDS * 64))?;
        for text in &texts {
            let text = self.text(text);
            self.sets_of_text[text].push(number);
        }
        self.rules_of_set.push(Vec::new());
        self.sets.insert(texts, number);
        Ok(number)
    }

    /// The text's number; a new one belongs to nothing yet.
    fn text(&mut self, text: &str) -> usize {
        if let Some(known) = self.texts.get(text) {
            return *known;
        }
        self.texts.insert(text.to_owned(), self.sets_of_text.len());
        self.sets_of_text.push(Vec::new());
        self.marks_of_text.push(Vec::new());
        self.sets_of_text.len() - 1
    }

    fn mark(&mut self, number: usize, word: Word) -> Result<(), String> {
        let mark = u16::try_from(number).ok().filter(|_| number < MARK_WORDS * 64);
        let mark = mark.ok_or_else(|| format!("there are more than {} words", MARK_WORDS * 64))?;
        if word.text().is_empty() {
            return Err("a word is empty".to_owned());
        }
        let text = self.text(&word.text().to_ascii_lowercase());
        self.marks_of_text[text].push((mark, word));
        Ok(())
    }

    fn finish(self, lists: [usize; LISTS + 1]) -> Result<Rules, String> {
        let mut texts: Vec<(String, usize)> = self.texts.into_iter().collect();
        texts.sort_unstable_by_key(|(_, number)| *number);
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .ascii_case_insensitive(true)
            .build(texts.into_iter().map(|(text, _)| text))
            .map_err(|e| e.to_string())?;
        let Self { rules, always, sets_of_text, marks_of_text, rules_of_set, .. } = self;
        Ok(Rules { search, sets_of_text, marks_of_text, rules_of_set, always, rules, lists })
    }
}

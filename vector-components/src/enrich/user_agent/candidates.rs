//! Which rules a header can match at all, and which words it contains, found in one pass over the header.

use std::collections::HashMap;

use regex_syntax::hir::Hir;

use super::{
    bits::Bits,
    error::RulesError,
    literals,
    semicolon::{self, Followers, Pair},
    texts::Texts,
    word::{self, Word},
};

/// Rules of all lists.
pub type RuleBits = Bits<32>;
/// Words that a header holds, by number.
pub type WordBits = Bits<16>;
type SetBits = Bits<64>;

/// The strings that rules require and the words, ready to be searched for.
pub struct Candidates {
    search: Texts,
    /// By text: the sets that hold it.
    sets_of_text: Lists<u16>,
    /// By text: the words that it is.
    words_of_text: Lists<(u16, Word)>,
    /// By set: the rules whose first set it is.
    rules_of_set: Lists<u16>,
    /// By rule: what else it needs.
    needs: Vec<Needs>,
    /// Rules of which nothing is known.
    always: RuleBits,
}

/// What a rule requires besides its first set of strings.
#[derive(Clone, Copy, Default)]
struct Needs {
    /// A second set that has to be hit.
    set: Option<u16>,
    /// What must follow a semicolon.
    behind_semicolon: Option<Pair>,
}

impl Candidates {
    /// The rules that an ASCII header can match, and the words in it.
    pub fn of(&self, header: &str) -> (RuleBits, WordBits) {
        let (mut hit, mut words) = (SetBits::default(), WordBits::default());
        let mut hit_first = self.always;
        // Computed only if a word needs it.
        let mut known_model = None;
        self.search.find(header, |text, start| {
            for (number, word) in self.words_of_text.get(text) {
                let model = || known_model.get_or_insert_with(|| word::model(header)).clone();
                if word.counts(header, start..start + word.text().len(), model) {
                    words.add(*number);
                }
            }
            for set in self.sets_of_text.get(text) {
                if !hit.has(*set) {
                    hit.add(*set);
                    self.rules_of_set.get(usize::from(*set)).iter().for_each(|rule| hit_first.add(*rule));
                }
            }
        });
        let behind_semicolons = Followers::of(header);
        let mut rules = RuleBits::default();
        for rule in hit_first.within(0..RuleBits::LEN) {
            let needs = &self.needs[usize::from(rule)];
            let has_set = needs.set.is_none_or(|set| hit.has(set));
            if has_set && needs.behind_semicolon.is_none_or(|pair| behind_semicolons.have(pair)) {
                rules.add(rule);
            }
        }
        (rules, words)
    }
}

/// Many lists, contiguous in memory.
struct Lists<T> {
    ends: Vec<u32>,
    all: Vec<T>,
}

impl<T> Lists<T> {
    fn new(lists: Vec<Vec<T>>) -> Self {
        let (mut ends, mut all) = (Vec::with_capacity(lists.len()), Vec::new());
        for list in lists {
            all.extend(list);
            // There are fewer than texts, which are counted in u32.
            ends.push(u32::try_from(all.len()).unwrap_or(u32::MAX));
        }
        Self { ends, all }
    }

    fn get(&self, at: usize) -> &[T] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[start as usize..self.ends[at] as usize]
    }
}

/// Candidates while they are gathered.
#[derive(Default)]
pub struct Building {
    needs: Vec<Needs>,
    always: RuleBits,
    texts: Vec<String>,
    number_of_text: HashMap<String, usize>,
    number_of_set: HashMap<Vec<String>, u16>,
    sets_of_text: Vec<Vec<u16>>,
    words_of_text: Vec<Vec<(u16, Word)>>,
    rules_of_set: Vec<Vec<u16>>,
}

impl Building {
    /// The next rule, by its expression.
    ///
    /// # Errors
    /// If there are more than fit.
    pub fn rule(&mut self, expression: &Hir) -> Result<(), RulesError> {
        let number = number(self.needs.len(), RuleBits::LEN, "rules")?;
        let mut sets = literals::required(expression).into_iter();
        match sets.next() {
            None => self.always.add(number),
            Some(first) => {
                let set = self.set(first)?;
                self.rules_of_set[usize::from(set)].push(number);
            }
        }
        let set = sets.next().map(|set| self.set(set)).transpose()?;
        self.needs.push(Needs { set, behind_semicolon: semicolon::needed(expression) });
        Ok(())
    }

    /// A word of this number.
    ///
    /// # Errors
    /// If there are more than fit, or it is empty.
    pub fn word(&mut self, at: usize, word: Word) -> Result<(), RulesError> {
        let number = number(at, WordBits::LEN, "words")?;
        let text = self.text(&word.text().to_ascii_lowercase());
        self.words_of_text[text].push((number, word));
        Ok(())
    }

    /// All of them.
    ///
    /// # Errors
    /// If a text cannot be looked for.
    pub fn finish(self) -> Result<Candidates, RulesError> {
        Ok(Candidates {
            search: Texts::new(&self.texts)?,
            sets_of_text: Lists::new(self.sets_of_text),
            words_of_text: Lists::new(self.words_of_text),
            rules_of_set: Lists::new(self.rules_of_set),
            needs: self.needs,
            always: self.always,
        })
    }

    fn set(&mut self, texts: Vec<String>) -> Result<u16, RulesError> {
        if let Some(known) = self.number_of_set.get(&texts) {
            return Ok(*known);
        }
        let number = number(self.rules_of_set.len(), SetBits::LEN, "sets of texts")?;
        for text in &texts {
            let text = self.text(text);
            self.sets_of_text[text].push(number);
        }
        self.rules_of_set.push(Vec::new());
        self.number_of_set.insert(texts, number);
        Ok(number)
    }

    /// The text's number; a new one belongs to nothing yet.
    fn text(&mut self, text: &str) -> usize {
        if let Some(known) = self.number_of_text.get(text) {
            return *known;
        }
        self.number_of_text.insert(text.to_owned(), self.texts.len());
        self.texts.push(text.to_owned());
        self.sets_of_text.push(Vec::new());
        self.words_of_text.push(Vec::new());
        self.texts.len() - 1
    }
}

fn number(count: usize, count_max: usize, what: &'static str) -> Result<u16, RulesError> {
    let number = u16::try_from(count).ok().filter(|_| count < count_max);
    number.ok_or(RulesError::TooMany { what, max: count_max })
}

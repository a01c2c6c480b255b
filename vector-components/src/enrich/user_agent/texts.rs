//! Searches a header for thousands of strings at once, ignoring ASCII case.
//!
//! An Aho-Corasick automaton of them takes tens of megabytes and misses the cache at nearly every byte.
//! Here each string is indexed by its rarest three bytes, its key, and a filter of 16 KiB shows that no string
//! can be at nearly all positions of a header.

use std::collections::HashMap;

use super::{error::RulesError, literals::COMMON};

/// Bits of the filter.
const FILTER_BITS: u32 = 17;
const WORDS: usize = 1 << (FILTER_BITS - 6);
/// Occurs in no string.
const NOTHING: u8 = 0xff;
/// Bytes of a key.
const KEY_BYTES: usize = 3;

/// The strings, indexed by key.
pub struct Texts {
    /// A bit for each key's hash.
    filter: Box<[u64]>,
    /// For each word of the filter: how many bits are set before it.
    set_before: Box<[u16]>,
    /// For each set bit: where its entries begin; then the end of the last.
    starts: Vec<u32>,
    entries: Vec<Entry>,
    /// In lower case, one after another.
    bytes: Vec<u8>,
    /// Strings shorter than a key: few, searched for one by one.
    short: Vec<(String, usize)>,
}

struct Entry {
    /// Its number.
    text: u32,
    /// Where it is in the bytes.
    start: u32,
    length: u16,
    /// Where the key is in the text.
    key_at: u16,
    /// The byte after the key, or `NOTHING`.
    next: u8,
}

impl Texts {
    /// `texts` are in lower case and have a number each: their place.
    ///
    /// # Errors
    /// If one is empty or too long.
    pub fn new(texts: &[String]) -> Result<Self, RulesError> {
        let mut frequency: HashMap<Key, u32> = HashMap::new();
        let long = || texts.iter().enumerate().filter(|(_, text)| text.len() >= KEY_BYTES);
        long().flat_map(|(_, text)| keys(text)).for_each(|(_, key)| *frequency.entry(key).or_default() += 1);
        let is_common = |key: &[u8]| COMMON.as_bytes().windows(KEY_BYTES).any(|common| common == key);

        let mut by_bit: Vec<(usize, Entry)> = Vec::new();
        let mut bytes = Vec::new();
        for (number, text) in long() {
            let rarest = keys(text).min_by_key(|(_, key)| (is_common(key), frequency[key]));
            let (at, key) = rarest.ok_or(RulesError::EmptyText)?;
            let fits = |length: usize| u16::try_from(length).map_err(|_| RulesError::LongText(text.clone()));
            let (length, key_at) = (fits(text.len())?, fits(at)?);
            let (text_number, start) = (u32_of(number)?, u32_of(bytes.len())?);
            let next = text.as_bytes().get(at + KEY_BYTES).copied().unwrap_or(NOTHING);
            by_bit.push((bit(key), Entry { text: text_number, start, length, key_at, next }));
            bytes.extend_from_slice(text.as_bytes());
        }
        by_bit.sort_by_key(|(bit, _)| *bit);
        let short = texts.iter().enumerate().filter(|(_, text)| text.len() < KEY_BYTES);
        let short: Vec<(String, usize)> = short.map(|(number, text)| (text.clone(), number)).collect();
        if short.iter().any(|(text, _)| text.is_empty()) {
            return Err(RulesError::EmptyText);
        }
        let mut out = Self {
            filter: vec![0; WORDS].into(),
            set_before: vec![0; WORDS].into(),
            starts: Vec::new(),
            entries: Vec::new(),
            bytes,
            short,
        };
        out.index(by_bit)?;
        Ok(out)
    }

    fn index(&mut self, by_bit: Vec<(usize, Entry)>) -> Result<(), RulesError> {
        let mut before = None;
        for (bit, entry) in by_bit {
            if before != Some(bit) {
                self.starts.push(u32_of(self.entries.len())?);
                self.filter[bit / 64] |= 1 << (bit % 64);
            }
            before = Some(bit);
            self.entries.push(entry);
        }
        self.starts.push(u32_of(self.entries.len())?);
        let mut set = 0_u32;
        for (before, word) in self.set_before.iter_mut().zip(&self.filter) {
            *before = u16::try_from(set).map_err(|_| too_many(u16::MAX.into()))?;
            set += word.count_ones();
        }
        Ok(())
    }

    /// Calls `found` with number and position of every occurrence.
    pub fn find(&self, header: &str, mut found: impl FnMut(usize, usize)) {
        let mut lower = Vec::with_capacity(header.len() + 1);
        lower.extend(header.bytes().map(|byte| byte.to_ascii_lowercase()));
        for (text, number) in &self.short {
            let text = text.as_bytes();
            let places = memchr::memchr_iter(text[0], &lower).filter(|at| lower[*at..].starts_with(text));
            places.for_each(|at| found(*number, at));
        }
        lower.push(NOTHING);
        for (at, window) in lower.windows(KEY_BYTES + 1).enumerate() {
            let &[a, b, c, next] = window else { continue };
            let bit = bit([a, b, c]);
            let word = self.filter[bit / 64];
            if word >> (bit % 64) & 1 == 0 {
                continue;
            }
            let below = (word & ((1 << (bit % 64)) - 1)).count_ones();
            let set = usize::from(self.set_before[bit / 64]) + below as usize;
            for entry in &self.entries[self.starts[set] as usize..self.starts[set + 1] as usize] {
                if entry.next != next && entry.next != NOTHING {
                    continue;
                }
                let text = &self.bytes[entry.start as usize..][..usize::from(entry.length)];
                let Some(start) = at.checked_sub(usize::from(entry.key_at)) else { continue };
                if lower[start..].starts_with(text) {
                    found(entry.text as usize, start);
                }
            }
        }
    }
}

fn u32_of(number: usize) -> Result<u32, RulesError> {
    u32::try_from(number).map_err(|_| too_many(u32::MAX as usize))
}

fn too_many(max: usize) -> RulesError {
    RulesError::TooMany { what: "texts", max }
}

type Key = [u8; KEY_BYTES];

/// The keys of a text, and where they are in it.
fn keys(text: &str) -> impl Iterator<Item = (usize, Key)> {
    text.as_bytes().windows(KEY_BYTES).filter_map(|key| key.try_into().ok()).enumerate()
}

/// The filter's bit of a key.
fn bit(key: Key) -> usize {
    let key = u32::from_le_bytes([key[0], key[1], key[2], 0]);
    (key.wrapping_mul(0x9e37_79b1) >> (32 - FILTER_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The same occurrences as a search for each string alone.
        #[test]
        fn every_text_is_found_wherever_it_stands(texts in prop::collection::vec("[ab/1 é]{1,5}", 1..40), header in "[abAB/1 éÉ]{0,60}") {
            let search = Texts::new(&texts).unwrap();
            let mut found = Vec::new();
            search.find(&header, |text, at| found.push((text, at)));
            found.sort_unstable();
            let lower = header.to_ascii_lowercase();
            let expected: Vec<(usize, usize)> = texts.iter().enumerate().flat_map(|(number, text)| {
                (0..lower.len()).filter(|at| lower.as_bytes()[*at..].starts_with(text.as_bytes())).map(move |at| (number, at)).collect::<Vec<_>>()
            }).collect();
            prop_assert!(search.short.iter().all(|(text, _)| text.len() < KEY_BYTES));
            prop_assert_eq!(found, expected);
        }
    }
}

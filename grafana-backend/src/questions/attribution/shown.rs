//! The values that are shown by themselves, with names.

use std::{cmp::Reverse, collections::HashMap};

use super::fold::{Credit, Credits};
use crate::names;

/// The values that may be shown by themselves.
pub struct Shown {
    candidates: Vec<(u64, Both)>,
    /// Of all others, if there are any.
    rest: Option<Both>,
    limit: usize,
    is_compared: bool,
}

/// Credits of the range, and of the earlier one.
#[derive(Debug, Clone, Default)]
pub struct Both {
    pub now: Credit,
    pub before: Credit,
}

/// A value as it is shown.
pub struct Row {
    /// Its name; `None` is the rest.
    pub name: Option<String>,
    pub now: Credit,
    /// Of the earlier range, if there is one.
    pub before: Option<Credit>,
}

impl Both {
    /// What is shown first: what most conversions have met, of equally many those of the earlier range.
    fn touched(&self) -> (u64, u64) {
        (self.now.touched, self.before.touched)
    }

    fn merge(&mut self, other: &Self) {
        self.now.merge(&other.now);
        self.before.merge(&other.before);
    }
}

impl Shown {
    /// So many by themselves.
    pub fn most_touched(now: Credits, before: Option<Credits>, limit: usize) -> Self {
        let is_compared = before.is_some();
        let mut all: HashMap<u64, Both> = HashMap::new();
        for (value, credit) in now.by_value {
            all.entry(value).or_default().now = credit;
        }
        for (value, credit) in before.into_iter().flat_map(|before| before.by_value) {
            all.entry(value).or_default().before = credit;
        }
        let mut candidates: Vec<(u64, Both)> = all.into_iter().collect();
        candidates.sort_by_key(|(value, both)| (Reverse(both.touched()), *value));
        let others = candidates.split_off(names::candidates(&candidates, limit, |(_, both)| both.touched()));
        let rest = sum(&others);
        Self { candidates, rest, limit, is_compared }
    }

    /// The values, each once.
    pub fn hashes(&self) -> Vec<u64> {
        self.candidates.iter().map(|(value, _)| *value).collect()
    }

    /// By number; by name, not by hash, where numbers are the same. The rest comes last.
    pub fn named(mut self, names: &HashMap<u64, String>) -> Vec<Row> {
        let name = |value: u64| names.get(&value).cloned().unwrap_or_default();
        self.candidates.sort_by_cached_key(|(value, both)| (Reverse(both.touched()), name(*value)));
        let others = self.candidates.split_off(self.limit.min(self.candidates.len()));
        let row = |name: Option<String>, both: Both| Row {
            name,
            now: both.now,
            before: self.is_compared.then_some(both.before),
        };
        let shown = self.candidates.into_iter().map(|(value, both)| row(Some(name(value)), both));
        let mut rows: Vec<Row> = shown.collect();
        let mut rest = self.rest;
        if let Some(others) = sum(&others) {
            rest.get_or_insert_default().merge(&others);
        }
        rows.extend(rest.map(|rest| row(None, rest)));
        rows
    }
}

/// `None` of nothing.
fn sum(all: &[(u64, Both)]) -> Option<Both> {
    let mut sum: Option<Both> = None;
    for (_, both) in all {
        sum.get_or_insert_default().merge(both);
    }
    sum
}

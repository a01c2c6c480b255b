//! The counts of one value of the breakdown.

use std::collections::{HashMap, hash_map::Entry};

/// Counts of one value.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// Actors with any chain.
    pub entered: u64,
    /// Who took each step.
    pub taken: Vec<u64>,
    /// Of those, who took the step before that is not optional as well.
    pub continued: Vec<u64>,
    /// Times from the step taken before, in milliseconds.
    pub times_ms: Vec<Vec<i64>>,
    /// Times from the first step to the last of the funnel, in milliseconds.
    pub totals_ms: Vec<i64>,
    /// By bucket of entry: who took each step.
    pub by_entry: HashMap<usize, Vec<u64>>,
}

impl Group {
    /// Of a funnel with this many steps, with nobody in it.
    pub fn new(steps: usize) -> Self {
        Self { taken: vec![0; steps], continued: vec![0; steps], times_ms: vec![Vec::new(); steps], ..Self::default() }
    }

    /// Bytes that it holds, about.
    pub fn bytes(&self) -> usize {
        let times = self.times_ms.iter().map(Vec::len).sum::<usize>() + self.totals_ms.len();
        let buckets = self.by_entry.len() * (size_of::<(usize, Vec<u64>)>() * 2 + self.taken.len() * 8);
        size_of::<Self>() * 2 + self.taken.len() * 40 + times * 8 + buckets
    }

    /// Adds another value's counts.
    pub fn merge(&mut self, other: Self) {
        if self.taken.is_empty() {
            *self = other;
            return;
        }
        let add = |into: &mut Vec<u64>, from: Vec<u64>| into.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        self.entered += other.entered;
        add(&mut self.taken, other.taken);
        add(&mut self.continued, other.continued);
        self.times_ms.iter_mut().zip(other.times_ms).for_each(|(a, b)| a.extend(b));
        self.totals_ms.extend(other.totals_ms);
        for (bucket, counts) in other.by_entry {
            match self.by_entry.entry(bucket) {
                Entry::Occupied(mut known) => add(known.get_mut(), counts),
                Entry::Vacant(free) => drop(free.insert(counts)),
            }
        }
    }
}

//! The counts of one value of the breakdown.

use std::collections::{HashMap, hash_map::Entry};

use super::{fold::Taken, fold_plan::FoldPlan};

/// Counts of one value.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// Chains.
    pub entered: u64,
    /// That have each step.
    pub taken: Vec<u64>,
    /// Of those, that have the step before that is not optional as well.
    pub continued: Vec<u64>,
    /// Times from the step taken before, in milliseconds.
    pub times_ms: Vec<Vec<i64>>,
    /// Times between the two steps that are asked about, in milliseconds.
    pub totals_ms: Vec<i64>,
    /// By bucket of entry.
    pub by_entry: HashMap<usize, Entered>,
}

/// Chains that began in one bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Entered {
    /// That have the first of the two steps that are asked about.
    pub entered: u64,
    /// That have both.
    pub converted: u64,
}

impl Group {
    /// Of a funnel with this many steps, with nobody in it.
    pub fn new(steps: usize) -> Self {
        Self { taken: vec![0; steps], continued: vec![0; steps], times_ms: vec![Vec::new(); steps], ..Self::default() }
    }

    /// Adds a chain, which has at least one step.
    pub fn add(&mut self, plan: &FoldPlan, chain: &[Taken]) {
        let Some(first) = chain.first() else { return };
        self.entered += 1;
        let took = |step: usize| chain.iter().any(|taken| taken.step == step);
        for (at, taken) in chain.iter().enumerate() {
            self.taken[taken.step] += 1;
            if let Some(before) = at.checked_sub(1).map(|before| chain[before]) {
                self.times_ms[taken.step].push(taken.at_ms - before.at_ms);
            }
            if plan.required_before(taken.step).is_some_and(took) {
                self.continued[taken.step] += 1;
            }
        }
        let when = |step: usize| chain.iter().find(|taken| taken.step == step).map(|taken| taken.at_ms);
        let Some(from_ms) = plan.between.from.map_or(Some(first.at_ms), when) else { return };
        let to_ms = when(plan.between.to);
        self.totals_ms.extend(to_ms.map(|to_ms| to_ms - from_ms));
        if let Some(bucket) = plan.buckets.as_ref().and_then(|buckets| buckets.find(first.at_ms)) {
            let entered = self.by_entry.entry(bucket).or_default();
            entered.entered += 1;
            entered.converted += u64::from(to_ms.is_some());
        }
    }

    /// Bytes that it holds, about.
    pub fn bytes(&self) -> usize {
        let times = self.times_ms.iter().map(Vec::len).sum::<usize>() + self.totals_ms.len();
        let buckets = self.by_entry.len() * size_of::<(usize, Entered)>() * 2;
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
                Entry::Occupied(mut known) => {
                    known.get_mut().entered += counts.entered;
                    known.get_mut().converted += counts.converted;
                }
                Entry::Vacant(free) => drop(free.insert(counts)),
            }
        }
    }
}

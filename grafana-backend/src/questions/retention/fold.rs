//! Cohorts, and who of them comes back when.

use crate::{
    gathering::{Packed, Sum},
    time::buckets::Buckets,
};

/// Bits of [`Packed::packed`], below the period.
const START: u64 = 1;
const RETURN: u64 = 2;
const BITS: u32 = 2;

/// By cohort, then by periods after it: how many; of period 0, the cohort itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid(pub Vec<Vec<u64>>);

/// Who belongs to a cohort, and what is coming back.
#[derive(Debug, Clone)]
pub struct Rule {
    pub buckets: Buckets,
    pub first_time: bool,
    pub unbounded: bool,
    /// Rows of a period that are a return.
    pub returns_min: usize,
}

impl Grid {
    /// Nobody, in this many periods.
    pub fn new(periods: usize) -> Self {
        Self((0..periods).map(|cohort| vec![0; periods - cohort]).collect())
    }

    /// Adds one actor.
    pub fn add(&mut self, rows: &[Packed], rule: &Rule) {
        let seen_before = rows.iter().any(|row| row.packed == 0);
        if rule.first_time && seen_before {
            return;
        }
        let (starts, returns) = (rule.periods(rows, START, 1), rule.periods(rows, RETURN, rule.returns_min));
        let last = returns.iter().max().copied();
        for cohort in starts.into_iter().take(if rule.first_time { 1 } else { usize::MAX }) {
            let row = &mut self.0[cohort];
            row[0] += 1;
            if rule.unbounded {
                (cohort + 1..=last.unwrap_or(0)).for_each(|period| row[period - cohort] += 1);
            } else {
                returns.iter().filter(|period| **period > cohort).for_each(|period| row[period - cohort] += 1);
            }
        }
    }
}

impl Rule {
    /// The periods of which at least so many rows have the bit, ascending. Several visitors of a person can have the same.
    fn periods(&self, rows: &[Packed], bit: u64, rows_min: usize) -> Vec<usize> {
        let from_ms = self.buckets.starts_ms.first().copied().unwrap_or(0);
        let with_bit = rows.iter().filter(|row| row.packed & bit != 0);
        let periods: Vec<usize> =
            with_bit.filter_map(|row| self.buckets.find(from_ms + (row.packed >> BITS).cast_signed())).collect();
        let same = periods.chunk_by(|a, b| a == b).filter(|same| same.len() >= rows_min);
        same.map(|same| same[0]).collect()
    }
}

impl Sum for Grid {
    fn merge(&mut self, other: Self) {
        for (row, other) in self.0.iter_mut().zip(other.0) {
            row.iter_mut().zip(other).for_each(|(a, b)| *a += b);
        }
    }
}

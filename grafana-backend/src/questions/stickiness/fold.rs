//! In how many periods an actor was there.

use crate::{
    gathering::{Packed, Sum},
    presence::{Count, Periods},
};

/// By number of periods that are shown, from 0: how many actors were there in that many.
#[derive(Debug, Clone)]
pub struct Counts(Vec<u64>);

impl Count for Counts {
    fn new(periods: usize) -> Self {
        Self(vec![0; periods.max(1)])
    }

    fn add(&mut self, rows: &[Packed], periods: &Periods) {
        // The first period is not shown.
        self.0[periods.of(rows).into_iter().filter(|period| *period > 0).count()] += 1;
    }
}

impl Counts {
    /// How many actors were there in one period, in two and so on; nobody is shown who was in none.
    pub fn shown(&self) -> &[u64] {
        self.0.get(1..).unwrap_or_default()
    }
}

impl Sum for Counts {
    fn merge(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a += b);
    }
}

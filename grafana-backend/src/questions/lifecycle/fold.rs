//! What an actor is in each period.

use crate::{
    gathering::{Packed, Sum},
    presence::{Count, Periods},
};

/// By period: how many actors are what.
#[derive(Debug, Clone)]
pub struct Counts(pub Vec<Row>);

/// One period.
#[derive(Debug, Clone, Copy, Default)]
pub struct Row {
    /// There for the first time.
    pub new: i64,
    /// There, as in the period before.
    pub returning: i64,
    /// There, not in the period before, but earlier.
    pub resurrecting: i64,
    /// Not there, but in the period before; counted below zero.
    pub dormant: i64,
}

impl Count for Counts {
    fn new(periods: usize) -> Self {
        Self(vec![Row::default(); periods])
    }

    fn add(&mut self, rows: &[Packed], periods: &Periods) {
        let mut is_known = rows.iter().any(|row| row.packed == 0);
        let mut last: Option<usize> = None;
        for period in periods.of(rows) {
            let row = &mut self.0[period];
            match last {
                _ if !is_known => row.new += 1,
                Some(last) if last + 1 == period => row.returning += 1,
                _ => row.resurrecting += 1,
            }
            // The first period after one's last is the one in which one is gone.
            if let Some(last) = last.filter(|last| last + 1 < period) {
                self.0[last + 1].dormant -= 1;
            }
            (is_known, last) = (true, Some(period));
        }
        if let Some(gone) = last.and_then(|last| self.0.get_mut(last + 1)) {
            gone.dormant -= 1;
        }
    }
}

impl Sum for Counts {
    fn merge(&mut self, other: Self) {
        for (row, other) in self.0.iter_mut().zip(other.0) {
            row.new += other.new;
            row.returning += other.returning;
            row.resurrecting += other.resurrecting;
            row.dormant += other.dormant;
        }
    }
}

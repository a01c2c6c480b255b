//! A trend's numbers by value and bucket.

use std::collections::HashMap;

use clickhouse::Row;
use serde::Deserialize;

use super::model::{Formula, Trend};
use crate::time::buckets::Buckets;

/// A row of [`super::statement::counts`].
#[derive(Row, Deserialize, Debug, Clone)]
pub struct Cell {
    pub bucket_ms: i64,
    pub label: String,
    pub is_rest: u8,
    pub a: f64,
    pub b: f64,
}

/// A row of [`super::statement::top`].
#[derive(Row, Deserialize)]
pub struct Label {
    pub label: String,
}

/// The numbers of the two series in a bucket.
#[derive(Debug, Clone, Copy, Default)]
struct Pair {
    a: f64,
    b: f64,
}

/// What each bucket shows; nothing where it would divide by zero.
pub type Cells = Vec<Option<f64>>;

/// A row a value, in the order of the labels, and the rest.
pub struct Table {
    /// Of the labels.
    pub values: Vec<Cells>,
    /// Of all other values together, if there is any.
    pub rest: Option<Cells>,
    /// What a bucket without an event shows.
    empty: Option<f64>,
    /// Cells of each row.
    pub buckets: usize,
}

impl Table {
    /// Sorts the cells in; what is not there is 0.
    pub fn new(cells: Vec<Cell>, trend: &Trend, buckets: &Buckets, labels: &[String]) -> Self {
        let places: HashMap<&str, usize> = labels.iter().enumerate().map(|(at, label)| (label.as_str(), at)).collect();
        let count = buckets.starts_ms.len();
        let mut values = vec![vec![Pair::default(); count]; labels.len()];
        let mut rest: Option<Vec<Pair>> = None;
        for cell in cells {
            let Some(bucket) = buckets.find(cell.bucket_ms) else { continue };
            let row = match places.get(cell.label.as_str()) {
                Some(at) if cell.is_rest == 0 => &mut values[*at],
                _ => rest.get_or_insert_with(|| vec![Pair::default(); count]),
            };
            row[bucket] = Pair { a: cell.a, b: cell.b };
        }
        let shown = |row| cells_of(row, trend);
        Self {
            values: values.into_iter().map(shown).collect(),
            rest: rest.map(shown),
            empty: value(Pair::default(), trend.formula),
            buckets: count,
        }
    }

    /// The rest's cells where the other range has a rest and this one does not.
    pub fn rest_or_empty(&self) -> Cells {
        self.rest.clone().unwrap_or_else(|| vec![self.empty; self.buckets])
    }
}

fn cells_of(mut pairs: Vec<Pair>, trend: &Trend) -> Cells {
    if trend.cumulative {
        let mut sum = Pair::default();
        for pair in &mut pairs {
            sum = Pair { a: sum.a + pair.a, b: sum.b + pair.b };
            *pair = sum;
        }
    }
    pairs.into_iter().map(|pair| value(pair, trend.formula)).collect()
}

fn value(Pair { a, b }: Pair, formula: Option<Formula>) -> Option<f64> {
    match formula {
        None => Some(a),
        Some(Formula::Divide) => (b != 0.0).then(|| a / b),
        Some(Formula::Minus) => Some(a - b),
        Some(Formula::Plus) => Some(a + b),
        Some(Formula::Times) => Some(a * b),
    }
}

//! A trend's numbers by value and bucket.

use std::collections::HashMap;

use clickhouse::Row;
use serde::Deserialize;

use super::model::Trend;
use crate::time::buckets::Buckets;

/// A row of [`super::statement::counts`].
#[derive(Row, Deserialize, Debug, Clone)]
pub struct Cell {
    pub bucket_ms: i64,
    pub label: String,
    pub is_rest: u8,
    /// The series' numbers; what has none is null or not a number.
    pub series: Vec<Option<f64>>,
}

/// A row of [`super::statement::top`].
#[derive(Row, Deserialize)]
pub struct Label {
    pub label: String,
}

/// The numbers of the series in a bucket.
type Numbers = Vec<Option<f64>>;

/// What each bucket shows; nothing where there is none, or where it would divide by zero.
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
        let nothing: Numbers = trend.series.iter().map(|series| series.measure.of_nothing()).collect();
        let mut values = vec![vec![nothing.clone(); count]; labels.len()];
        let mut rest: Option<Vec<Numbers>> = None;
        for cell in cells {
            let Some(bucket) = buckets.find(cell.bucket_ms) else { continue };
            let row = match places.get(cell.label.as_str()) {
                Some(at) if cell.is_rest == 0 => &mut values[*at],
                _ => rest.get_or_insert_with(|| vec![nothing.clone(); count]),
            };
            row[bucket] = cell.series.into_iter().map(|number| number.filter(|number| number.is_finite())).collect();
        }
        let shown = |row| cells_of(row, trend);
        Self {
            values: values.into_iter().map(shown).collect(),
            rest: rest.map(shown),
            empty: value(&nothing, trend),
            buckets: count,
        }
    }

    /// The rest's cells where the other range has a rest and this one does not.
    pub fn rest_or_empty(&self) -> Cells {
        self.rest.clone().unwrap_or_else(|| vec![self.empty; self.buckets])
    }
}

fn cells_of(mut rows: Vec<Numbers>, trend: &Trend) -> Cells {
    if trend.cumulative {
        let mut sums = vec![0.0; trend.series.len()];
        for numbers in &mut rows {
            for (number, sum) in numbers.iter_mut().zip(&mut sums) {
                *sum += number.unwrap_or(0.0);
                *number = Some(*sum);
            }
        }
    }
    rows.iter().map(|numbers| value(numbers, trend)).collect()
}

fn value(numbers: &[Option<f64>], trend: &Trend) -> Option<f64> {
    match &trend.formula {
        None => numbers.first().copied().flatten(),
        Some(formula) => formula.value(numbers),
    }
}

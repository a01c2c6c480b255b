//! Retention as a frame.

use super::fold::Grid;
use crate::{
    frame::{Column, Frame},
    numbers::{integer, share},
    time::buckets::Buckets,
};

/// A cell of the grid.
#[derive(Clone, Copy)]
struct Cell {
    cohort: usize,
    /// After the cohort's own.
    period: usize,
}

/// A row a cohort and period that has begun: one that has not says nothing yet.
pub fn frame(grid: &Grid, buckets: &Buckets, now_ms: i64) -> Frame {
    let mut frame = Frame::new("retention");
    let start = |at: usize| buckets.starts_ms[at];
    let end = |at: usize| buckets.starts_ms.get(at + 1).copied().unwrap_or(buckets.end_ms);
    let rows = grid.0.iter().enumerate();
    let cells = rows.flat_map(|(cohort, row)| (0..row.len()).map(move |period| Cell { cohort, period }));
    let begun: Vec<Cell> = cells.filter(|cell| start(cell.cohort + cell.period) < now_ms).collect();
    let size = |cell: &Cell| grid.0[cell.cohort][0];
    let count = |cell: &Cell| grid.0[cell.cohort][cell.period];
    frame.push(Column::time("cohort", begun.iter().map(|cell| Some(start(cell.cohort))).collect()));
    frame.push(Column::integer("period", begun.iter().map(|cell| i64::try_from(cell.period).ok()).collect()));
    frame.push(Column::integer("size", begun.iter().map(|cell| Some(integer(size(cell)))).collect()));
    frame.push(Column::integer("count", begun.iter().map(|cell| Some(integer(count(cell)))).collect()));
    let rates = begun.iter().map(|cell| share(count(cell), size(cell))).collect();
    frame.push(Column::number("rate", rates).with_unit("percentunit"));
    let is_complete = |cell: &Cell| Some(i64::from(end(cell.cohort + cell.period) <= now_ms));
    frame.push(Column::integer("complete", begun.iter().map(is_complete).collect()));
    frame
}

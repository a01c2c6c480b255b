//! Retention as a frame.

use super::{fold::Grid, model::Retention};
use crate::{
    chance::{Part, interval},
    compared,
    frame::{Column, Frame},
    numbers::{integer, share, spread},
    time::buckets::Buckets,
};

/// A cell of the grid.
#[derive(Clone, Copy)]
struct Cell {
    cohort: usize,
    /// After the cohort's own.
    period: usize,
}

/// The cells of a range's grid, with the instants of its periods.
struct Shown<'g> {
    grid: &'g Grid,
    buckets: &'g Buckets,
    now_ms: i64,
}

impl Shown<'_> {
    /// Those whose period has begun: one that has not says nothing yet.
    fn cells(&self) -> Vec<Cell> {
        let rows = self.grid.0.iter().enumerate();
        let cells = rows.flat_map(|(cohort, row)| (0..row.len()).map(move |period| Cell { cohort, period }));
        cells.filter(|cell| self.buckets.starts_ms[cell.cohort + cell.period] < self.now_ms).collect()
    }

    fn part(&self, cell: &Cell) -> Part {
        Part { count: self.grid.0[cell.cohort][cell.period], of: self.grid.0[cell.cohort][0] }
    }

    fn is_complete(&self, cell: &Cell) -> bool {
        let next = self.buckets.starts_ms.get(cell.cohort + cell.period + 1);
        *next.unwrap_or(&self.buckets.end_ms) <= self.now_ms
    }
}

/// A row a cohort and period. Beside it, if they are asked for, statistics, and the same cohort of the
/// earlier range, by its place.
pub fn frame(retention: &Retention, grid: &Grid, before: Option<&Grid>, buckets: &Buckets, now_ms: i64) -> Frame {
    let shown = Shown { grid, buckets, now_ms };
    let cells = shown.cells();
    let parts: Vec<Part> = cells.iter().map(|cell| shown.part(cell)).collect();
    let mut frame = Frame::new("retention");
    frame.push(Column::time("cohort", cells.iter().map(|cell| Some(buckets.starts_ms[cell.cohort])).collect()));
    frame.push(Column::integer("period", cells.iter().map(|cell| i64::try_from(cell.period).ok()).collect()));
    frame.push(Column::integer("size", parts.iter().map(|part| Some(integer(part.of))).collect()));
    frame.push(Column::integer("count", parts.iter().map(|part| Some(integer(part.count))).collect()));
    let rates = parts.iter().map(|part| share(part.count, part.of)).collect();
    frame.push(Column::number("rate", rates).with_unit("percentunit"));
    let complete = cells.iter().map(|cell| Some(i64::from(shown.is_complete(cell))));
    frame.push(Column::integer("complete", complete.collect()));
    if retention.statistics {
        push_statistics(&mut frame, &shown, &cells);
    }
    if let Some(before) = before {
        push_comparison(&mut frame, &cells, &parts, before);
    }
    frame
}

/// Of each period the mean of the cohorts for which it is over, and by how much they differ; of each rate
/// between which it lies.
fn push_statistics(frame: &mut Frame, shown: &Shown<'_>, cells: &[Cell]) {
    let of_period = |period: usize| -> Vec<Part> {
        let complete = cells.iter().filter(|cell| cell.period == period && shown.is_complete(cell));
        complete.map(|cell| shown.part(cell)).filter(|part| part.of > 0).collect()
    };
    let of_periods: Vec<Vec<Part>> = (0..shown.grid.0.len()).map(of_period).collect();
    let mean =
        |parts: &Vec<Part>| share(parts.iter().map(|part| part.count).sum(), parts.iter().map(|part| part.of).sum());
    let differ = |parts: &Vec<Part>| {
        let rates: Vec<f64> = parts.iter().filter_map(|part| share(part.count, part.of)).collect();
        spread(&rates)
    };
    let each = |of: &dyn Fn(&Vec<Part>) -> Option<f64>| {
        let by_period: Vec<Option<f64>> = of_periods.iter().map(of).collect();
        cells.iter().map(|cell| by_period[cell.period]).collect()
    };
    frame.push(Column::number("mean_rate", each(&mean)).with_unit("percentunit"));
    frame.push(Column::number("spread", each(&differ)).with_unit("percentunit"));
    let intervals: Vec<_> = cells.iter().map(|cell| interval(shown.part(cell))).collect();
    let ends = |pick: fn((f64, f64)) -> f64| intervals.iter().map(|ends| ends.map(pick)).collect();
    frame.push(Column::number("low", ends(|(low, _)| low)).with_unit("percentunit"));
    frame.push(Column::number("high", ends(|(_, high)| high)).with_unit("percentunit"));
}

fn push_comparison(frame: &mut Frame, cells: &[Cell], now: &[Part], before: &Grid) {
    let part = |cell: &Cell| {
        let row = before.0.get(cell.cohort)?;
        Some(Part { count: *row.get(cell.period)?, of: *row.first()? })
    };
    let before: Vec<Option<Part>> = cells.iter().map(part).collect();
    let pick = |pick: fn(Part) -> u64| before.iter().map(|part| part.map(pick)).collect::<Vec<_>>();
    compared::push_previous(frame, "size", &pick(|part| part.of));
    compared::push_previous(frame, "count", &pick(|part| part.count));
    compared::push_rates(frame, "rate", now, &before);
    compared::push_chance(frame, now, &before);
}

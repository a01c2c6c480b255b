//! The rows of one request, cut into blocks that an insert can be made of.
//!
//! An insert makes a part for each month in it, each synced to disk, so a block spans few months;
//! and blocks of old months go their own way, for nobody's live events to wait behind a backfill.

use bytes::Bytes;
use chrono::{DateTime, Datelike};
use vector_components::Enricher;

use super::{Identified, NotDurable};
use crate::in_flight::Held;

/// Bytes of a block, at most, but for its last row.
const BLOCK_BYTES_MAX: usize = 4 << 20;
/// Months in one insert.
pub const MONTHS_MAX: usize = 12;
/// An event that is no older than this when it arrives is live; such events span three months.
const LIVE_MS_MAX: i64 = 32 * 86_400_000;
/// A row, usually.
const ROW_BYTES: usize = 700;

/// Some rows as `FORMAT JSONEachRow`.
#[derive(Debug)]
pub struct Block {
    /// The rows.
    pub rows: Bytes,
    /// How many.
    pub count: usize,
    /// The months that they lie in, in order, each once.
    pub months: Months,
    /// None of them is old.
    pub is_live: bool,
}

/// Months, in order, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Months(Vec<i32>);

impl From<Vec<i32>> for Months {
    fn from(months: Vec<i32>) -> Self {
        Self(months)
    }
}

impl From<Months> for Vec<i32> {
    fn from(months: Months) -> Self {
        months.0
    }
}

impl Months {
    /// Takes more in, unless there are too many then; says whether it did.
    pub fn join(&mut self, other: &Months) -> bool {
        let new: Vec<i32> = other.0.iter().copied().filter(|month| !self.0.contains(month)).collect();
        if self.0.len() + new.len() > MONTHS_MAX {
            return false;
        }
        self.0.extend(new);
        true
    }

    fn take(&mut self, month: i32) -> bool {
        if self.0.contains(&month) {
            return true;
        }
        let fits = self.0.len() < MONTHS_MAX;
        if fits {
            self.0.push(month);
        }
        fits
    }
}

/// Enriches and encodes events, live ones first, then the old ones by month. What it takes is held.
pub fn blocks(enricher: &Enricher, events: &[Identified<'_>], held: &mut Held) -> Result<Vec<Block>, NotDurable> {
    let (live, mut old): (Vec<_>, Vec<_>) = events.iter().partition(|of| is_live(of));
    old.sort_by_key(|of| month(of.event.timestamp_ms));
    let mut blocks = Vec::new();
    for (events, is_live) in [(live, true), (old, false)] {
        let mut rest = events.as_slice();
        while !rest.is_empty() {
            let block = block(enricher, rest, is_live, held)?;
            rest = &rest[block.count..];
            blocks.push(block);
        }
    }
    Ok(blocks)
}

/// As many of the events as fit into one block, at least one.
fn block(enricher: &Enricher, events: &[&Identified<'_>], is_live: bool, held: &mut Held) -> Result<Block, NotDurable> {
    let mut rows = Vec::new();
    let mut count = 0;
    let mut months = Months::default();
    let mut held_bytes = 0;
    for Identified { event, visitor } in events {
        if rows.len() >= BLOCK_BYTES_MAX || !months.take(month(event.timestamp_ms)) {
            break;
        }
        if count == 0 {
            rows.reserve(events.len() * ROW_BYTES);
        }
        enricher.enrich_as(event, *visitor).row().write_json(&mut rows);
        rows.push(b'\n');
        count += 1;
        if rows.capacity() > held_bytes {
            held.grow(rows.capacity() - held_bytes)?;
            held_bytes = rows.capacity();
        }
    }
    rows.shrink_to_fit();
    held.shrink(held_bytes.saturating_sub(rows.capacity()));
    Ok(Block { rows: rows.into(), count, months, is_live })
}

fn is_live(of: &Identified<'_>) -> bool {
    of.event.received_at_ms.saturating_sub(of.event.timestamp_ms) <= LIVE_MS_MAX
}

/// As `toYYYYMM` groups, by which the table is partitioned.
fn month(ms: i64) -> i32 {
    let instant = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    // A month is at most 11.
    instant.year() * 12 + i32::try_from(instant.month0()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use vector_components::{Event, enrich::UserAgents};

    use super::*;
    use crate::in_flight::InFlight;

    const DAY_MS: i64 = 86_400_000;
    const NOW_MS: i64 = 1_767_225_600_000;

    fn at(days_ago: i64, title: &str) -> Identified<'_> {
        let event = r#"{"v":1,"event_id":"018ee9a4-0000-7000-8000-000000000001","project":"app","type":"a","timestamp":"2024-04-17T05:00:00.000Z","received_at":"2026-01-01T00:00:00.000Z"}"#;
        let event: Event<'_> = serde_json::from_str(event).unwrap();
        let event = Event { timestamp_ms: NOW_MS - days_ago * DAY_MS, title: title.into(), ..event };
        Identified { event, visitor: 7 }
    }

    #[test]
    fn blocks_span_few_months_and_few_bytes() {
        let enricher = Enricher::new(UserAgents::new().unwrap(), None);
        let all = InFlight::new(64 << 20);
        let mut held = all.start();
        let title = "t".repeat(1_000);
        // 26 months of old events in turn, live ones between, and more bytes than one block takes.
        let events: Vec<_> = (0..12_000).map(|n| at(if n % 2 == 0 { 1 } else { 40 + n % 780 }, &title)).collect();
        let blocks = blocks(&enricher, &events, &mut held).unwrap();
        assert_eq!(blocks.iter().map(|b| b.count).sum::<usize>(), events.len());
        let rows: usize = blocks.iter().map(|b| b.rows.iter().filter(|byte| **byte == b'\n').count()).sum();
        assert_eq!(rows, events.len());
        assert_eq!(blocks.iter().filter(|b| b.is_live).map(|b| b.count).sum::<usize>(), 6_000);
        for block in &blocks {
            assert!(block.months.0.len() <= MONTHS_MAX && block.rows.len() <= BLOCK_BYTES_MAX + 2_000);
        }
        assert!(blocks.len() >= 4, "{}", blocks.len());
        assert!(all.bytes() >= blocks.iter().map(|b| b.rows.len()).sum());
        drop(held);
        assert_eq!(all.bytes(), 0);
        assert!(matches!(
            super::blocks(&enricher, &events, &mut InFlight::new(1 << 20).start()),
            Err(NotDurable::NoRoom(_))
        ));
    }

    #[test]
    fn months_join_up_to_their_limit() {
        let mut months = Months((1..=11).collect());
        assert!(months.join(&Months(vec![3, 12])) && !months.join(&Months(vec![13])) && months.join(&Months(vec![1])));
    }
}

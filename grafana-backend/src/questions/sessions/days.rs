//! Which days are read for a range.

use crate::time::{range::Range, unit::DAY_MS};

/// The days that are read: those of the range and one on either side, from midnight to midnight by UTC. A
/// session is cut only where it is longer than a day.
pub fn days(range: Range) -> Range {
    let day = |ms: i64| ms.div_euclid(DAY_MS);
    Range { from_ms: (day(range.from_ms) - 1) * DAY_MS, to_ms: (day(range.to_ms - 1) + 2) * DAY_MS, ..range }
}

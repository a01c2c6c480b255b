//! How long a bucket is: as the query names it, or as the panel's interval suggests.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::range::Range;

/// Buckets in one result.
pub const BUCKETS_MAX: usize = 11_000;
/// A minute, in milliseconds.
pub const MINUTE_MS: i64 = 60_000;
/// An hour, in milliseconds.
pub const HOUR_MS: i64 = 60 * MINUTE_MS;
/// A day of 24 hours, in milliseconds.
pub const DAY_MS: i64 = 24 * HOUR_MS;

/// How long a bucket is, as a query names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Interval {
    #[default]
    Auto,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
}

impl Interval {
    /// `auto` is taken from the panel's interval.
    #[must_use]
    pub fn unit(self, range: Range) -> Unit {
        match self {
            Self::Auto => Unit::of_panel(range),
            Self::Minute => Unit::Ms(MINUTE_MS),
            Self::Hour => Unit::Hour,
            Self::Day => Unit::Day,
            Self::Week => Unit::Week,
            Self::Month => Unit::Month,
            Self::Quarter => Unit::Quarter,
        }
    }
}

/// How long a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A fixed time of less than an hour, from the zone's full hours on.
    Ms(i64),
    /// From full hour to full hour.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From Monday to Monday.
    Week,
    /// From the first to the first.
    Month,
    /// From the first of January, April, July or October to the next of them.
    Quarter,
}

impl Unit {
    /// The shortest unit that is not shorter than the panel's interval, and gives few enough
    /// buckets.
    fn of_panel(range: Range) -> Self {
        let few = i64::try_from(BUCKETS_MAX / 2).unwrap_or(i64::MAX);
        let wanted_ms = range.interval_ms.max((range.to_ms - range.from_ms) / few);
        const FIXED_MS: [i64; 9] =
            [1_000, 5_000, 10_000, 30_000, MINUTE_MS, 5 * MINUTE_MS, 10 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS];
        match FIXED_MS.into_iter().find(|ms| *ms >= wanted_ms) {
            Some(ms) => Self::Ms(ms),
            None if wanted_ms <= HOUR_MS => Self::Hour,
            None if wanted_ms <= DAY_MS => Self::Day,
            None if wanted_ms <= 7 * DAY_MS => Self::Week,
            None => Self::Month,
        }
    }
}

//! Which spikes are asked for, checked. The rules are in docs/queries/events.md.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    check::within,
    error::QueryError,
    events::{event_filter::EventFilter, filter::json::FilterJson, one_of::OneOf},
    time::{
        range::Range,
        unit::{Interval, Unit},
    },
};

const MIN_COUNT_DEFAULT: u32 = 10;

/// A question for spikes.
#[derive(Debug, Clone, PartialEq)]
pub struct Spikes {
    /// Which events.
    pub filter: EventFilter,
    /// The bucket.
    pub unit: Unit,
    /// A spike has at least this many events.
    pub min_count: u32,
}

/// Periods with far more events than usual: docs/queries/events.md.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SpikesJson {
    /// The events that are counted, by name.
    event: OneOf,
    /// The same by path; `*` matches any string.
    path: OneOf,
    /// What must hold of them besides.
    event_filter: FilterJson,
    /// The period.
    interval: Interval,
    /// The minimum number of events in a spike.
    #[serde(rename = "least")]
    #[schemars(range(min = 1, max = u32::MAX))]
    min_count: u32,
}

impl Default for SpikesJson {
    fn default() -> Self {
        Self {
            event: OneOf::default(),
            path: OneOf::default(),
            event_filter: FilterJson::default(),
            interval: Interval::Hour,
            min_count: MIN_COUNT_DEFAULT,
        }
    }
}

impl SpikesJson {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self, range: Range) -> Result<Spikes, QueryError> {
        Ok(Spikes {
            filter: EventFilter::read(self.event, self.path, &self.event_filter, "eventFilter")?,
            unit: self.interval.unit(range),
            min_count: within("least", self.min_count, 1..=u32::MAX)?,
        })
    }
}

//! Which spikes are asked for, checked. The rules are in docs/queries/events.md.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::QueryError,
    events::{event_filter::EventFilter, one_of::OneOf},
    time::{range::Range, unit::Unit},
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

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct SpikesJson {
    event: OneOf,
    path: OneOf,
    event_filter: Value,
    interval: String,
    #[serde(rename = "least")]
    min_count: Option<u32>,
}

impl SpikesJson {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self, range: Range) -> Result<Spikes, QueryError> {
        let min_count = self.min_count.unwrap_or(MIN_COUNT_DEFAULT);
        if min_count == 0 {
            return Err(QueryError::invalid("least", "0 events are not a spike: at least 1 is needed"));
        }
        let interval = if self.interval.is_empty() { "hour" } else { &self.interval };
        Ok(Spikes {
            filter: EventFilter::read(self.event, self.path, &self.event_filter, "eventFilter")?,
            unit: Unit::parse(interval, range)?,
            min_count,
        })
    }
}

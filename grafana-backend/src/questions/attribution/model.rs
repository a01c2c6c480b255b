//! What is asked about attribution, checked. The rules are in docs/queries/attribution.md.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    check::within,
    error::QueryError,
    events::{
        actor::Actor,
        dimension::Dimension,
        event_filter::{EventFilter, EventJson},
    },
    time::{
        comparison::{CompareJson, Comparison},
        range::Range,
        unit::DAY_MS,
    },
};

const LOOKBACK_DAYS: RangeInclusive<u32> = 1..=366;
const LOOKBACK_DAYS_DEFAULT: u32 = 30;
const HALF_LIFE_DAYS: RangeInclusive<u32> = 1..=366;
const HALF_LIFE_DAYS_DEFAULT: u32 = 7;
const LIMIT_MAX: u32 = 200;
const LIMIT_DEFAULT: u32 = 20;

/// A question about attribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution {
    /// What is credited.
    pub conversion: EventFilter,
    /// What of a session it is credited to: a column of its first event.
    pub dimension: Dimension,
    /// By which rules, each once, at least one.
    pub models: Vec<Model>,
    /// What is counted.
    pub measure: Measure,
    /// How long before a conversion a session counts.
    pub lookback_ms: i64,
    /// In which time a session's weight halves, in `time_decay`.
    pub half_life_ms: i64,
    /// Whose.
    pub by: Actor,
    /// Values that are shown by themselves.
    pub limit: u32,
    /// With an earlier range.
    pub compare: Option<Comparison>,
}

impl Attribution {
    /// The range whose sessions can be credited with conversions of this range.
    #[must_use]
    pub fn touches_of(&self, range: Range) -> Range {
        // Nothing is stored of before 1970.
        Range { from_ms: (range.from_ms - self.lookback_ms).max(range.from_ms.min(0)), ..range }
    }
}

/// How one conversion is divided among the sessions before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "AttributionModel")]
pub enum Model {
    /// To the first.
    First,
    /// To the last.
    Last,
    /// To the last that did not come directly; to the last if all did.
    LastNonDirect,
    /// To all alike.
    Linear,
    /// To each half as much as to one a half-life later.
    TimeDecay,
    /// 40 % to the first, 40 % to the last, the rest to those between.
    PositionBased,
}

impl Model {
    /// All of them.
    const ALL: [Self; 6] =
        [Self::First, Self::Last, Self::LastNonDirect, Self::Linear, Self::TimeDecay, Self::PositionBased];

    /// Its name in a query, and its column's in the answer.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Last => "last",
            Self::LastNonDirect => "last_non_direct",
            Self::Linear => "linear",
            Self::TimeDecay => "time_decay",
            Self::PositionBased => "position_based",
        }
    }
}

/// What is credited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "AttributionMeasure")]
pub enum Measure {
    /// How many conversions.
    #[default]
    Conversions,
    /// Their revenue.
    Revenue,
}

/// What conversions are credited to: docs/queries/attribution.md.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AttributionJson {
    /// The events that are credited.
    conversion: EventJson,
    /// What they are credited to: `session:<column>`.
    dimension: String,
    /// By which rules; all if absent.
    models: Vec<Model>,
    /// What is counted.
    measure: Measure,
    /// How many days before a conversion a session counts.
    #[schemars(range(min = *LOOKBACK_DAYS.start(), max = *LOOKBACK_DAYS.end()))]
    lookback_days: u32,
    /// After how many days a session counts half as much, in `time_decay`.
    #[schemars(range(min = *HALF_LIFE_DAYS.start(), max = *HALF_LIFE_DAYS.end()))]
    half_life_days: u32,
    /// Whose conversions and sessions belong together.
    by: Actor,
    /// Values that are shown by themselves.
    #[schemars(range(min = 1, max = LIMIT_MAX))]
    limit: u32,
    /// With an earlier range.
    compare: CompareJson,
}

impl Default for AttributionJson {
    fn default() -> Self {
        Self {
            conversion: EventJson::default(),
            dimension: "session:channel".into(),
            models: Vec::new(),
            measure: Measure::Conversions,
            lookback_days: LOOKBACK_DAYS_DEFAULT,
            half_life_days: HALF_LIFE_DAYS_DEFAULT,
            by: Actor::Visitor,
            limit: LIMIT_DEFAULT,
            compare: CompareJson::default(),
        }
    }
}

impl AttributionJson {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self) -> Result<Attribution, QueryError> {
        let conversion = self.conversion.check("conversion")?;
        if conversion.is_empty() {
            return Err(QueryError::invalid("conversion", "it has neither an event nor a path nor a filter"));
        }
        let days = |days: u32| i64::from(days) * DAY_MS;
        Ok(Attribution {
            conversion,
            dimension: entry_column(&self.dimension)?,
            models: models(self.models)?,
            measure: self.measure,
            lookback_ms: days(within("lookbackDays", self.lookback_days, LOOKBACK_DAYS)?),
            half_life_ms: days(within("halfLifeDays", self.half_life_days, HALF_LIFE_DAYS)?),
            by: self.by,
            limit: within("limit", self.limit, 1..=LIMIT_MAX)?,
            compare: Comparison::parse(&self.compare)?,
        })
    }
}

fn entry_column(name: &str) -> Result<Dimension, QueryError> {
    match Dimension::parse(name).map_err(|e| e.at("dimension"))? {
        dimension @ Dimension::Entry(_) => Ok(dimension),
        _ => {
            let message = format!("conversions are credited to sessions: session:<column> is expected, not {name:?}");
            Err(QueryError::invalid("dimension", message))
        }
    }
}

fn models(given: Vec<Model>) -> Result<Vec<Model>, QueryError> {
    for (at, model) in given.iter().enumerate() {
        if given[..at].contains(model) {
            let message = format!("{:?} is given twice", model.name());
            return Err(QueryError::invalid(format!("models[{at}]"), message));
        }
    }
    Ok(if given.is_empty() { Model::ALL.to_vec() } else { given })
}

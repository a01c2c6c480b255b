//! What is asked about retention, checked. The rules are in docs/queries/retention.md.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    check::within,
    error::QueryError,
    events::{
        actor::Actor,
        entry::Entries,
        event_filter::{EventFilter, EventJson},
    },
    time::{
        comparison::{CompareJson, Comparison},
        unit::Unit,
    },
};

/// Events of a period that can be asked for.
const RETURNS_MAX: u32 = 1_000;

/// A question about retention.
#[derive(Debug, Clone, PartialEq)]
pub struct Retention {
    /// What puts an actor into a period's cohort.
    pub start: EventFilter,
    /// What counts as coming back.
    pub returns: EventFilter,
    /// So often within a period.
    pub returns_min: u32,
    /// The period.
    pub unit: Unit,
    /// Only the first time ever, or each period anew.
    pub first_time: bool,
    /// In the period or any later one, or just in it.
    pub unbounded: bool,
    /// Who.
    pub by: Actor,
    /// With each period's mean, and how certain a rate is.
    pub statistics: bool,
    /// With an earlier range.
    pub compare: Option<Comparison>,
}

impl Retention {
    /// What it reads of the sessions' entries.
    #[must_use]
    pub fn entries(&self) -> Entries {
        self.start.entries() | self.returns.entries()
    }
}

/// Who comes back: docs/queries/retention.md.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RetentionJson {
    /// What puts an actor into a period's cohort.
    start: EventJson,
    /// What counts as coming back.
    returns: EventJson,
    /// Coming back takes so many of these events within a period.
    #[serde(rename = "least")]
    #[schemars(range(min = 1, max = RETURNS_MAX))]
    returns_min: u32,
    /// The period.
    interval: Period,
    /// An actor belongs to the cohort of the first start ever only.
    first_time: bool,
    /// In the period or any later one.
    unbounded: bool,
    /// Who is counted.
    by: Actor,
    /// With each period's mean and spread, and how certain a rate is.
    statistics: bool,
    /// With an earlier range.
    compare: CompareJson,
}

impl Default for RetentionJson {
    fn default() -> Self {
        Self {
            start: EventJson::default(),
            returns: EventJson::default(),
            returns_min: 1,
            interval: Period::Week,
            first_time: false,
            unbounded: false,
            by: Actor::Visitor,
            statistics: false,
            compare: CompareJson::default(),
        }
    }
}

/// A cohort's period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Period {
    Hour,
    Day,
    #[default]
    Week,
    Month,
    Quarter,
}

impl RetentionJson {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field and the value.
    pub fn check(self) -> Result<Retention, QueryError> {
        Ok(Retention {
            start: self.start.check("start")?,
            returns: self.returns.check("returns")?,
            returns_min: within("least", self.returns_min, 1..=RETURNS_MAX)?,
            unit: match self.interval {
                Period::Hour => Unit::Hour,
                Period::Day => Unit::Day,
                Period::Week => Unit::Week,
                Period::Month => Unit::Month,
                Period::Quarter => Unit::Quarter,
            },
            first_time: self.first_time,
            unbounded: self.unbounded,
            by: self.by,
            statistics: self.statistics,
            compare: Comparison::parse(&self.compare)?,
        })
    }
}

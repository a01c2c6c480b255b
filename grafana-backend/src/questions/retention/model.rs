//! What is asked about retention, checked. The rules are in docs/queries/retention.md.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::QueryError,
    events::{
        actor::Actor,
        event_filter::{EventFilter, EventJson},
    },
    time::unit::Unit,
};

/// A question about retention.
#[derive(Debug, Clone, PartialEq)]
pub struct Retention {
    /// What puts an actor into a period's cohort.
    pub start: EventFilter,
    /// What counts as coming back.
    pub returns: EventFilter,
    /// The period.
    pub unit: Unit,
    /// Only the first time ever, or each period anew.
    pub first_time: bool,
    /// In the period or any later one, or just in it.
    pub unbounded: bool,
    /// Who.
    pub by: Actor,
}

/// Who comes back: docs/queries/retention.md.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct RetentionJson {
    /// What puts an actor into a period's cohort.
    start: EventJson,
    /// What counts as coming back.
    returns: EventJson,
    /// The period.
    interval: Period,
    /// An actor belongs to the cohort of the first start ever only.
    first_time: bool,
    /// In the period or any later one.
    unbounded: bool,
    /// Who is counted.
    by: Actor,
}

/// A cohort's period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Period {
    Day,
    #[default]
    Week,
    Month,
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
            unit: match self.interval {
                Period::Day => Unit::Day,
                Period::Week => Unit::Week,
                Period::Month => Unit::Month,
            },
            first_time: self.first_time,
            unbounded: self.unbounded,
            by: self.by,
        })
    }
}

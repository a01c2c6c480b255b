//! What is asked about retention, checked. The rules are in docs/queries/retention.md.

use serde::Deserialize;

use crate::{
    check::one_of,
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

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct RetentionJson {
    start: EventJson,
    returns: EventJson,
    interval: String,
    first_time: bool,
    unbounded: bool,
    by: Actor,
}

impl RetentionJson {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field and the value.
    pub fn check(self) -> Result<Retention, QueryError> {
        let units = [("day", Unit::Day), ("week", Unit::Week), ("month", Unit::Month)];
        let unit = one_of("interval", &self.interval, Unit::Week, &units)?;
        Ok(Retention {
            start: self.start.check("start")?,
            returns: self.returns.check("returns")?,
            unit,
            first_time: self.first_time,
            unbounded: self.unbounded,
            by: self.by,
        })
    }
}

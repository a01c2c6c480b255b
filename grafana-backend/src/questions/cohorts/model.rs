//! Which cohorts are asked for, checked. The rules are in docs/queries/cohorts.md.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    check::{at_most, within},
    error::QueryError,
    events::one_of::OneOf,
};

/// Cohorts of one answer.
const LIMIT_MAX: u32 = 100;

/// A question for the sizes of cohorts.
#[derive(Debug, Clone, PartialEq)]
pub struct Cohorts {
    /// Which; of none, all.
    pub names: OneOf,
    /// How many, by name.
    pub limit: usize,
}

/// A project's named cohorts and how many persons are in each: docs/queries/cohorts.md.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CohortsJson {
    /// Their names, exactly; all if absent.
    cohort: OneOf,
    /// How many, by name.
    #[schemars(range(min = 1, max = LIMIT_MAX))]
    limit: u32,
}

impl Default for CohortsJson {
    fn default() -> Self {
        Self { cohort: OneOf::default(), limit: 20 }
    }
}

impl CohortsJson {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self) -> Result<Cohorts, QueryError> {
        self.cohort.check("cohort")?;
        at_most("cohort", self.cohort.values().len(), LIMIT_MAX as usize)?;
        Ok(Cohorts { names: self.cohort, limit: within("limit", self.limit, 1..=LIMIT_MAX)? as usize })
    }
}

//! The parts of a funnel's JSON form: steps, exclusions, breakdown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Attribution, Exclusion, Order, Split, Step};
use crate::{
    check::within,
    error::QueryError,
    events::{
        breakdown::{AND_MAX, BREAKDOWN_DEFAULT, BREAKDOWN_MAX, Breakdown},
        event_filter::EventFilter,
        filter::json::FilterJson,
        one_of::OneOf,
    },
    time::unit::DAY_MS,
};

/// The longest conversion window.
pub const WINDOW_MS_MAX: i64 = 366 * DAY_MS;

/// A step of a funnel.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schemars(rename = "FunnelStep")]
pub struct StepJson {
    /// What the step is called; its event or path if absent.
    name: String,
    /// The event's name, exactly.
    event: OneOf,
    /// Its path; `*` matches any string.
    path: OneOf,
    /// What must hold besides.
    filter: FilterJson,
    /// It may be left out.
    pub optional: bool,
    /// From the step before, inclusive.
    #[schemars(range(min = 1, max = WINDOW_MS_MAX))]
    window_ms: Option<i64>,
}

/// What must not happen strictly between two steps.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schemars(rename = "Exclusion")]
pub struct ExclusionJson {
    /// The event's name, exactly.
    event: OneOf,
    /// Its path; `*` matches any string.
    path: OneOf,
    /// What must hold besides.
    filter: FilterJson,
    /// After this step, counted from 1; the first if absent.
    #[schemars(range(min = 1))]
    after_step: Option<usize>,
    /// Before this step, counted from 1; the last if absent.
    #[schemars(range(min = 2))]
    before_step: Option<usize>,
    /// The conversion is left out, instead of ending at the step before.
    removes: bool,
}

/// By what a funnel is split, and whose value counts.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schemars(rename = "FunnelBreakdown")]
pub struct BreakdownJson {
    /// A column, `property:<name>` or `session:<column>`.
    pub dimension: String,
    /// Further dimensions, of the same kinds: each combination of values is one.
    #[schemars(length(max = AND_MAX))]
    and: Vec<String>,
    /// Whose value counts.
    attribution: AttributionName,
    /// The step of the attribution `step`, counted from 1.
    #[schemars(range(min = 1))]
    step: usize,
    /// How many values are shown by themselves.
    #[schemars(range(min = 1, max = BREAKDOWN_MAX))]
    limit: u32,
}

impl Default for BreakdownJson {
    fn default() -> Self {
        Self {
            dimension: String::new(),
            and: Vec::new(),
            attribution: AttributionName::First,
            step: 1,
            limit: BREAKDOWN_DEFAULT,
        }
    }
}

/// Which event's value an actor is counted under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Attribution")]
enum AttributionName {
    /// The chain's first.
    #[default]
    First,
    /// The chain's first that has a value.
    FirstSet,
    /// The chain's last.
    Last,
    /// That of the step.
    Step,
    /// All of the chain's.
    All,
}

impl StepJson {
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self, at: usize) -> Result<Step, QueryError> {
        let place = format!("steps[{at}]");
        let filter = narrowing(self.event, self.path, &self.filter, &place)?;
        let window_ms = self.window_ms.map(|ms| window(ms, &format!("{place}.windowMs"))).transpose()?;
        let name = if self.name.is_empty() { filter.to_string() } else { self.name };
        Ok(Step { name, filter, optional: self.optional, window_ms })
    }
}

impl ExclusionJson {
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self, at: usize, steps: &[Step], order: Order) -> Result<Exclusion, QueryError> {
        let place = format!("exclusions[{at}]");
        let filter = narrowing(self.event, self.path, &self.filter, &place)?;
        let after = step_number(self.after_step.unwrap_or(1), steps.len(), &format!("{place}.afterStep"))?;
        let before = step_number(self.before_step.unwrap_or(steps.len()), steps.len(), &format!("{place}.beforeStep"))?;
        if after >= before {
            return Err(QueryError::invalid(format!("{place}.beforeStep"), "it is not after afterStep"));
        }
        if steps[after].optional || steps[before].optional {
            return Err(QueryError::invalid(place, "it lies between steps that cannot be left out"));
        }
        if order == Order::Any && (after, before) != (0, steps.len() - 1) {
            return Err(QueryError::invalid(place, "in any order, it lies between the first step and the last"));
        }
        Ok(Exclusion { filter, after, before, removes: self.removes })
    }
}

impl BreakdownJson {
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self, count: usize) -> Result<Split, QueryError> {
        let breakdown = Breakdown::read(&self.dimension, &self.and, self.limit)?;
        let attribution = match self.attribution {
            AttributionName::First => Attribution::First,
            AttributionName::FirstSet => Attribution::FirstSet,
            AttributionName::Last => Attribution::Last,
            AttributionName::Step => Attribution::Step(step_number(self.step, count, "breakdown.step")?),
            AttributionName::All => Attribution::All,
        };
        Ok(Split { breakdown, attribution })
    }
}

/// A window within its limits.
///
/// # Errors
/// Names them and the value.
pub fn window(ms: i64, field: &str) -> Result<i64, QueryError> {
    if (1..=WINDOW_MS_MAX).contains(&ms) {
        return Ok(ms);
    }
    Err(QueryError::invalid(field, format!("{ms} is not from 1 to {WINDOW_MS_MAX} (366 days)")))
}

/// From 1, as people count, to 0.
///
/// # Errors
/// Names the steps that there are, and the number.
pub fn step_number(number: usize, count: usize, field: &str) -> Result<usize, QueryError> {
    within(field, number, 1..=count).map(|number| number - 1)
}

/// A step or an exclusion that every event matches is a mistake.
fn narrowing(event: OneOf, path: OneOf, filter: &FilterJson, place: &str) -> Result<EventFilter, QueryError> {
    let filter = EventFilter::read(event, path, filter, &format!("{place}.filter"))?;
    if filter.is_empty() {
        return Err(QueryError::invalid(place, "it has neither an event nor a path nor a filter"));
    }
    Ok(filter)
}

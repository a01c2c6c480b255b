//! A funnel's JSON form, and its checks.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Attribution, Exclusion, Funnel, Listing, Order, Outcome, Shown, Split, Step};
use crate::{
    check::{at_most, within},
    error::QueryError,
    events::{
        actor::Actor,
        breakdown::{BREAKDOWN_DEFAULT, BREAKDOWN_MAX, Breakdown},
        dimension::Dimension,
        event_filter::EventFilter,
        filter::json::FilterJson,
        one_of::OneOf,
    },
    time::{
        range::Range,
        unit::{DAY_MS, Interval},
    },
};

const STEPS: RangeInclusive<usize> = 2..=32;
/// The longest conversion window.
const WINDOW_MS_MAX: i64 = 366 * DAY_MS;
/// The conversion window if none is given.
const WINDOW_MS_DEFAULT: i64 = 7 * DAY_MS;
const EXCLUSIONS_MAX: usize = 16;
/// Actors in one list.
const ACTORS_MAX: u32 = 10_000;
const ACTORS_DEFAULT: u32 = 100;

/// Conversion from step to step: docs/queries/funnel.md.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FunnelJson {
    /// The steps, in their order.
    #[schemars(length(min = *STEPS.start(), max = *STEPS.end()))]
    steps: Vec<StepJson>,
    /// Whether and how their order counts.
    order: Order,
    /// From the first step to the last, inclusive.
    #[schemars(range(min = 1, max = WINDOW_MS_MAX))]
    conversion_window_ms: i64,
    /// Who has to take the steps.
    by: Actor,
    /// What must not happen between two steps.
    #[schemars(length(max = EXCLUSIONS_MAX))]
    exclusions: Vec<ExclusionJson>,
    /// All events of a chain have the same value of this: a column, or `property:<name>`.
    hold: String,
    /// How the result is split.
    breakdown: Option<BreakdownJson>,
    /// A chain may begin at any step.
    open: bool,
    /// What is shown.
    result: ResultName,
    /// The bucket of a trend.
    interval: Interval,
    /// The step whose actors are listed, counted from 1.
    #[schemars(range(min = 1))]
    step: usize,
    /// Those who took the step that is listed, or those who did not.
    outcome: Outcome,
    /// Actors that are listed at most.
    #[schemars(range(min = 1, max = ACTORS_MAX))]
    limit: u32,
}

/// What is shown of a funnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "FunnelResult")]
enum ResultName {
    /// A row a step.
    #[default]
    Steps,
    /// A row a bucket of entry.
    Trend,
    /// How long those who took the last step needed: a row a class of time.
    Histogram,
    /// The actors of one bar.
    Actors,
}

impl Default for FunnelJson {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            order: Order::Ordered,
            conversion_window_ms: WINDOW_MS_DEFAULT,
            by: Actor::Visitor,
            exclusions: Vec::new(),
            hold: String::new(),
            breakdown: None,
            open: false,
            result: ResultName::Steps,
            interval: Interval::Auto,
            step: 1,
            outcome: Outcome::Converted,
            limit: ACTORS_DEFAULT,
        }
    }
}

/// A step of a funnel.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schemars(rename = "FunnelStep")]
struct StepJson {
    /// What the step is called; its event or path if absent.
    name: String,
    /// The event's name, exactly.
    event: OneOf,
    /// Its path; `*` matches any string.
    path: OneOf,
    /// What must hold besides.
    filter: FilterJson,
    /// It may be left out.
    optional: bool,
    /// From the step before, inclusive.
    #[schemars(range(min = 1, max = WINDOW_MS_MAX))]
    window_ms: Option<i64>,
}

/// What must not happen strictly between two steps.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schemars(rename = "Exclusion")]
struct ExclusionJson {
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
    #[schemars(range(min = 1))]
    before_step: Option<usize>,
}

/// By what a funnel is split, and whose value counts.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "FunnelBreakdown")]
struct BreakdownJson {
    /// A column, or `property:<name>`.
    dimension: String,
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
        Self { dimension: String::new(), attribution: AttributionName::First, step: 1, limit: BREAKDOWN_DEFAULT }
    }
}

/// Which event's value an actor is counted under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Attribution")]
enum AttributionName {
    /// The chain's first.
    #[default]
    #[serde(alias = "")]
    First,
    /// The chain's last.
    Last,
    /// That of the step.
    Step,
    /// All of the chain's.
    All,
}

impl FunnelJson {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self, range: Range) -> Result<Funnel, QueryError> {
        let count = self.steps.len();
        if !STEPS.contains(&count) {
            let message = format!("{count} are given, a funnel has {} to {}", STEPS.start(), STEPS.end());
            return Err(QueryError::invalid("steps", message));
        }
        let shown = self.shown(count, range)?;
        let window_ms = window(self.conversion_window_ms, "conversionWindowMs")?;
        let steps = self.steps.into_iter().enumerate().map(|(at, step)| step.check(at));
        let steps: Vec<Step> = steps.collect::<Result<_, _>>()?;
        at_most("exclusions", self.exclusions.len(), EXCLUSIONS_MAX)?;
        let exclusions = self.exclusions.into_iter().enumerate().map(|(at, exclusion)| exclusion.check(at, &steps));
        let exclusions: Vec<Exclusion> = exclusions.collect::<Result<_, _>>()?;
        let hold =
            (!self.hold.is_empty()).then(|| Dimension::parse(&self.hold).map_err(|e| e.at("hold"))).transpose()?;
        // A histogram and a list of actors are not split: what the editor remembers of another
        // result must not change their chains.
        let is_split = matches!(shown, Shown::Steps | Shown::Trend(_));
        let breakdown = self.breakdown.filter(|b| is_split && !b.dimension.is_empty());
        let split = breakdown.map(|breakdown| breakdown.check(count)).transpose()?;
        let (order, by, open) = (self.order, self.by, self.open);
        let funnel = Funnel { steps, order, window_ms, by, exclusions, hold, split, open, shown };
        check_together(&funnel)?;
        Ok(funnel)
    }

    fn shown(&self, count: usize, range: Range) -> Result<Shown, QueryError> {
        Ok(match self.result {
            ResultName::Steps => Shown::Steps,
            ResultName::Trend => Shown::Trend(self.interval.unit(range)),
            ResultName::Histogram => Shown::Histogram,
            ResultName::Actors => Shown::Actors(self.listing(count)?),
        })
    }

    fn listing(&self, count: usize) -> Result<Listing, QueryError> {
        let limit = within("limit", self.limit, 1..=ACTORS_MAX)?;
        let step = step_number(self.step, count, "step")?;
        if step == 0 && self.outcome == Outcome::Dropped {
            return Err(QueryError::invalid("step", "nobody is dropped at step 1: it is where the funnel begins"));
        }
        Ok(Listing { step, outcome: self.outcome, limit: limit as usize })
    }
}

/// What cannot be meant together.
fn check_together(funnel: &Funnel) -> Result<(), QueryError> {
    let refuse = |field: &str, message: &str| Err(QueryError::invalid(field, message));
    if funnel.order == Order::Any {
        if funnel.steps.iter().any(|step| step.optional || step.window_ms.is_some()) {
            return refuse("order", "in any order, no step is optional or has a window of its own");
        }
        if !funnel.exclusions.is_empty() {
            return refuse("exclusions", "in any order, nothing lies between two steps");
        }
        if funnel.open {
            return refuse("open", "in any order, a chain begins at any step already");
        }
    }
    if funnel.steps[0].optional {
        return refuse(
            "steps[0].optional",
            "the first step cannot be left out: it is where the funnel begins (open: true lets it begin anywhere)",
        );
    }
    if funnel.steps[0].window_ms.is_some() {
        return refuse("steps[0].windowMs", "the first step has none before it");
    }
    Ok(())
}

impl StepJson {
    fn check(self, at: usize) -> Result<Step, QueryError> {
        let place = format!("steps[{at}]");
        let filter = narrowing(self.event, self.path, &self.filter, &place)?;
        let window_ms = self.window_ms.map(|ms| window(ms, &format!("{place}.windowMs"))).transpose()?;
        let name = if self.name.is_empty() { filter.to_string() } else { self.name };
        Ok(Step { name, filter, optional: self.optional, window_ms })
    }
}

impl ExclusionJson {
    fn check(self, at: usize, steps: &[Step]) -> Result<Exclusion, QueryError> {
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
        Ok(Exclusion { filter, after, before })
    }
}

impl BreakdownJson {
    fn check(self, count: usize) -> Result<Split, QueryError> {
        let breakdown = Breakdown::read(&self.dimension, self.limit)?;
        let attribution = match self.attribution {
            AttributionName::First => Attribution::First,
            AttributionName::Last => Attribution::Last,
            AttributionName::Step => Attribution::Step(step_number(self.step, count, "breakdown.step")?),
            AttributionName::All => Attribution::All,
        };
        Ok(Split { breakdown, attribution })
    }
}

fn window(ms: i64, field: &str) -> Result<i64, QueryError> {
    if (1..=WINDOW_MS_MAX).contains(&ms) {
        return Ok(ms);
    }
    Err(QueryError::invalid(field, format!("{ms} is not from 1 to {WINDOW_MS_MAX} (366 days)")))
}

/// A step or an exclusion that every event matches is a mistake.
fn narrowing(event: OneOf, path: OneOf, filter: &FilterJson, place: &str) -> Result<EventFilter, QueryError> {
    let filter = EventFilter::read(event, path, filter, &format!("{place}.filter"))?;
    if filter.is_empty() {
        return Err(QueryError::invalid(place, "it has neither an event nor a path nor a filter"));
    }
    Ok(filter)
}

/// From 1, as people count, to 0.
fn step_number(number: usize, count: usize, field: &str) -> Result<usize, QueryError> {
    within(field, number, 1..=count).map(|number| number - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_funnel_has_sane_defaults() {
        let json = r#"{"steps":[{"event":"x"},{"path":"/a/*"}]}"#;
        let range = Range { from_ms: 0, to_ms: 1000, interval_ms: 10 };
        let funnel = serde_json::from_str::<FunnelJson>(json).unwrap().check(range).unwrap();
        assert_eq!((funnel.window_ms, funnel.by), (WINDOW_MS_DEFAULT, Actor::Visitor));
        assert_eq!(funnel.steps[0].name, "x");
        assert_eq!(funnel.steps[1].name, "/a/*");
    }
}

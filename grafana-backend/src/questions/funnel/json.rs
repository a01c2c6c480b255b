//! A funnel's JSON form, and its checks.

use std::ops::RangeInclusive;

use serde::Deserialize;
use serde_json::Value;

use super::model::{Attribution, Exclusion, Funnel, Listing, Order, Outcome, Shown, Split, Step};
use crate::{
    check::{at_most, one_of, within},
    error::QueryError,
    events::{actor::Actor, breakdown::Breakdown, dimension::Dimension, event_filter::EventFilter, one_of::OneOf},
    time::{
        range::Range,
        unit::{DAY_MS, Unit},
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

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct FunnelJson {
    steps: Vec<StepJson>,
    order: Order,
    conversion_window_ms: Option<i64>,
    by: Actor,
    exclusions: Vec<ExclusionJson>,
    hold: String,
    breakdown: Option<BreakdownJson>,
    open: bool,
    result: String,
    interval: String,
    /// Counted from 1, as people do.
    step: Option<usize>,
    outcome: String,
    limit: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct StepJson {
    name: String,
    event: OneOf,
    path: OneOf,
    filter: Value,
    optional: bool,
    window_ms: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct ExclusionJson {
    event: OneOf,
    path: OneOf,
    filter: Value,
    after_step: Option<usize>,
    before_step: Option<usize>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct BreakdownJson {
    dimension: String,
    attribution: String,
    step: Option<usize>,
    limit: Option<u32>,
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
        let window_ms = window(self.conversion_window_ms.unwrap_or(WINDOW_MS_DEFAULT), "conversionWindowMs")?;
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
        type Read = fn(&FunnelJson, usize, Range) -> Result<Shown, QueryError>;
        let steps: Read = |_, _, _| Ok(Shown::Steps);
        let known: [(&str, Read); 4] = [
            ("steps", steps),
            ("trend", |json, _, range| Unit::parse(&json.interval, range).map(Shown::Trend)),
            ("histogram", |_, _, _| Ok(Shown::Histogram)),
            ("actors", |json, count, _| json.listing(count).map(Shown::Actors)),
        ];
        one_of("result", &self.result, steps, &known)?(self, count, range)
    }

    fn listing(&self, count: usize) -> Result<Listing, QueryError> {
        let limit = within("limit", self.limit.unwrap_or(ACTORS_DEFAULT), 1..=ACTORS_MAX)?;
        let outcomes = [("converted", Outcome::Converted), ("dropped", Outcome::Dropped)];
        let outcome = one_of("outcome", &self.outcome, Outcome::Converted, &outcomes)?;
        let step = step_number(self.step.unwrap_or(1), count, "step")?;
        if step == 0 && outcome == Outcome::Dropped {
            return Err(QueryError::invalid("step", "nobody is dropped at step 1: it is where the funnel begins"));
        }
        Ok(Listing { step, outcome, limit: limit as usize })
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
        let known = [
            ("first", Attribution::First),
            ("last", Attribution::Last),
            ("step", Attribution::Step(0)),
            ("all", Attribution::All),
        ];
        let attribution = match one_of("breakdown.attribution", &self.attribution, Attribution::First, &known)? {
            Attribution::Step(_) => Attribution::Step(step_number(self.step.unwrap_or(1), count, "breakdown.step")?),
            other => other,
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
fn narrowing(event: OneOf, path: OneOf, filter: &Value, place: &str) -> Result<EventFilter, QueryError> {
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

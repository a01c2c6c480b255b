//! A funnel's JSON form, and its checks.

use std::ops::RangeInclusive;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    json_parts::{BreakdownJson, ExclusionJson, StepJson, WINDOW_MS_MAX, step_number, window},
    model::{Between, Counting, Exclusion, Funnel, Listing, Order, Outcome, Shown, Step},
};
use crate::{
    check::{at_most, within},
    error::QueryError,
    events::{actor::Actor, dimension::Dimension},
    time::{
        comparison::{CompareJson, Comparison},
        range::Range,
        unit::{DAY_MS, Interval},
    },
};

const STEPS: RangeInclusive<usize> = 2..=32;
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
    /// Which of an actor's conversions count; a list is of actors.
    counting: Counting,
    /// With the number of those who were there, but did not enter; of steps only.
    never_entered: bool,
    /// With an earlier range; not of a list.
    compare: CompareJson,
    /// What is shown.
    result: ResultName,
    /// The bucket of a trend.
    interval: Interval,
    /// From which step a trend and a histogram count, from 1; where a chain begins if absent.
    #[schemars(range(min = 1))]
    from_step: Option<usize>,
    /// To which step, from 1; the last that is not optional if absent.
    #[schemars(range(min = 1))]
    to_step: Option<usize>,
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
    /// How long conversions took: a row a class of time.
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
            counting: Counting::Actors,
            never_entered: false,
            compare: CompareJson::default(),
            result: ResultName::Steps,
            interval: Interval::Auto,
            from_step: None,
            to_step: None,
            step: 1,
            outcome: Outcome::Converted,
            limit: ACTORS_DEFAULT,
        }
    }
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
        let compare = Comparison::parse(&self.compare)?;
        let shown = self.shown(range)?;
        let window_ms = window(self.conversion_window_ms, "conversionWindowMs")?;
        let steps = self.steps.into_iter().enumerate().map(|(at, step)| step.check(at));
        let steps: Vec<Step> = steps.collect::<Result<_, _>>()?;
        at_most("exclusions", self.exclusions.len(), EXCLUSIONS_MAX)?;
        let exclusions =
            self.exclusions.into_iter().enumerate().map(|(at, exclusion)| exclusion.check(at, &steps, self.order));
        let mut exclusions: Vec<Exclusion> = exclusions.collect::<Result<_, _>>()?;
        exclusions.sort_by_key(|exclusion| exclusion.removes);
        let hold =
            (!self.hold.is_empty()).then(|| Dimension::parse(&self.hold).map_err(|e| e.at("hold"))).transpose()?;
        // A histogram and a list of actors are not split, and a list is of actors: what the editor
        // remembers of another result must not change their chains.
        let is_split = matches!(shown, Shown::Steps | Shown::Trend(..));
        let breakdown = self.breakdown.filter(|b| is_split && !b.dimension.is_empty());
        let split = breakdown.map(|breakdown| breakdown.check(count)).transpose()?;
        let is_list = matches!(shown, Shown::Actors(_));
        let funnel = Funnel {
            steps,
            order: self.order,
            window_ms,
            by: self.by,
            exclusions,
            hold,
            split,
            open: self.open,
            counting: if is_list { Counting::Actors } else { self.counting },
            never_entered: self.never_entered && shown == Shown::Steps,
            compare: compare.filter(|_| !is_list),
            shown,
        };
        check_together(&funnel)?;
        Ok(funnel)
    }

    fn shown(&self, range: Range) -> Result<Shown, QueryError> {
        Ok(match self.result {
            ResultName::Steps => Shown::Steps,
            ResultName::Trend => Shown::Trend(self.interval.unit(range), self.between()?),
            ResultName::Histogram => Shown::Histogram(self.between()?),
            ResultName::Actors => Shown::Actors(self.listing()?),
        })
    }

    fn between(&self) -> Result<Between, QueryError> {
        let count = self.steps.len();
        let from = self.from_step.map(|step| step_number(step, count, "fromStep")).transpose()?;
        let last = self.steps.iter().rposition(|step| !step.optional).unwrap_or(0);
        let to = self.to_step.map_or(Ok(last), |step| step_number(step, count, "toStep"))?;
        if from.is_some_and(|from| to <= from) {
            return Err(QueryError::invalid("toStep", format!("{} is not after fromStep", to + 1)));
        }
        Ok(Between { from, to })
    }

    fn listing(&self) -> Result<Listing, QueryError> {
        let limit = within("limit", self.limit, 1..=ACTORS_MAX)?;
        let step = step_number(self.step, self.steps.len(), "step")?;
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

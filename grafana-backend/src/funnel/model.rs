//! What a funnel asks, checked. The rules are in docs/queries/funnel.md.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::QueryError,
    query::{
        Range,
        dimension::Dimension,
        filter::{EventFilter, OneOf},
        interval::Unit,
    },
};

/// Funnel steps, at least and at most.
pub const STEPS: std::ops::RangeInclusive<usize> = 2..=32;
/// The longest conversion window: 366 days, in milliseconds.
pub const WINDOW_MS_MAX: i64 = 366 * 86_400_000;
/// The conversion window if none is given: 7 days, in milliseconds.
pub const WINDOW_MS_DEFAULT: i64 = 7 * 86_400_000;
/// Exclusions of one funnel.
pub const EXCLUSIONS_MAX: usize = 16;
/// Values of a breakdown that are shown by themselves; the rest is one.
pub const BREAKDOWN_MAX: u32 = 100;
const BREAKDOWN_DEFAULT: u32 = 10;
/// Actors in one list.
pub const ACTORS_MAX: u32 = 10_000;
const ACTORS_DEFAULT: u32 = 100;

/// A question about a funnel.
#[derive(Debug, Clone, PartialEq)]
pub struct Funnel {
    /// 2 to 32 steps.
    pub steps: Vec<Step>,
    /// Whether and how their order counts.
    pub order: Order,
    /// From the first step to the last, inclusive, in milliseconds.
    pub window_ms: i64,
    /// Who has to take the steps.
    pub by: Actor,
    /// What must not happen between two steps.
    pub exclusions: Vec<Exclusion>,
    /// All events of a chain have the same value of this.
    pub hold: Option<Dimension>,
    /// The result is split by the value of this.
    pub breakdown: Option<Breakdown>,
    /// A chain may begin at any step.
    pub open: bool,
    /// What is shown.
    pub result: Shown,
}

/// A funnel step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What the bar is called.
    pub name: String,
    /// Which events are this step.
    pub filter: EventFilter,
    /// It may be left out.
    pub optional: bool,
    /// From the step before, inclusive, in milliseconds.
    pub window_ms: Option<i64>,
}

/// What must not happen strictly between two steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Exclusion {
    /// Which events.
    pub filter: EventFilter,
    /// After this step, counted from 0 …
    pub after: usize,
    /// … and before this one.
    pub before: usize,
}

/// Whether the order of steps counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// One after another, with anything in between.
    #[default]
    Ordered,
    /// One after another, with nothing in between.
    Strict,
    /// In any order.
    Any,
}

/// Who has to take the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// One visitor, over all sessions.
    #[default]
    Visitor,
    /// One user of the application; events without a user id are left out.
    User,
    /// One client's session; events without a session id are left out.
    Session,
}

impl Actor {
    /// The hash that tells actors apart.
    #[must_use]
    pub fn expression(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::User => "cityHash64(user_id)",
            Self::Session => "cityHash64(session_id)",
        }
    }

    /// The id that people know.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Visitor => "toString(visitor)",
            Self::User => "user_id",
            Self::Session => "session_id",
        }
    }

    /// Leaves out events that are nobody's.
    #[must_use]
    pub fn condition(self) -> &'static str {
        match self {
            Self::Visitor => "",
            Self::User => " AND user_id != ''",
            Self::Session => " AND session_id != ''",
        }
    }
}

/// How the result is split.
#[derive(Debug, Clone, PartialEq)]
pub struct Breakdown {
    /// By what.
    pub dimension: Dimension,
    /// Whose value counts.
    pub attribution: Attribution,
    /// So many values, those with the most entries; the rest is one.
    pub limit: u32,
}

/// Which event's value an actor is counted under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribution {
    /// The chain's first.
    First,
    /// The chain's last.
    Last,
    /// That of this step, counted from 0; actors who do not take it are left out.
    Step(usize),
    /// All of the chain's, which then have the same; an actor can count under several.
    All,
}

/// What is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// A row a step.
    Steps,
    /// A row a bucket of entry.
    Trend(Unit),
    /// How long those who took the last step needed: a row a class of time.
    Histogram,
    /// The actors of one bar.
    Actors {
        /// The step, counted from 0.
        step: usize,
        /// Those who took it, or those who took the one before and not it.
        converted: bool,
        /// Rows at most.
        limit: u32,
    },
}

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Raw {
    steps: Vec<RawStep>,
    order: Order,
    conversion_window_ms: Option<i64>,
    by: Actor,
    exclusions: Vec<RawExclusion>,
    hold: String,
    breakdown: Option<RawBreakdown>,
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
struct RawStep {
    name: String,
    event: OneOf,
    path: OneOf,
    filter: Value,
    optional: bool,
    window_ms: Option<i64>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct RawExclusion {
    event: OneOf,
    path: OneOf,
    filter: Value,
    after_step: Option<usize>,
    before_step: Option<usize>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RawBreakdown {
    dimension: String,
    attribution: String,
    step: Option<usize>,
    limit: Option<u32>,
}

impl Raw {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn resolve(self, range: Range) -> Result<Funnel, QueryError> {
        if !STEPS.contains(&self.steps.len()) {
            let message = format!("{} are given, a funnel has {} to {}", self.steps.len(), STEPS.start(), STEPS.end());
            return Err(QueryError::invalid("steps", message));
        }
        let count = self.steps.len();
        let result = self.shown(count, range)?;
        let window_ms = window(self.conversion_window_ms.unwrap_or(WINDOW_MS_DEFAULT), "conversionWindowMs")?;
        let steps: Vec<Step> =
            self.steps.into_iter().enumerate().map(|(at, step)| step.resolve(at)).collect::<Result<_, _>>()?;
        if self.exclusions.len() > EXCLUSIONS_MAX {
            let message = format!("{} are given, at most {EXCLUSIONS_MAX} can", self.exclusions.len());
            return Err(QueryError::invalid("exclusions", message));
        }
        let each = self.exclusions.into_iter().enumerate().map(|(at, exclusion)| exclusion.resolve(at, &steps));
        let exclusions: Vec<Exclusion> = each.collect::<Result<_, _>>()?;
        let hold =
            (!self.hold.is_empty()).then(|| Dimension::parse(&self.hold).map_err(|e| e.at("hold"))).transpose()?;
        // A histogram and a list of actors are not split: what the editor has kept of another
        // result must not change their chains.
        let is_split = matches!(result, Shown::Steps | Shown::Trend(_));
        let breakdown = self.breakdown.filter(|b| is_split && !b.dimension.is_empty());
        let breakdown = breakdown.map(|b| b.resolve(count)).transpose()?;
        let funnel = Funnel {
            steps,
            order: self.order,
            window_ms,
            by: self.by,
            exclusions,
            hold,
            breakdown,
            open: self.open,
            result,
        };
        funnel.check()?;
        Ok(funnel)
    }

    fn shown(&self, count: usize, range: Range) -> Result<Shown, QueryError> {
        Ok(match self.result.as_str() {
            "" | "steps" => Shown::Steps,
            "trend" => Shown::Trend(Unit::parse(&self.interval, range)?),
            "histogram" => Shown::Histogram,
            "actors" => {
                let limit = self.limit.unwrap_or(ACTORS_DEFAULT);
                if !(1..=ACTORS_MAX).contains(&limit) {
                    return Err(QueryError::invalid("limit", format!("{limit} is not from 1 to {ACTORS_MAX}")));
                }
                let converted = match self.outcome.as_str() {
                    "" | "converted" => true,
                    "dropped" => false,
                    other => {
                        return Err(QueryError::invalid(
                            "outcome",
                            format!("{other:?} is not known: converted or dropped"),
                        ));
                    }
                };
                let step = step_number(self.step.unwrap_or(1), count, "step")?;
                if step == 0 && !converted {
                    return Err(QueryError::invalid(
                        "step",
                        "nobody is dropped at step 1: it is where the funnel begins",
                    ));
                }
                Shown::Actors { step, converted, limit }
            }
            other => {
                return Err(QueryError::invalid(
                    "result",
                    format!("{other:?} is not known: steps, trend, histogram or actors"),
                ));
            }
        })
    }
}

impl Funnel {
    /// What a bar is called; in any order, by how many steps were taken.
    #[must_use]
    pub fn step_name(&self, at: usize) -> String {
        match self.order {
            Order::Any => format!("any {} of {}", at + 1, self.steps.len()),
            _ => self.steps[at].name.clone(),
        }
    }

    /// What cannot be meant together.
    fn check(&self) -> Result<(), QueryError> {
        let refuse = |field: &str, message: &str| Err(QueryError::invalid(field, message));
        if self.order == Order::Any {
            if self.steps.iter().any(|step| step.optional || step.window_ms.is_some()) {
                return refuse("order", "in any order, no step is optional or has a window of its own");
            }
            if !self.exclusions.is_empty() {
                return refuse("exclusions", "in any order, nothing lies between two steps");
            }
            if self.open {
                return refuse("open", "in any order, a chain begins at any step already");
            }
        }
        if self.steps[0].optional {
            return refuse(
                "steps[0].optional",
                "the first step cannot be left out: it is where the funnel begins (open: true lets it begin anywhere)",
            );
        }
        if self.steps[0].window_ms.is_some() {
            return refuse("steps[0].windowMs", "the first step has none before it");
        }
        Ok(())
    }
}

impl RawStep {
    fn resolve(self, at: usize) -> Result<Step, QueryError> {
        let place = format!("steps[{at}]");
        let filter = narrowing(self.event, self.path, &self.filter, &place)?;
        let window_ms = self.window_ms.map(|ms| window(ms, &format!("{place}.windowMs"))).transpose()?;
        let name = if self.name.is_empty() { filter.to_string() } else { self.name };
        Ok(Step { name, filter, optional: self.optional, window_ms })
    }
}

impl RawExclusion {
    fn resolve(self, at: usize, steps: &[Step]) -> Result<Exclusion, QueryError> {
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

impl RawBreakdown {
    fn resolve(self, count: usize) -> Result<Breakdown, QueryError> {
        let dimension = Dimension::parse(&self.dimension).map_err(|e| e.at("breakdown.dimension"))?;
        let attribution = match self.attribution.as_str() {
            "" | "first" => Attribution::First,
            "last" => Attribution::Last,
            "step" => Attribution::Step(step_number(self.step.unwrap_or(1), count, "breakdown.step")?),
            "all" => Attribution::All,
            other => {
                let message = format!("{other:?} is not known: first, last, step or all");
                return Err(QueryError::invalid("breakdown.attribution", message));
            }
        };
        let limit = self.limit.unwrap_or(BREAKDOWN_DEFAULT);
        if !(1..=BREAKDOWN_MAX).contains(&limit) {
            return Err(QueryError::invalid("breakdown.limit", format!("{limit} is not from 1 to {BREAKDOWN_MAX}")));
        }
        Ok(Breakdown { dimension, attribution, limit })
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
    match number.checked_sub(1) {
        Some(at) if at < count => Ok(at),
        _ => Err(QueryError::invalid(field, format!("{number} is not from 1 to {count}"))),
    }
}

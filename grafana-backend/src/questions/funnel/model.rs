//! What a funnel asks. The rules are in docs/queries/funnel.md.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    events::{actor::Actor, breakdown::Breakdown, dimension::Dimension, entry::Entries, event_filter::EventFilter},
    time::{comparison::Comparison, unit::Unit},
};

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
    /// What must not happen between two steps; those that end a chain come first.
    pub exclusions: Vec<Exclusion>,
    /// All events of a chain have the same value of this.
    pub hold: Option<Dimension>,
    /// How the result is split.
    pub split: Option<Split>,
    /// A chain may begin at any step.
    pub open: bool,
    /// Which of an actor's chains count.
    pub counting: Counting,
    /// Whether those are counted who did something, but never entered.
    pub never_entered: bool,
    /// With an earlier range.
    pub compare: Option<Comparison>,
    /// What is shown.
    pub shown: Shown,
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
    /// It removes the chain, instead of ending it at the step before.
    pub removes: bool,
}

/// Whether the order of steps counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
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

/// Which of an actor's chains count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// One; of a trend, one in each bucket of entry.
    #[default]
    Actors,
    /// One in the whole range, of a trend as well.
    ActorsOfRange,
    /// Every conversion, one after another, and what comes after the last.
    Conversions,
}

/// How the result is split.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// By what; the values with the most entries are shown by themselves.
    pub breakdown: Breakdown,
    /// Whose value counts.
    pub attribution: Attribution,
}

/// Which event's value an actor is counted under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribution {
    /// The chain's first.
    First,
    /// The chain's first that has a value.
    FirstSet,
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
    Trend(Unit, Between),
    /// How long it took: a row a class of time.
    Histogram(Between),
    /// The actors of one bar.
    Actors(Listing),
}

/// From one step to another, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Between {
    /// `None` is where a chain begins.
    pub from: Option<usize>,
    /// The last step that is not optional, unless another is asked for.
    pub to: usize,
}

/// The actors of one bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    /// The step, counted from 0.
    pub step: usize,
    /// Those who took it or those who did not.
    pub outcome: Outcome,
    /// Rows at most.
    pub limit: usize,
}

/// What became of an actor at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Took it.
    #[default]
    Converted,
    /// Took the one before that is not optional, and not it.
    Dropped,
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

    /// What it reads of the sessions' entries.
    #[must_use]
    pub fn entries(&self) -> Entries {
        let split = self.split.iter().map(|split| &split.breakdown.dimension);
        let dimensions = split.chain(&self.hold).map(Dimension::entries);
        self.filters().map(EventFilter::entries).chain(dimensions).collect()
    }

    /// What tells the events apart: the steps, then the exclusions.
    pub fn filters(&self) -> impl Iterator<Item = &EventFilter> {
        let steps = self.steps.iter().map(|step| &step.filter);
        steps.chain(self.exclusions.iter().map(|exclusion| &exclusion.filter))
    }
}

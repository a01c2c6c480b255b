//! What the fold is to do with an actor's events, out of what is asked.

use super::{
    fold::{self, Event, Rules, StepRule, Taken, plain},
    model::{Attribution, Between, Counting, Funnel, Listing, Order, Shown},
};
use crate::{error::QueryError, scope::Scope, time::buckets::Buckets};

/// What the fold is to do.
#[derive(Debug, Clone)]
pub struct FoldPlan {
    /// The rules of a chain.
    pub rules: Rules,
    /// How an actor's chain is found.
    pub search: Search,
    /// Only chains whose events have the same hold value.
    pub is_held: bool,
    /// The value an actor is counted under.
    pub attribution: Option<Attribution>,
    /// Which chains of an actor.
    pub chains: Chains,
    /// What removes a chain: of the bit of [`Event::mask`], between these steps.
    pub removing: Vec<(u32, fold::Between)>,
    /// Buckets of entry, if they are shown.
    pub buckets: Option<Buckets>,
    /// Between which steps times and conversions are counted.
    pub between: Between,
    /// The actors that are listed, if any are.
    pub listing: Option<Listing>,
    /// How an instant and a mask are one number.
    pub packing: Packing,
}

/// Which chains of an actor count.
#[derive(Debug, Clone)]
pub enum Chains {
    /// The best.
    One,
    /// The best that begins in each of these periods.
    PerPeriod(Vec<Period>),
    /// One conversion after another, and the best of what comes after the last.
    OneAfterAnother,
}

/// A bucket of entry, as far as it lies in the range.
#[derive(Debug, Clone)]
pub struct Period {
    /// Its first instant.
    pub from_ms: i64,
    /// Those of the funnel, for chains that begin before the period's end.
    pub rules: Rules,
}

/// How a chain is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// In any order.
    AnyOrder,
    /// By [`plain::best_chain`], where no two events are of one instant.
    Plain,
    /// By [`super::fold::best_chain`].
    Walk,
}

/// An instant and a mask in one number, in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packing {
    /// Bits of the mask, the lowest.
    pub mask_bits: u32,
    /// From when on the instants are counted.
    pub from_ms: i64,
}

/// Bits of a packed event for its instant: 69 years of milliseconds.
const INSTANT_BITS: u32 = 41;

impl Packing {
    /// Of the scope's range and the funnel's steps and exclusions.
    pub fn of(scope: &Scope, funnel: &Funnel) -> Self {
        Self { mask_bits: mask_bits(funnel), from_ms: scope.range.from_ms }
    }

    /// Whether a number of 64 bits has room for the funnel's masks.
    pub fn fits(funnel: &Funnel) -> bool {
        mask_bits(funnel) + INSTANT_BITS < 64
    }

    /// The event that a number stands for.
    pub fn unpack(self, packed: u64, value: u64) -> Event {
        let at_ms = self.from_ms + (packed >> self.mask_bits).cast_signed();
        Event { at_ms, mask: packed & ((1 << self.mask_bits) - 1), value }
    }
}

fn mask_bits(funnel: &Funnel) -> u32 {
    u32::try_from(funnel.filters().count()).unwrap_or(u32::MAX)
}

impl FoldPlan {
    /// # Errors
    /// If the range has too many buckets.
    pub fn of(scope: &Scope, funnel: &Funnel) -> Result<Self, QueryError> {
        let rules = rules(scope, funnel);
        let last = funnel.steps.iter().rposition(|step| !step.optional).unwrap_or(0);
        let (unit, between) = match funnel.shown {
            Shown::Trend(unit, between) => (Some(unit), between),
            Shown::Histogram(between) => (None, between),
            Shown::Steps | Shown::Actors(_) => (None, Between { from: None, to: last }),
        };
        let buckets = unit.map(|unit| Buckets::cut(scope.range, unit, scope.zone)).transpose()?;
        Ok(Self {
            search: match funnel.order {
                Order::Any => Search::AnyOrder,
                _ if plain::is_plain(&rules) => Search::Plain,
                _ => Search::Walk,
            },
            is_held: funnel.hold.is_some(),
            attribution: funnel.split.as_ref().map(|split| split.attribution),
            chains: match (funnel.counting, &buckets) {
                (Counting::Conversions, _) => Chains::OneAfterAnother,
                (Counting::Actors, Some(buckets)) => Chains::PerPeriod(periods(scope, buckets, &rules)),
                (Counting::Actors | Counting::ActorsOfRange, _) => Chains::One,
            },
            removing: removing(funnel),
            buckets,
            between,
            listing: match funnel.shown {
                Shown::Actors(listing) => Some(listing),
                _ => None,
            },
            packing: Packing::of(scope, funnel),
            rules,
        })
    }

    /// The value that the chain's actor is counted under; 0 if nothing is split, `None` if the actor is
    /// left out.
    pub fn value(&self, chain: &[Taken]) -> Option<u64> {
        let taken = match self.attribution {
            None => return Some(0),
            Some(Attribution::First | Attribution::All) => chain.first(),
            Some(Attribution::FirstSet) => chain.iter().find(|taken| taken.value != 0).or(chain.first()),
            Some(Attribution::Last) => chain.last(),
            Some(Attribution::Step(step)) => chain.iter().find(|taken| taken.step == step),
        };
        taken.map(|taken| taken.value)
    }

    /// Rule 5, between chains of different held values.
    pub fn is_better(&self, chain: &[Taken], than: &[Taken]) -> bool {
        let is_required = |step: usize| self.search == Search::AnyOrder || !self.rules.steps[step].optional;
        let key = |chain: &[Taken]| {
            let required = || chain.iter().filter(|taken| is_required(taken.step));
            let required_ms = required().next_back().map_or(0, |taken| taken.at_ms);
            let start_ms = chain.first().map_or(i64::MIN, |taken| taken.at_ms);
            (required().count(), -required_ms, start_ms, chain.len())
        };
        key(chain) > key(than) || (than.is_empty() && !chain.is_empty())
    }

    /// The step before that is not optional.
    pub fn required_before(&self, step: usize) -> Option<usize> {
        (0..step).rev().find(|before| !self.rules.steps[*before].optional)
    }

    /// Whether the chain has the last step that is not optional.
    pub fn is_conversion(&self, chain: &[Taken]) -> bool {
        let last = self.rules.steps.iter().rposition(|step| !step.optional);
        chain.iter().any(|taken| Some(taken.step) == last)
    }
}

fn rules(scope: &Scope, funnel: &Funnel) -> Rules {
    let ending = funnel.exclusions.iter().filter(|exclusion| !exclusion.removes);
    let steps = funnel.steps.iter();
    Rules {
        steps: steps.map(|step| StepRule { optional: step.optional, window_ms: step.window_ms }).collect(),
        window_ms: funnel.window_ms,
        entries_before_ms: scope.range.to_ms,
        strict: funnel.order == Order::Strict,
        open: funnel.open,
        exclusions: ending.map(|e| fold::Between { after: e.after, before: e.before }).collect(),
    }
}

fn removing(funnel: &Funnel) -> Vec<(u32, fold::Between)> {
    let bits = (0..).skip(funnel.steps.len()).zip(&funnel.exclusions);
    let removing = bits.filter(|(_, exclusion)| exclusion.removes);
    removing.map(|(bit, e)| (bit, fold::Between { after: e.after, before: e.before })).collect()
}

fn periods(scope: &Scope, buckets: &Buckets, rules: &Rules) -> Vec<Period> {
    let period = |(start_ms, end_ms): (i64, i64)| Period {
        from_ms: start_ms,
        rules: Rules { entries_before_ms: end_ms.min(scope.range.to_ms), ..rules.clone() },
    };
    buckets.bounds().map(period).collect()
}

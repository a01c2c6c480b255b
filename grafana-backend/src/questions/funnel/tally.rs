//! Counting chains: per value of the breakdown, per step, per time.

use std::{cmp::Reverse, collections::HashMap};

use super::{
    chains::Finder,
    fold::{Event, Taken},
    fold_plan::{Chains, FoldPlan},
    group::Group,
    model::{Attribution, Outcome},
};
use crate::gathering::{Packed, Sum, Valued, Wide};

/// Counts over all actors.
#[derive(Debug)]
pub struct Tally {
    /// By the value's hash; 0 if nothing is split.
    pub groups: HashMap<u64, Group>,
    /// Actors that have a chain, whatever it counts under.
    pub entered: u64,
    actors: Vec<ListedActor>,
    actors_max: usize,
    finder: Finder,
}

/// An actor of a bar.
#[derive(Debug)]
pub struct ListedActor {
    /// When its chain began.
    pub entered_ms: i64,
    /// Its hash.
    pub actor: u64,
    /// Its steps.
    pub chain: Vec<Taken>,
}

/// Events of one actor that are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    /// The held value; 0 if none is held.
    hold: u64,
    /// The breakdown's; 0 unless every event counts under its own.
    value: u64,
}

impl Tally {
    /// An empty one.
    pub fn new(plan: &FoldPlan) -> Self {
        Self {
            groups: HashMap::new(),
            entered: 0,
            actors: Vec::new(),
            actors_max: plan.listing.map_or(0, |listing| listing.limit),
            finder: Finder::default(),
        }
    }

    /// Adds one actor's packed events.
    pub fn add_packed(&mut self, plan: &FoldPlan, events: &[Packed]) {
        self.add(plan, events[0].actor, events.iter().map(|event| plan.packing.unpack(event.packed, 0)));
    }

    /// Adds one actor's packed events with the breakdown's values, of which one event of the
    /// chain gives the actor's.
    pub fn add_valued(&mut self, plan: &FoldPlan, events: &[Valued]) {
        let unpacked = events.iter().map(|event| plan.packing.unpack(event.packed, event.value));
        self.add(plan, events[0].actor, unpacked);
    }

    /// Adds one actor whose events are taken together.
    fn add(&mut self, plan: &FoldPlan, actor: u64, events: impl Iterator<Item = Event> + Clone) {
        let mut finder = std::mem::take(&mut self.finder);
        let mut has_entered = false;
        finder.each(plan, events, |chain| {
            has_entered = true;
            self.count_under_its_value(plan, actor, chain);
        });
        self.entered += u64::from(has_entered);
        self.finder = finder;
    }

    /// Adds one actor's events with their values.
    pub fn add_wide(&mut self, plan: &FoldPlan, events: &[Wide]) {
        let steps = (1_u64 << plan.rules.steps.len()) - 1;
        let by_value = plan.attribution == Some(Attribution::All);
        let part_of = |event: &Wide| Part {
            hold: if plan.is_held { event.hold } else { 0 },
            value: if by_value { event.value } else { 0 },
        };
        let mut parts: Vec<Part> = events.iter().map(part_of).collect();
        parts.sort_unstable();
        parts.dedup();
        let mut best = BestChains::default();
        for part in parts {
            let seen = events.iter().map(|event| {
                // What has another value is no step here, but still lies in between.
                let mask = if part_of(event) == part { event.mask } else { event.mask & !steps };
                Event { at_ms: event.at_ms, mask, value: event.value }
            });
            let mut seen: Vec<Event> = seen.collect();
            seen.sort_unstable();
            self.finder.each(plan, seen.iter().copied(), |chain| best.add(plan, part.value, chain));
        }
        self.entered += u64::from(!best.0.is_empty());
        for (_, chain) in best.0 {
            self.count_under_its_value(plan, events[0].actor, &chain);
        }
    }

    fn count_under_its_value(&mut self, plan: &FoldPlan, actor: u64, chain: &[Taken]) {
        let Some(value) = plan.value(chain) else { return };
        let steps = plan.rules.steps.len();
        self.groups.entry(value).or_insert_with(|| Group::new(steps)).add(plan, chain);
        let (Some(listing), Some(first)) = (plan.listing, chain.first()) else { return };
        let took = |step: usize| chain.iter().any(|taken| taken.step == step);
        let is_listed = match listing.outcome {
            Outcome::Converted => took(listing.step),
            Outcome::Dropped => !took(listing.step) && plan.required_before(listing.step).is_some_and(took),
        };
        if is_listed {
            self.actors.push(ListedActor { entered_ms: first.at_ms, actor, chain: chain.to_vec() });
            self.trim();
        }
    }

    /// Forgets the actors who entered first, as soon as there are many.
    fn trim(&mut self) {
        if self.actors.len() >= self.actors_max.saturating_mul(2).max(1_024) {
            self.sort_actors();
        }
    }

    /// Those who entered last come first, of the same instant those with the lower hash.
    fn sort_actors(&mut self) {
        self.actors.sort_by_key(|listed| (Reverse(listed.entered_ms), listed.actor));
        self.actors.truncate(self.actors_max);
    }

    /// The listed actors in their order, no more than were asked for.
    pub fn into_actors(mut self) -> Vec<ListedActor> {
        self.sort_actors();
        self.actors
    }
}

/// Of an actor's chains with different held values, those that count: of one value of the breakdown and
/// one period of entry the best, but every conversion where all are counted.
#[derive(Default)]
struct BestChains(HashMap<(u64, usize), Vec<Taken>>);

impl BestChains {
    fn add(&mut self, plan: &FoldPlan, value: u64, chain: &[Taken]) {
        let place = match &plan.chains {
            Chains::One => 0,
            Chains::PerPeriod(periods) => {
                chain.first().map_or(0, |first| periods.partition_point(|period| period.from_ms <= first.at_ms))
            }
            Chains::OneAfterAnother => self.0.len(),
        };
        let known = self.0.entry((value, place)).or_default();
        if plan.is_better(chain, known) {
            chain.clone_into(known);
        }
    }
}

impl Sum for Tally {
    fn merge(&mut self, other: Self) {
        self.entered += other.entered;
        for (value, group) in other.groups {
            self.groups.entry(value).or_default().merge(group);
        }
        self.actors.extend(other.actors);
        self.trim();
    }

    fn bytes(&self) -> usize {
        let actor = size_of::<ListedActor>() + 4 * size_of::<Taken>();
        self.groups.values().map(Group::bytes).sum::<usize>() + self.actors.len() * actor
    }
}

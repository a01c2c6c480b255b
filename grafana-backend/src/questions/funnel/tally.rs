//! Counting chains: per value of the breakdown, per step, per time.

use std::{cmp::Reverse, collections::HashMap};

use super::{
    fold::{self, Event, Taken, plain},
    fold_plan::{FoldPlan, Search},
    group::Group,
    model::{Attribution, Outcome},
};
use crate::gathering::{Packed, Sum, Valued, Wide};

/// Counts over all actors.
#[derive(Debug)]
pub struct Tally {
    /// By the value's hash; 0 if nothing is split.
    pub groups: HashMap<u64, Group>,
    actors: Vec<ListedActor>,
    actors_max: usize,
    scratch: Scratch,
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

/// Buffers that are reused from actor to actor, so that little is allocated.
#[derive(Debug, Default)]
struct Scratch {
    plain: plain::Scratch,
    walk: fold::Scratch,
    events: Vec<Event>,
    chain: Vec<Taken>,
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
            actors: Vec::new(),
            actors_max: plan.listing.map_or(0, |listing| listing.limit),
            scratch: Scratch::default(),
        }
    }

    /// Adds one actor's packed events.
    pub fn add_packed(&mut self, plan: &FoldPlan, events: &[Packed]) {
        self.add_one_chain(plan, events[0].actor, events.iter().map(|event| plan.packing.unpack(event.packed, 0)));
    }

    /// Adds one actor's packed events with the breakdown's values, of which one event of the
    /// chain gives the actor's.
    pub fn add_valued(&mut self, plan: &FoldPlan, events: &[Valued]) {
        let unpacked = events.iter().map(|event| plan.packing.unpack(event.packed, event.value));
        self.add_one_chain(plan, events[0].actor, unpacked);
    }

    /// Adds one actor whose events make one chain.
    fn add_one_chain(&mut self, plan: &FoldPlan, actor: u64, events: impl Iterator<Item = Event> + Clone) {
        // Who never takes a first step has no chain.
        let begins_first = plan.search != Search::AnyOrder && !plan.rules.open;
        if begins_first && events.clone().all(|event| event.mask & 1 == 0) {
            return;
        }
        let mut chain = std::mem::take(&mut self.scratch.chain);
        let is_found = plan.search == Search::Plain
            && plain::best_chain(events.clone(), &plan.rules, &mut self.scratch.plain, &mut chain);
        if !is_found {
            self.scratch.events.clear();
            self.scratch.events.extend(events);
            chain = chain_of(plan, &self.scratch.events, &mut self.scratch.walk);
        }
        if let Some(value) = plan.value(&chain) {
            self.count(plan, actor, value, &chain);
        }
        self.scratch.chain = chain;
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
        // Of the values that are held, the actor's best; of the breakdown's, each by itself.
        let mut best: HashMap<u64, Vec<Taken>> = HashMap::new();
        for part in parts {
            let seen = events.iter().map(|event| {
                // What has another value is no step here, but still lies in between.
                let mask = if part_of(event) == part { event.mask } else { event.mask & !steps };
                Event { at_ms: event.at_ms, mask, value: event.value }
            });
            let mut seen: Vec<Event> = seen.collect();
            seen.sort_unstable();
            let chain = chain_of(plan, &seen, &mut self.scratch.walk);
            let known = best.entry(part.value).or_default();
            if plan.is_better(&chain, known) {
                *known = chain;
            }
        }
        for (_, chain) in best {
            if let Some(value) = plan.value(&chain) {
                self.count(plan, events[0].actor, value, &chain);
            }
        }
    }

    fn count(&mut self, plan: &FoldPlan, actor: u64, value: u64, chain: &[Taken]) {
        let Some(first) = chain.first() else { return };
        let steps = plan.rules.steps.len();
        let group = self.groups.entry(value).or_insert_with(|| Group::new(steps));
        group.entered += 1;
        let bucket = plan.buckets.as_ref().and_then(|buckets| buckets.find(first.at_ms));
        let took = |step: usize| chain.iter().any(|taken| taken.step == step);
        for (at, taken) in chain.iter().enumerate() {
            group.taken[taken.step] += 1;
            if let Some(before) = at.checked_sub(1).map(|before| chain[before]) {
                group.times_ms[taken.step].push(taken.at_ms - before.at_ms);
            }
            if plan.required_before(taken.step).is_some_and(took) {
                group.continued[taken.step] += 1;
            }
            if let Some(bucket) = bucket {
                group.by_entry.entry(bucket).or_insert_with(|| vec![0; steps])[taken.step] += 1;
            }
        }
        if let Some(end) = chain.iter().rfind(|taken| Some(taken.step) == plan.last_required()) {
            group.totals_ms.push(end.at_ms - first.at_ms);
        }
        let is_listed = plan.listing.is_some_and(|listing| match listing.outcome {
            Outcome::Converted => took(listing.step),
            Outcome::Dropped => !took(listing.step) && plan.required_before(listing.step).is_some_and(took),
        });
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

fn chain_of(plan: &FoldPlan, events: &[Event], walk: &mut fold::Scratch) -> Vec<Taken> {
    match plan.search {
        Search::AnyOrder => fold::any_order(events, &plan.rules),
        Search::Plain | Search::Walk => fold::best_chain(events, &plan.rules, walk),
    }
}

impl Sum for Tally {
    fn merge(&mut self, other: Self) {
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

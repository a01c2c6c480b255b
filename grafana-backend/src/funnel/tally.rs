//! Counting chains: per value of the breakdown, per step, per time.

use std::collections::HashMap;

use super::{
    fold::{self, Event, Rules, Taken, plain},
    model::Attribution,
};
use crate::{
    actors::{Packed, Sum, Valued, Wide},
    query::interval::Buckets,
};

/// What the fold is to do with an actor's events.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The rules of a chain.
    pub rules: Rules,
    /// In any order.
    pub any: bool,
    /// [`plain::best_chain`] can find the chains.
    pub is_plain: bool,
    /// Only chains whose events have the same hold value.
    pub hold: bool,
    /// The value an actor is counted under.
    pub attribution: Option<Attribution>,
    /// Buckets of entry, if they are shown.
    pub buckets: Option<Buckets>,
    /// Keep the actors who took this step, or (false) the one before and not it.
    pub actors: Option<(usize, bool, usize)>,
    /// Bits of the mask in [`Packed`], and its first instant.
    pub packing: (u32, i64),
}

/// Counts over all actors.
#[derive(Debug)]
pub struct Tally {
    /// By the value's hash; 0 if there is no breakdown.
    pub groups: HashMap<u64, Group>,
    /// The listed actors: when they entered, who, and when each of their steps was.
    pub actors: Vec<(i64, u64, Vec<Taken>)>,
    actors_max: usize,
    scratch: Scratch,
}

/// Kept from actor to actor, so that little is allocated.
#[derive(Debug, Default)]
struct Scratch {
    plain: plain::Scratch,
    walk: fold::Scratch,
    events: Vec<Event>,
    chain: Vec<Taken>,
}

/// Counts of one value.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// Actors with any chain.
    pub entered: u64,
    /// Who took each step.
    pub taken: Vec<u64>,
    /// Of those, who took the step before that is not optional as well.
    pub continued: Vec<u64>,
    /// Times from the step taken before, in milliseconds.
    pub times_ms: Vec<Vec<i64>>,
    /// Times from the first step to the last of the funnel, in milliseconds.
    pub totals_ms: Vec<i64>,
    /// By bucket of entry: who took each step.
    pub by_entry: HashMap<usize, Vec<u64>>,
}

impl Tally {
    /// An empty one.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        Self {
            groups: HashMap::new(),
            actors: Vec::new(),
            actors_max: plan.actors.map_or(0, |(_, _, limit)| limit),
            scratch: Scratch::default(),
        }
    }

    /// Adds one actor's packed events.
    pub fn add_packed(&mut self, plan: &Plan, events: &[Packed]) {
        self.add_whole(plan, events[0].actor, events.iter().map(|event| plan.unpack(event.packed, 0)));
    }

    /// Adds one actor's packed events with the breakdown's values, of which one event of the
    /// chain gives the actor's.
    pub fn add_valued(&mut self, plan: &Plan, events: &[Valued]) {
        self.add_whole(plan, events[0].actor, events.iter().map(|event| plan.unpack(event.packed, event.value)));
    }

    /// Adds one actor whose events make one chain.
    fn add_whole(&mut self, plan: &Plan, actor: u64, events: impl Iterator<Item = Event> + Clone) {
        // Who never takes a first step has no chain.
        if !plan.any && !plan.rules.open && events.clone().all(|event| event.mask & 1 == 0) {
            return;
        }
        let mut chain = std::mem::take(&mut self.scratch.chain);
        let is_found =
            plan.is_plain && plain::best_chain(events.clone(), &plan.rules, &mut self.scratch.plain, &mut chain);
        if !is_found {
            self.scratch.events.clear();
            self.scratch.events.extend(events);
            chain = plan.chain(&self.scratch.events, &mut self.scratch.walk);
        }
        if let Some(value) = plan.value(&chain) {
            self.count(plan, actor, value, &chain);
        }
        self.scratch.chain = chain;
    }

    /// Adds one actor's events with their values.
    pub fn add_wide(&mut self, plan: &Plan, events: &[Wide]) {
        let steps = (1_u64 << plan.rules.steps.len()) - 1;
        let all = plan.attribution == Some(Attribution::All);
        let mut parts: Vec<(u64, u64)> =
            events.iter().map(|e| (if plan.hold { e.hold } else { 0 }, if all { e.value } else { 0 })).collect();
        parts.sort_unstable();
        parts.dedup();
        // Of the values that are held, the actor's best; of the breakdown's, each by itself.
        let mut best: HashMap<u64, Vec<Taken>> = HashMap::new();
        for (hold, value) in parts {
            let of_part = |e: &Wide| (!plan.hold || e.hold == hold) && (!all || e.value == value);
            let part = events.iter().map(|e| {
                // What has another value is no step here, but still lies in between.
                let mask = if of_part(e) { e.mask } else { e.mask & !steps };
                Event { at_ms: e.at_ms, mask, value: e.value }
            });
            let mut part: Vec<Event> = part.collect();
            part.sort_unstable();
            let chain = plan.chain(&part, &mut self.scratch.walk);
            let known = best.entry(value).or_default();
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

    fn count(&mut self, plan: &Plan, actor: u64, value: u64, chain: &[Taken]) {
        let Some(first) = chain.first() else { return };
        let steps = plan.rules.steps.len();
        let group = self.groups.entry(value).or_insert_with(|| Group::new(steps));
        group.entered += 1;
        let bucket = plan.buckets.as_ref().and_then(|buckets| buckets.find(first.at_ms));
        for (at, taken) in chain.iter().enumerate() {
            group.taken[taken.step] += 1;
            if let Some(before) = at.checked_sub(1).map(|before| chain[before]) {
                group.times_ms[taken.step].push(taken.at_ms - before.at_ms);
            }
            if plan.required_before(taken.step).is_some_and(|before| chain.iter().any(|t| t.step == before)) {
                group.continued[taken.step] += 1;
            }
            if let Some(bucket) = bucket {
                group.by_entry.entry(bucket).or_insert_with(|| vec![0; steps])[taken.step] += 1;
            }
        }
        let reached_end = chain.iter().any(|taken| Some(taken.step) == plan.last_required());
        if reached_end && let Some(end) = chain.iter().rfind(|taken| Some(taken.step) == plan.last_required()) {
            group.totals_ms.push(end.at_ms - first.at_ms);
        }
        if let Some((step, converted, _)) = plan.actors {
            let took = |step: usize| chain.iter().any(|taken| taken.step == step);
            let listed =
                if converted { took(step) } else { !took(step) && plan.required_before(step).is_some_and(took) };
            if listed {
                self.actors.push((first.at_ms, actor, chain.to_vec()));
                self.trim();
            }
        }
    }

    /// Keeps the actors who entered last, of the same instant those with the lower hash.
    fn trim(&mut self) {
        if self.actors.len() >= self.actors_max.saturating_mul(2).max(1_024) {
            self.sort_actors();
        }
    }

    /// The listed actors in their order, no more than were asked for.
    pub fn sort_actors(&mut self) {
        self.actors.sort_by_key(|(at_ms, actor, _)| (std::cmp::Reverse(*at_ms), *actor));
        self.actors.truncate(self.actors_max);
    }
}

impl Group {
    /// Of a funnel with so many steps, with nobody in it.
    #[must_use]
    pub fn new(steps: usize) -> Self {
        Self { taken: vec![0; steps], continued: vec![0; steps], times_ms: vec![Vec::new(); steps], ..Self::default() }
    }

    /// Bytes that it holds, about.
    fn bytes(&self) -> usize {
        let times = self.times_ms.iter().map(Vec::len).sum::<usize>() + self.totals_ms.len();
        let buckets = self.by_entry.len() * (size_of::<(usize, Vec<u64>)>() * 2 + self.taken.len() * 8);
        size_of::<Self>() * 2 + self.taken.len() * 40 + times * 8 + buckets
    }

    /// Adds another value's counts.
    pub fn merge(&mut self, other: Self) {
        if self.taken.is_empty() {
            *self = other;
            return;
        }
        let add = |into: &mut Vec<u64>, from: Vec<u64>| into.iter_mut().zip(from).for_each(|(a, b)| *a += b);
        self.entered += other.entered;
        add(&mut self.taken, other.taken);
        add(&mut self.continued, other.continued);
        self.times_ms.iter_mut().zip(other.times_ms).for_each(|(a, b)| a.extend(b));
        self.totals_ms.extend(other.totals_ms);
        for (bucket, counts) in other.by_entry {
            match self.by_entry.entry(bucket) {
                std::collections::hash_map::Entry::Occupied(mut known) => add(known.get_mut(), counts),
                std::collections::hash_map::Entry::Vacant(free) => drop(free.insert(counts)),
            }
        }
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
        let actor = size_of::<(i64, u64, Vec<Taken>)>() + 4 * size_of::<Taken>();
        self.groups.values().map(Group::bytes).sum::<usize>() + self.actors.len() * actor
    }
}

impl Plan {
    fn unpack(&self, packed: u64, value: u64) -> Event {
        let (bits, from_ms) = self.packing;
        Event { at_ms: from_ms + (packed >> bits).cast_signed(), mask: packed & ((1 << bits) - 1), value }
    }

    fn chain(&self, events: &[Event], walk: &mut fold::Scratch) -> Vec<Taken> {
        if self.any { fold::any_order(events, &self.rules) } else { fold::best_chain(events, &self.rules, walk) }
    }

    /// The value that the chain's actor is counted under; 0 if there is no breakdown.
    fn value(&self, chain: &[Taken]) -> Option<u64> {
        let taken = match self.attribution {
            None => return Some(0),
            Some(Attribution::First | Attribution::All) => chain.first(),
            Some(Attribution::Last) => chain.last(),
            Some(Attribution::Step(step)) => chain.iter().find(|taken| taken.step == step),
        };
        taken.map(|taken| taken.value)
    }

    /// Rule 5, between chains of different held values.
    fn is_better(&self, chain: &[Taken], than: &[Taken]) -> bool {
        let required = |chain: &[Taken]| {
            let steps = chain.iter().filter(|taken| self.any || !self.rules.steps[taken.step].optional);
            steps.fold((0, 0), |(count, _), taken| (count + 1, taken.at_ms))
        };
        let key = |chain: &[Taken]| {
            let (count, at_ms) = required(chain);
            (count, -at_ms, chain.first().map_or(i64::MIN, |taken| taken.at_ms), chain.len())
        };
        key(chain) > key(than) || (than.is_empty() && !chain.is_empty())
    }

    /// The step before that is not optional.
    #[must_use]
    pub fn required_before(&self, step: usize) -> Option<usize> {
        (0..step).rev().find(|before| !self.rules.steps[*before].optional)
    }

    /// The last step that is not optional.
    #[must_use]
    pub fn last_required(&self) -> Option<usize> {
        (0..self.rules.steps.len()).rev().find(|step| !self.rules.steps[*step].optional)
    }
}

/// A quantile of whole numbers, between the two nearest values; `None` of none.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "milliseconds within a year fit an f64 exactly; the place is below the length"
)]
pub fn quantile(values: &mut [i64], share: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = share * last as f64;
    let low = place.floor() as usize;
    let (_, lower, above) = values.select_nth_unstable(low);
    let lower = *lower as f64;
    let Some(upper) = above.iter().min() else { return Some(lower) };
    Some(lower + (place - low as f64) * (*upper as f64 - lower))
}

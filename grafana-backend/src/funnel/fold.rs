//! Walking one actor's events through the steps. Pure, so that it is tested against an
//! exhaustive search.
//!
//! # Rules
//! 1. A chain takes an event for each of its steps, in the steps' order, each at or after
//!    the one before; the last at most the conversion window after the first, each at most
//!    its own window after the one before (both inclusive); the first before the range's end.
//! 2. One event serves one step of a chain. Events of the same instant may be taken in
//!    either order.
//! 3. Steps that are not optional are taken without a gap; optional ones can be left out.
//!    A chain begins at the first step; of an open funnel, at any that is not optional.
//! 4. Strict: no other event of the actor lies strictly between the instants of two steps.
//!    Exclusions: none of these events lies strictly between those of two steps; a chain
//!    with one ends at the step before.
//! 5. The actor's chain is the one with the most steps that are not optional; of these the
//!    one which has them first, then the one that began last, then the one with the most
//!    optional steps, then the one whose steps are latest, compared from the end, then the
//!    one that began at the earliest step.
//! 6. In any order ([`any_order`]): the most different steps within the window, each by an
//!    event of its own.

pub mod plain;

/// An event that matches a step or an exclusion, or of a strict funnel any event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Bit k: matches step k; bit `steps.len() + j`: matches exclusion j.
    pub mask: u64,
    /// A hash of the breakdown's value.
    pub value: u64,
}

/// What a funnel asks of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The steps, in order.
    pub steps: Vec<StepRule>,
    /// From the first step to the last, inclusive.
    pub window_ms: i64,
    /// A chain begins before this.
    pub entries_before_ms: i64,
    /// No other event between two steps.
    pub strict: bool,
    /// A chain may begin at any step that is not optional.
    pub open: bool,
    /// Steps between which nothing of exclusion j may lie.
    pub exclusions: Vec<(usize, usize)>,
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepRule {
    /// It can be left out.
    pub optional: bool,
    /// From the step before, inclusive.
    pub window_ms: Option<i64>,
}

/// A step that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Which, from 0.
    pub step: usize,
    /// When.
    pub at_ms: i64,
    /// The event's value.
    pub value: u64,
}

/// A chain that can go on: a list in the arena, from its end.
#[derive(Debug, Clone, Copy)]
struct Tip {
    node: usize,
    step: usize,
    first_step: usize,
    start_ms: i64,
    last_ms: i64,
    required: usize,
    /// When the last step that is not optional was taken.
    required_ms: i64,
    taken: usize,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    before: Option<usize>,
    taken: Taken,
}

/// What is kept from actor to actor, so that little is allocated.
#[derive(Debug, Default)]
pub struct Scratch {
    arena: Vec<Node>,
    tips: Vec<Tip>,
    kept: Vec<Tip>,
}

/// The actor's chain by rule 5; empty if it has none. `events` are in order of time.
#[must_use]
pub fn best_chain(events: &[Event], rules: &Rules, scratch: &mut Scratch) -> Vec<Taken> {
    scratch.arena.clear();
    scratch.tips.clear();
    let mut walk = Walk { rules, scratch, best: None };
    for instant in events.chunk_by(|a, b| a.at_ms == b.at_ms) {
        walk.step(instant);
    }
    walk.best.map(|tip| walk.path(tip)).unwrap_or_default()
}

struct Walk<'r> {
    rules: &'r Rules,
    scratch: &'r mut Scratch,
    best: Option<Tip>,
}

impl Walk<'_> {
    /// Extend by the events of one instant → note the best → forget what cannot go on.
    fn step(&mut self, instant: &[Event]) {
        let at_ms = instant[0].at_ms;
        let before = self.scratch.tips.len();
        if at_ms < self.rules.entries_before_ms {
            let starts = if self.rules.open { self.rules.steps.len() } else { 1 };
            for first in (0..starts).filter(|step| !self.rules.steps[*step].optional) {
                self.extend(None, first, instant);
            }
        }
        for at in 0..before {
            let tip = self.scratch.tips[at];
            if at_ms - tip.start_ms <= self.rules.window_ms {
                self.extend(Some(tip), tip.step + 1, instant);
            }
        }
        for at in before..self.scratch.tips.len() {
            let tip = self.scratch.tips[at];
            if self.best.is_none_or(|best| self.is_better(tip, best)) {
                self.best = Some(tip);
            }
        }
        self.forget(instant, at_ms);
    }

    /// Appends the chains that `tip` (or none yet) becomes by this instant's events, from
    /// step `from` on.
    fn extend(&mut self, tip: Option<Tip>, from: usize, instant: &[Event]) {
        let steps = &self.rules.steps;
        let at_ms = instant[0].at_ms;
        let in_time = |step: usize| match (tip, steps.get(step).and_then(|rule| rule.window_ms)) {
            (Some(tip), Some(window_ms)) => at_ms - tip.last_ms <= window_ms,
            _ => true,
        };
        // Steps of a start are its first one and then as for any chain.
        let must = tip.is_none().then_some(from);
        if let [only] = instant {
            for (step, rule) in steps.iter().enumerate().skip(from) {
                if only.mask >> step & 1 == 1 && in_time(step) {
                    self.push(tip, &[(step, 0)], instant);
                }
                if !rule.optional {
                    break;
                }
            }
            return;
        }
        // Each step that can be the last one in this instant: those before it that are not
        // optional must be served as well, and as many optional ones as can be.
        for last in from..steps.len() {
            let required: Vec<usize> = (from..=last).filter(|step| !steps[*step].optional || *step == last).collect();
            let Some(mut served) = serve_all(instant, &required) else {
                if steps[last].optional { continue } else { break }
            };
            for step in (from..last).filter(|step| steps[*step].optional) {
                // A step's own window counts for the first one in this instant; those after
                // it come at once.
                if in_time(step) || served.iter().any(|(other, _)| *other < step) {
                    serve_one(instant, step, &mut served);
                }
            }
            served.sort_unstable();
            let first = served[0].0;
            if in_time(first) && must.is_none_or(|must| must == first) {
                self.push(tip, &served, instant);
            }
        }
    }

    /// Appends one chain: `tip` and then these steps, each by an event of the instant.
    fn push(&mut self, tip: Option<Tip>, served: &[(usize, usize)], instant: &[Event]) {
        let at_ms = instant[0].at_ms;
        let mut node = tip.map(|tip| tip.node);
        let (mut required, mut required_ms) = tip.map_or((0, at_ms), |tip| (tip.required, tip.required_ms));
        for (step, event) in served {
            let taken = Taken { step: *step, at_ms, value: instant[*event].value };
            self.scratch.arena.push(Node { before: node, taken });
            node = Some(self.scratch.arena.len() - 1);
            if !self.rules.steps[*step].optional {
                required += 1;
                required_ms = at_ms;
            }
        }
        let (Some(node), Some((step, _)), Some((first, _))) = (node, served.last(), served.first()) else { return };
        self.scratch.tips.push(Tip {
            node,
            step: *step,
            first_step: tip.map_or(*first, |tip| tip.first_step),
            start_ms: tip.map_or(at_ms, |tip| tip.start_ms),
            last_ms: at_ms,
            required,
            required_ms,
            taken: tip.map_or(0, |tip| tip.taken) + served.len(),
        });
    }

    /// Rule 5.
    fn is_better(&self, tip: Tip, than: Tip) -> bool {
        let key = |tip: Tip| (tip.required, -tip.required_ms, tip.start_ms, tip.taken);
        match key(tip).cmp(&key(than)) {
            std::cmp::Ordering::Equal => match self.times_from_end(tip).cmp(self.times_from_end(than)) {
                std::cmp::Ordering::Equal => tip.first_step < than.first_step,
                order => order.is_gt(),
            },
            order => order.is_gt(),
        }
    }

    fn times_from_end(&self, tip: Tip) -> impl Iterator<Item = i64> + '_ {
        std::iter::successors(Some(tip.node), |node| self.scratch.arena[*node].before)
            .map(|node| self.scratch.arena[node].taken.at_ms)
    }

    /// Chains that an exclusion or foreign event has ended, that are too old, or beside
    /// which another one can do all that they can.
    fn forget(&mut self, instant: &[Event], at_ms: i64) {
        let rules = self.rules;
        let mut tips = std::mem::take(&mut self.scratch.tips);
        if rules.strict {
            tips.retain(|tip| tip.last_ms == at_ms);
        }
        tips.retain(|tip| at_ms - tip.start_ms <= rules.window_ms && tip.step + 1 < rules.steps.len());
        // Where only optional steps are left, what is not the best by now never will be.
        let tail = |tip: &Tip| rules.steps[tip.step + 1..].iter().all(|step| step.optional);
        if let Some(best) = self.best {
            tips.retain(|tip| !tail(tip) || (tip.required, tip.required_ms) == (best.required, best.required_ms));
        }
        let excluded = instant.iter().fold(0, |all, event| all | event.mask) >> rules.steps.len();
        if excluded != 0 {
            for (bit, (after, before)) in rules.exclusions.iter().enumerate() {
                if excluded >> bit & 1 == 1 {
                    tips.retain(|tip| {
                        let between = *after <= tip.step && tip.step < *before && tip.first_step <= *after;
                        !between || self.when(*tip, *after).is_none_or(|took_ms| took_ms >= at_ms)
                    });
                }
            }
        }
        if tips.len() <= 1 {
            self.scratch.tips = tips;
            return;
        }
        // Later starts stay within the window longer, later steps within their own.
        // What is the best by now can still gain optional steps, though others can go further.
        let leads = |tip: &Tip| {
            self.best.is_some_and(|best| (tip.required, tip.required_ms) == (best.required, best.required_ms))
        };
        let rank = |tip: &Tip| (tip.step, tip.first_step, leads(tip), tip.start_ms, tip.last_ms, tip.taken);
        tips.sort_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| self.times_from_end(*b).cmp(self.times_from_end(*a))));
        let mut kept = std::mem::take(&mut self.scratch.kept);
        kept.clear();
        for tip in tips.drain(..) {
            let place = |tip: &Tip| (tip.step, tip.first_step, leads(tip));
            let same = |other: &&Tip| place(other) == place(&tip);
            // In this order every one kept began at the same time or later.
            if !kept.iter().rev().take_while(same).any(|other| other.last_ms >= tip.last_ms) {
                kept.push(tip);
            }
        }
        self.scratch.tips = kept;
        self.scratch.kept = tips;
    }

    fn when(&self, tip: Tip, step: usize) -> Option<i64> {
        let nodes = std::iter::successors(Some(tip.node), |node| self.scratch.arena[*node].before);
        nodes.map(|node| self.scratch.arena[node].taken).find(|taken| taken.step == step).map(|taken| taken.at_ms)
    }

    fn path(&self, tip: Tip) -> Vec<Taken> {
        let nodes = std::iter::successors(Some(tip.node), |node| self.scratch.arena[*node].before);
        let mut path: Vec<Taken> = nodes.map(|node| self.scratch.arena[node].taken).collect();
        path.reverse();
        path
    }
}

/// The most different steps within the window, by the time that each further one is there;
/// of equally many the window that has them first, then the one that began last.
#[must_use]
pub fn any_order(events: &[Event], rules: &Rules) -> Vec<Taken> {
    let count = rules.steps.len();
    let all = if count == 64 { u64::MAX } else { (1 << count) - 1 };
    let mut best: Vec<Taken> = Vec::new();
    let mut rest = events;
    // A window begins with all events of its first instant, in whatever order they come.
    for instant in events.chunk_by(|a, b| a.at_ms == b.at_ms) {
        let (first_ms, from) = (instant[0].at_ms, rest);
        rest = &rest[instant.len()..];
        if first_ms >= rules.entries_before_ms {
            break;
        }
        if instant.iter().all(|event| event.mask & all == 0) {
            continue;
        }
        let within = from.partition_point(|event| event.at_ms - first_ms <= rules.window_ms);
        let window = &from[..within];
        let possible = window.iter().fold(0, |steps, event| steps | event.mask & all).count_ones() as usize;
        if possible < best.len() {
            continue;
        }
        let chain = complete(window, count);
        let better = match chain.len().cmp(&best.len()) {
            std::cmp::Ordering::Equal => {
                let end = |chain: &[Taken]| chain.last().map(|taken| taken.at_ms);
                end(&chain) < end(&best) || (end(&chain) == end(&best) && chain[0].at_ms >= best[0].at_ms)
            }
            order => order.is_gt(),
        };
        if better && !chain.is_empty() {
            best = chain;
        }
    }
    best
}

/// Takes each event that lets one more step be served; the steps are then numbered in the
/// order in which they were completed.
fn complete(window: &[Event], count: usize) -> Vec<Taken> {
    let mut server: Vec<Option<usize>> = vec![None; count];
    let mut taken = Vec::new();
    for (at, event) in window.iter().enumerate() {
        let mut tried = 0_u64;
        if augment(window, at, &mut server, &mut tried) {
            taken.push(Taken { step: taken.len(), at_ms: event.at_ms, value: event.value });
            if taken.len() == count {
                break;
            }
        }
    }
    taken
}

/// Finds a step for an event, moving other events to other steps if need be.
fn augment(window: &[Event], event: usize, server: &mut [Option<usize>], tried: &mut u64) -> bool {
    for step in 0..server.len() {
        if window[event].mask >> step & 1 == 0 || *tried >> step & 1 == 1 {
            continue;
        }
        *tried |= 1 << step;
        if server[step].is_none_or(|other| augment(window, other, server, tried)) {
            server[step] = Some(event);
            return true;
        }
    }
    false
}

/// An event of the instant for each step, if there are enough.
fn serve_all(instant: &[Event], steps: &[usize]) -> Option<Vec<(usize, usize)>> {
    let mut served = Vec::with_capacity(steps.len());
    for step in steps {
        if !serve_one(instant, *step, &mut served) {
            return None;
        }
    }
    Some(served)
}

/// One more step, by an event that is free or can be freed.
fn serve_one(instant: &[Event], step: usize, served: &mut Vec<(usize, usize)>) -> bool {
    let mut server: Vec<Option<usize>> = vec![None; instant.len()];
    served.iter().for_each(|(step, event)| server[*event] = Some(*step));
    let mut tried = vec![false; instant.len()];
    if !reassign(instant, step, &mut server, &mut tried) {
        return false;
    }
    *served = server.iter().enumerate().filter_map(|(event, step)| step.map(|step| (step, event))).collect();
    true
}

/// One augmenting path of the bipartite matching between steps and events.
fn reassign(instant: &[Event], step: usize, server: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    for at in 0..instant.len() {
        if tried[at] || instant[at].mask >> step & 1 == 0 {
            continue;
        }
        tried[at] = true;
        if server[at].is_none_or(|other| reassign(instant, other, server, tried)) {
            server[at] = Some(step);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;

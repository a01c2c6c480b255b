//! Walking an actor's events once, with all chains that can still go on.

use super::{
    Between, Event, Rules, Taken,
    matching::{Served, serve_all, serve_one},
};

/// Buffers that are reused from actor to actor, so that little is allocated.
#[derive(Debug, Default)]
pub struct Scratch {
    arena: Vec<Node>,
    tips: Vec<Tip>,
    spare: Vec<Tip>,
}

/// The actor's chain by rule 5; empty if it has none. `events` are in order of time.
#[must_use]
pub fn best_chain(events: &[Event], rules: &Rules, scratch: &mut Scratch) -> Vec<Taken> {
    scratch.arena.clear();
    scratch.tips.clear();
    let mut walk = Walk { rules, scratch, best: None };
    for instant in events.chunk_by(|a, b| a.at_ms == b.at_ms) {
        walk.step(instant);
        if walk.is_done() {
            break;
        }
    }
    walk.best.map(|tip| walk.path(tip)).unwrap_or_default()
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

    /// Whether no later event can change the best chain: it has every step that is not optional, and no
    /// chain as good as it can still gain another.
    fn is_done(&self) -> bool {
        let required = self.rules.steps.iter().filter(|step| !step.optional).count();
        let is_complete = self.best.is_some_and(|best| best.required == required);
        is_complete && !self.scratch.tips.iter().any(|tip| self.leads(tip))
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
                    self.push(tip, &[Served { step, event: 0 }], instant);
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
                if in_time(step) || served.iter().any(|other| other.step < step) {
                    serve_one(instant, step, &mut served);
                }
            }
            served.sort_unstable();
            let first = served[0].step;
            if in_time(first) && must.is_none_or(|must| must == first) {
                self.push(tip, &served, instant);
            }
        }
    }

    /// Appends one chain: `tip` and then these steps, each by an event of the instant.
    fn push(&mut self, tip: Option<Tip>, served: &[Served], instant: &[Event]) {
        let at_ms = instant[0].at_ms;
        let mut node = tip.map(|tip| tip.node);
        let (mut required, mut required_ms) = tip.map_or((0, at_ms), |tip| (tip.required, tip.required_ms));
        for Served { step, event } in served {
            let taken = Taken { step: *step, at_ms, value: instant[*event].value };
            self.scratch.arena.push(Node { before: node, taken });
            node = Some(self.scratch.arena.len() - 1);
            if !self.rules.steps[*step].optional {
                required += 1;
                required_ms = at_ms;
            }
        }
        let (Some(node), Some(last), Some(first)) = (node, served.last(), served.first()) else { return };
        self.scratch.tips.push(Tip {
            node,
            step: last.step,
            first_step: tip.map_or(first.step, |tip| tip.first_step),
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

    /// Chains that an exclusion or another event has ended, that are too old, or beside which
    /// another one can do all that they can.
    fn forget(&mut self, instant: &[Event], at_ms: i64) {
        let rules = self.rules;
        let mut tips = std::mem::take(&mut self.scratch.tips);
        if rules.strict {
            tips.retain(|tip| tip.last_ms == at_ms);
        }
        tips.retain(|tip| at_ms - tip.start_ms <= rules.window_ms && tip.step + 1 < rules.steps.len());
        // Where only optional steps are left, what is not the best by now never will be.
        let tail = |tip: &Tip| rules.steps[tip.step + 1..].iter().all(|step| step.optional);
        tips.retain(|tip| !tail(tip) || self.best.is_none() || self.leads(tip));
        self.forget_excluded(&mut tips, instant, at_ms);
        self.scratch.tips = tips;
        if self.scratch.tips.len() > 1 {
            self.forget_dominated();
        }
    }

    fn forget_excluded(&self, tips: &mut Vec<Tip>, instant: &[Event], at_ms: i64) {
        let rules = self.rules;
        let excluded = instant.iter().fold(0, |all, event| all | event.mask) >> rules.steps.len();
        if excluded == 0 {
            return;
        }
        for (bit, Between { after, before }) in rules.exclusions.iter().enumerate() {
            if excluded >> bit & 1 == 1 {
                tips.retain(|tip| {
                    let between = *after <= tip.step && tip.step < *before && tip.first_step <= *after;
                    !between || self.when(*tip, *after).is_none_or(|took_ms| took_ms >= at_ms)
                });
            }
        }
    }

    /// Later starts stay within the window longer, later steps within their own. What is the best by
    /// now can still gain optional steps, though others can go further.
    fn forget_dominated(&mut self) {
        let mut tips = std::mem::take(&mut self.scratch.tips);
        let rank = |tip: &Tip| (tip.step, tip.first_step, self.leads(tip), tip.start_ms, tip.last_ms, tip.taken);
        tips.sort_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| self.times_from_end(*b).cmp(self.times_from_end(*a))));
        let mut remaining = std::mem::take(&mut self.scratch.spare);
        remaining.clear();
        for tip in tips.drain(..) {
            let place = |tip: &Tip| (tip.step, tip.first_step, self.leads(tip));
            let same = |other: &&Tip| place(other) == place(&tip);
            // In this order every one that remains began at the same time or later.
            if !remaining.iter().rev().take_while(same).any(|other| other.last_ms >= tip.last_ms) {
                remaining.push(tip);
            }
        }
        self.scratch.tips = remaining;
        self.scratch.spare = tips;
    }

    /// Whether it has as many steps that are not optional as the best, as early.
    fn leads(&self, tip: &Tip) -> bool {
        self.best.is_some_and(|best| (tip.required, tip.required_ms) == (best.required, best.required_ms))
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

//! Walking one actor's events through the steps. Pure, so that it is tested against an
//! exhaustive search.
//!
//! # Rules
//! 1. A chain is one event per step, each at or after the one before, the last at most
//!    the conversion window after the first (inclusive), the first before the range's end.
//! 2. One event serves one step of a chain. Events of the same instant may be taken in
//!    either order: whichever carries the actor further.
//! 3. An actor's level is the length of the longest chain. Its times are those of the
//!    chain that reaches the level first; of several, the one that began last, so that
//!    a visitor's earlier visits do not lengthen the conversion.
//! 4. An event delivered twice (same instant and id) counts once.

/// An event that matches at least one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Tells a replay from a second event.
    pub id: u64,
    /// Bit k: matches step k.
    pub steps: u16,
}

/// The times of a chain's steps; its length is the level.
type Chain = Vec<i64>;

/// Counts over all actors.
#[derive(Debug)]
pub struct Tally {
    steps: usize,
    window_ms: i64,
    entries_before_ms: i64,
    reached: Vec<u64>,
    durations_ms: Vec<Vec<i64>>,
}

impl Tally {
    /// An empty tally of a funnel with `steps` steps.
    #[must_use]
    pub fn new(steps: usize, window_ms: i64, entries_before_ms: i64) -> Self {
        let gaps = steps.saturating_sub(1);
        Self { steps, window_ms, entries_before_ms, reached: vec![0; steps], durations_ms: vec![Vec::new(); gaps] }
    }

    /// Adds one actor, given its events in any order.
    pub fn add(&mut self, mut events: Vec<Event>) {
        events.sort_unstable();
        events.dedup_by_key(|event| (event.at_ms, event.id));
        let chain = longest_chain(&events, self.steps, self.window_ms, self.entries_before_ms);
        for reached in self.reached.iter_mut().take(chain.len()) {
            *reached += 1;
        }
        for (durations, pair) in self.durations_ms.iter_mut().zip(chain.windows(2)) {
            durations.push(pair[1] - pair[0]);
        }
    }

    /// Actors that reached each step.
    #[must_use]
    pub fn counts(&self) -> &[u64] {
        &self.reached
    }

    /// The median time from each step to the next, in milliseconds, over the actors that
    /// took both; the mean of the middle two where their number is even.
    #[must_use]
    pub fn medians_ms(mut self) -> Vec<Option<f64>> {
        self.durations_ms.iter_mut().map(|durations| median(durations)).collect()
    }
}

/// The times of the actor's chain; empty if not even the first step is taken. `events`
/// are in order of time, without duplicates.
#[must_use]
pub fn longest_chain(events: &[Event], steps: usize, window_ms: i64, entries_before_ms: i64) -> Vec<i64> {
    // chains[k]: of the chains of length k + 1 so far, the one that began last. One that
    // began later stays within the window longer, so no other need be kept.
    let mut chains: Vec<Option<Chain>> = vec![None; steps];
    let mut best = Chain::new();
    for instant in events.chunk_by(|a, b| a.at_ms == b.at_ms) {
        for (length, chain) in extended(instant, &chains, window_ms, entries_before_ms) {
            let as_early = length == best.len() && best.last() == Some(&instant[0].at_ms);
            if length > best.len() || (as_early && chain[0] >= best[0]) {
                best.clone_from(&chain);
            }
            let known = &mut chains[length - 1];
            if known.as_ref().is_none_or(|known| chain[0] >= known[0]) {
                *known = Some(chain);
            }
        }
    }
    best
}

/// The chains that the events of one instant make out of those before it.
fn extended(
    instant: &[Event],
    chains: &[Option<Chain>],
    window_ms: i64,
    entries_before_ms: i64,
) -> Vec<(usize, Chain)> {
    let at_ms = instant[0].at_ms;
    let mut out = Vec::new();
    // From the longest down, so that of equally long results the one that began last,
    // which has the most of its steps in this instant, comes last and is kept.
    for from in (0..chains.len()).rev() {
        let chain = match from.checked_sub(1) {
            None if at_ms < entries_before_ms => Chain::new(),
            None => continue,
            Some(last) => match &chains[last] {
                Some(chain) if at_ms - chain[0] <= window_ms => chain.clone(),
                _ => continue,
            },
        };
        for length in from + 1..=from + steps_served(instant, from, chains.len()) {
            let mut longer = chain.clone();
            longer.resize(length, at_ms);
            out.push((length, longer));
        }
    }
    // A longer chain reached in the same instant is what the instant is worth.
    out.sort_by_key(|(length, chain)| (*length, chain[0]));
    out
}

/// How many of the steps `from`, `from + 1`, … the events of one instant can serve, each
/// event at most one: the longest prefix with a complete matching.
fn steps_served(instant: &[Event], from: usize, steps: usize) -> usize {
    if let [only] = instant {
        return usize::from(only.steps >> from & 1 == 1);
    }
    let mut server: Vec<Option<usize>> = vec![None; instant.len()];
    for step in from..steps {
        let mut tried = vec![false; instant.len()];
        if !serve(instant, step, &mut server, &mut tried) {
            return step - from;
        }
    }
    steps - from
}

/// One augmenting path of the bipartite matching between steps and events.
fn serve(instant: &[Event], step: usize, server: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    for at in 0..instant.len() {
        if tried[at] || instant[at].steps >> step & 1 == 0 {
            continue;
        }
        tried[at] = true;
        if server[at].is_none_or(|other| serve(instant, other, server, tried)) {
            server[at] = Some(step);
            return true;
        }
    }
    false
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds within a year fit an f64 exactly")]
fn median(values: &mut [i64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    let upper = *values.select_nth_unstable(middle).1;
    if values.len() % 2 == 1 {
        return Some(upper as f64);
    }
    let lower = values[..middle].iter().max().copied().unwrap_or(upper);
    Some((lower as f64 + upper as f64) / 2.0)
}

#[cfg(test)]
mod tests;

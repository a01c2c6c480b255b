//! The ways that are shown by themselves, with names.

use std::{cmp::Reverse, collections::HashMap};

use super::fold::{Hop, Ways};
use crate::{
    chance::Part,
    label::{OTHER, apart},
    names,
};

/// The ways of each step that may be shown by themselves.
pub struct Shown {
    steps: Vec<Step>,
    limit: usize,
    is_compared: bool,
}

/// The ways of one step.
struct Step {
    step: u32,
    all: Both,
    candidates: Vec<(Hop, Both)>,
    /// Of all others, if there are any.
    rest: Option<Both>,
}

/// How often in the range, and in the earlier one: in this order it is decided which ways are shown.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Both {
    now: u64,
    before: u64,
}

impl Both {
    fn sum<'b>(all: impl IntoIterator<Item = &'b (Hop, Both)>) -> Self {
        all.into_iter().fold(Self::default(), |sum, (_, counts)| sum.plus(*counts))
    }

    fn plus(self, other: Self) -> Self {
        Self { now: self.now + other.now, before: self.before + other.before }
    }
}

/// A way as it is shown.
pub struct Way {
    pub step: u32,
    pub source: String,
    pub target: String,
    pub count: u64,
    /// All ways of its step.
    pub of_step: u64,
    /// The same of the earlier range, if there is one.
    pub before: Option<Part>,
}

impl Shown {
    /// So many of each step by themselves.
    pub fn most_used(now: Ways, before: Option<Ways>, limit: usize) -> Self {
        let is_compared = before.is_some();
        let mut all: Vec<(Hop, Both)> = both(now, before.unwrap_or_default()).into_iter().collect();
        all.sort_unstable_by_key(|(hop, counts)| (hop.step, Reverse(*counts), *hop));
        let steps = all.chunk_by(|(a, _), (b, _)| a.step == b.step).map(|ways| Step::of(ways, limit)).collect();
        Self { steps, limit, is_compared }
    }

    /// The places, each once.
    pub fn hashes(&self) -> Vec<u64> {
        let hops = self.steps.iter().flat_map(|step| &step.candidates);
        let mut hashes: Vec<u64> = hops.flat_map(|(hop, _)| [hop.from, hop.to]).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    /// By step and count; by name, not by hash, where counts are the same. The rest comes last.
    pub fn named(self, names: &HashMap<u64, String>) -> Vec<Way> {
        let name = |hash: u64| names.get(&hash).cloned().unwrap_or_default();
        let (mut out, mut rests) = (Vec::new(), Vec::new());
        for mut of_step in self.steps {
            of_step.candidates.sort_by_cached_key(|(hop, counts)| (Reverse(*counts), name(hop.from), name(hop.to)));
            let way = |ends: (String, String), counts: Both| Way {
                step: of_step.step,
                source: ends.0,
                target: ends.1,
                count: counts.now,
                of_step: of_step.all.now,
                before: self.is_compared.then_some(Part { count: counts.before, of: of_step.all.before }),
            };
            let (most, others) = of_step.candidates.split_at(of_step.candidates.len().min(self.limit));
            out.extend(most.iter().map(|(hop, counts)| way((name(hop.from), name(hop.to)), *counts)));
            if of_step.rest.is_some() || !others.is_empty() {
                let counts = of_step.rest.unwrap_or_default().plus(Both::sum(others));
                rests.push(out.len());
                out.push(way((String::new(), String::new()), counts));
            }
        }
        let rest = apart(OTHER, out.iter().flat_map(|way| [way.source.as_str(), way.target.as_str()]));
        for at in rests {
            out[at].source.clone_from(&rest);
            out[at].target.clone_from(&rest);
        }
        out
    }
}

impl Step {
    /// Of the ways of a step, the most used first: those that may be shown, and those with as many as the last
    /// of them.
    fn of(ways: &[(Hop, Both)], limit: usize) -> Self {
        let (candidates, others) = ways.split_at(names::candidates(ways, limit, |(_, counts)| *counts));
        Self {
            step: ways[0].0.step,
            all: Both::sum(ways),
            candidates: candidates.to_vec(),
            rest: (!others.is_empty()).then(|| Both::sum(others)),
        }
    }
}

/// Every way of either range.
fn both(now: Ways, before: Ways) -> HashMap<Hop, Both> {
    let mut all: HashMap<Hop, Both> = HashMap::new();
    for (hop, count) in now.0 {
        all.entry(hop).or_default().now += count;
    }
    for (hop, count) in before.0 {
        all.entry(hop).or_default().before += count;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_ways_with_the_same_number_the_first_by_name_are_shown() {
        let hop = |to| Hop { step: 1, from: 0, to };
        let now = Ways((1..=8).map(|to| (hop(to), 2)).chain([(hop(9), 5)]).collect());
        let shown = Shown::most_used(now, None, 3);
        let names = shown.hashes().into_iter().map(|hash| (hash, format!("/{}", 9 - hash))).collect();
        let ways: Vec<(String, u64)> = shown.named(&names).into_iter().map(|way| (way.target, way.count)).collect();
        let way = |name: &str, count| (name.to_owned(), count);
        assert_eq!(ways, [way("/0", 5), way("/1", 2), way("/2", 2), way("(other)", 12)]);
    }

    #[test]
    fn the_rest_is_called_apart_from_what_is_shown_and_from_nothing_else() {
        let hop = |to| Hop { step: 1, from: 0, to };
        let of = |limit, first: &str| {
            let shown = Shown::most_used(Ways([(hop(1), 2), (hop(2), 2)].into()), None, limit);
            let names = [(0, "/"), (1, first), (2, "(other)")].map(|(hash, name)| (hash, name.to_owned()));
            shown.named(&names.into()).into_iter().map(|way| way.target).collect::<Vec<_>>()
        };
        assert_eq!(of(1, "/a"), ["(other)", "((other))"]);
        assert_eq!(of(2, "/a"), ["(other)", "/a"]);
        assert_eq!(of(1, "!"), ["!", "(other)"]);
    }

    #[test]
    fn a_way_of_the_earlier_range_alone_is_shown() {
        let hop = |to| Hop { step: 1, from: 0, to };
        let now = Ways([(hop(1), 3)].into());
        let before = Ways([(hop(1), 1), (hop(2), 4)].into());
        let names = [(0, "/".to_owned()), (1, "/a".to_owned()), (2, "/b".to_owned())].into();
        let ways = Shown::most_used(now, Some(before), 5).named(&names);
        let numbers: Vec<_> = ways.iter().map(|way| (way.count, way.of_step, way.before)).collect();
        assert_eq!(numbers, [(3, 3, Some(Part { count: 1, of: 5 })), (0, 3, Some(Part { count: 4, of: 5 }))]);
    }
}

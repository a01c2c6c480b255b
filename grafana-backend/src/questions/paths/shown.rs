//! The ways that are shown by themselves, with names.

use std::{cmp::Reverse, collections::HashMap};

use super::fold::{Hop, Ways};
use crate::label::{OTHER, apart};

/// The most used ways of each step; the rest of a step is one.
pub struct Shown(Vec<Counted>);

/// A way, or the rest of a step.
#[derive(Clone, Copy)]
struct Counted {
    step: u32,
    /// `None` is the rest.
    hop: Option<Hop>,
    count: u64,
}

/// A way as it is shown.
pub struct Way {
    pub step: u32,
    pub source: String,
    pub target: String,
    pub count: u64,
}

impl Shown {
    /// So many of each step by themselves.
    pub fn most_used(ways: Ways, limit: usize) -> Self {
        let mut all: Vec<(Hop, u64)> = ways.0.into_iter().collect();
        all.sort_unstable_by_key(|(hop, count)| (hop.step, Reverse(*count), *hop));
        let mut out = Vec::new();
        for of_step in all.chunk_by(|(a, _), (b, _)| a.step == b.step) {
            let step = of_step[0].0.step;
            let most = of_step.iter().take(limit);
            out.extend(most.map(|(hop, count)| Counted { step, hop: Some(*hop), count: *count }));
            let rest: u64 = of_step.iter().skip(limit).map(|(_, count)| count).sum();
            if rest > 0 {
                out.push(Counted { step, hop: None, count: rest });
            }
        }
        Self(out)
    }

    /// The places, each once.
    pub fn hashes(&self) -> Vec<u64> {
        let mut hashes: Vec<u64> = self.0.iter().filter_map(|way| way.hop).flat_map(|hop| [hop.from, hop.to]).collect();
        hashes.sort_unstable();
        hashes.dedup();
        hashes
    }

    /// By step and count; by name, not by hash, where counts are the same. The rest comes last.
    pub fn named(mut self, names: &HashMap<u64, String>) -> Vec<Way> {
        let rest = apart(OTHER, names.values().map(String::as_str));
        let name = |hash: u64| names.get(&hash).cloned().unwrap_or_default();
        let ends = |way: &Counted| match way.hop {
            Some(hop) => (name(hop.from), name(hop.to)),
            None => (rest.clone(), rest.clone()),
        };
        self.0.sort_by_cached_key(|way| (way.step, way.hop.is_none(), Reverse(way.count), ends(way)));
        let way = |way: &Counted| {
            let (source, target) = ends(way);
            Way { step: way.step, source, target, count: way.count }
        };
        self.0.iter().map(way).collect()
    }
}

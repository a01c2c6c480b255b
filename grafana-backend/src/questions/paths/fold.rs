//! Following one actor from place to place.

use std::collections::HashMap;

use super::model::{Direction, Paths};
use crate::{
    events::actor::Actor,
    gathering::{Sum, Wide},
};

/// How often each way was gone.
#[derive(Debug, Clone, Default)]
pub struct Ways(pub HashMap<Hop, u64>);

/// From one place to the next, by their hashes; in the order of time, whatever the direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hop {
    /// Counted from the anchor, from 1.
    pub step: u32,
    pub from: u64,
    pub to: u64,
}

/// Where a visit was.
struct Place {
    value: u64,
    is_anchor: bool,
}

impl Ways {
    /// Adds one actor's events; a visit ends after more than `inactivity_ms` without one.
    pub fn add(&mut self, events: &[Wide], paths: &Paths, inactivity_ms: i64) {
        // A client's session is one visit; other actors' visits end by inactivity.
        let visits: Vec<&[Wide]> = match paths.by {
            Actor::Session => vec![events],
            _ => events.chunk_by(|a, b| b.at_ms - a.at_ms <= inactivity_ms).collect(),
        };
        visits.into_iter().for_each(|visit| self.add_visit(visit, paths));
    }

    fn add_visit(&mut self, visit: &[Wide], paths: &Paths) {
        let mut places = places(visit, paths);
        if paths.direction == Direction::Backward {
            places.reverse();
        }
        let start = match paths.anchor {
            Some(_) => places.iter().position(|place| place.is_anchor),
            None => Some(0),
        };
        let Some(start) = start else { return };
        let walk: Vec<u64> = places[start..].iter().take(paths.steps as usize).map(|place| place.value).collect();
        for (step, pair) in (1..).zip(walk.windows(2)) {
            let hop = match paths.direction {
                Direction::Forward => Hop { step, from: pair[0], to: pair[1] },
                Direction::Backward => Hop { step, from: pair[1], to: pair[0] },
            };
            *self.0.entry(hop).or_default() += 1;
        }
    }
}

/// In the order of time.
fn places(visit: &[Wide], paths: &Paths) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::with_capacity(visit.len());
    for event in visit {
        let is_anchor = event.hold & 1 == 1;
        match places.last_mut() {
            Some(last) if paths.collapse && last.value == event.value => last.is_anchor |= is_anchor,
            _ => places.push(Place { value: event.value, is_anchor }),
        }
    }
    places
}

impl Sum for Ways {
    fn merge(&mut self, other: Self) {
        for (hop, count) in other.0 {
            *self.0.entry(hop).or_default() += count;
        }
    }

    fn bytes(&self) -> usize {
        self.0.capacity() * (size_of::<(Hop, u64)>() + 1)
    }
}

//! The commonest funnels by a shorter way: steps in order and one window, with or without
//! exclusions. It gives the same chains as [`super::best_chain`], in one pass and without
//! allocating.
//!
//! Of all chains that have reached a step, the one that began last can do whatever another
//! can; a later event of the same step replaces it, since it leaves room for no less and its
//! steps are later. The first chain that reaches the furthest step is the actor's: of those
//! that reach it with this event it began last, and its steps are the latest.
//!
//! An exclusion ends every chain that is between its two steps, whenever it began, so that the
//! one that began last still stands for all.

use super::{Between, Event, Rules, Taken};

/// Buffers that are reused from actor to actor, so that nothing is allocated.
#[derive(Debug, Default)]
pub struct Scratch {
    /// For each step, the chain that has reached it and began last.
    reached: Vec<Vec<Taken>>,
}

/// Whether nothing but steps in order, one window and exclusions is asked for.
#[must_use]
pub fn is_plain(rules: &Rules) -> bool {
    let steps_are = rules.steps.iter().all(|step| !step.optional && step.window_ms.is_none());
    steps_are && !rules.strict && !rules.open
}

/// The actor's chain, into `chain`; `false` if two events that matter are of the same instant, which
/// only [`super::best_chain`] can tell apart. `events` are in order of time.
pub fn best_chain(
    events: impl Iterator<Item = Event>,
    rules: &Rules,
    scratch: &mut Scratch,
    chain: &mut Vec<Taken>,
) -> bool {
    let count = rules.steps.len();
    let reached = &mut scratch.reached;
    reached.resize_with(count, Vec::new);
    reached.iter_mut().for_each(Vec::clear);
    chain.clear();
    let mut before_ms = i64::MIN;
    for Event { at_ms, mask, value } in events {
        if at_ms == before_ms {
            return false;
        }
        // No later chain has more steps or has them first.
        if chain.len() == count {
            break;
        }
        before_ms = at_ms;
        // From the last step down, so that one event serves one step of a chain.
        for step in (0..count).rev().filter(|step| mask >> step & 1 == 1) {
            let (before, from) = reached.split_at_mut(step);
            let Some(here) = from.first_mut() else { continue };
            match before.last() {
                None if at_ms < rules.entries_before_ms => here.clear(),
                Some(taken) if taken.first().is_some_and(|first| at_ms - first.at_ms <= rules.window_ms) => {
                    here.clone_from(taken);
                }
                _ => continue,
            }
            here.push(Taken { step, at_ms, value });
            if here.len() > chain.len() {
                chain.clone_from(here);
            }
        }
        if mask >> count != 0 {
            end_excluded(reached, rules, at_ms, mask >> count);
        }
    }
    true
}

/// Ends the chains that are between the two steps of these exclusions. One that takes the first of
/// them by this same event goes on: nothing lies before its own instant.
fn end_excluded(reached: &mut [Vec<Taken>], rules: &Rules, at_ms: i64, excluded: u64) {
    let hit = rules.exclusions.iter().enumerate().filter(|(bit, _)| excluded >> bit & 1 == 1);
    for (_, Between { after, before }) in hit {
        for chain in reached.iter_mut().take(*before).skip(*after) {
            if chain.get(*after).is_some_and(|taken| taken.at_ms < at_ms) {
                chain.clear();
            }
        }
    }
}

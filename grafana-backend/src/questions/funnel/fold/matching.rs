//! Which event of one instant serves which step: each event one step, each step one event.

use super::Event;

/// A step, and the event that serves it, by its place in the instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Served {
    pub step: usize,
    pub event: usize,
}

/// An event of the instant for each step, if there are enough.
pub fn serve_all(instant: &[Event], steps: &[usize]) -> Option<Vec<Served>> {
    let mut served = Vec::with_capacity(steps.len());
    for step in steps {
        if !serve_one(instant, *step, &mut served) {
            return None;
        }
    }
    Some(served)
}

/// One more step, by an event that is free or can be freed.
pub fn serve_one(instant: &[Event], step: usize, served: &mut Vec<Served>) -> bool {
    let mut server: Vec<Option<usize>> = vec![None; instant.len()];
    served.iter().for_each(|Served { step, event }| server[*event] = Some(*step));
    let mut tried = vec![false; instant.len()];
    if !reassign(instant, step, &mut server, &mut tried) {
        return false;
    }
    *served = server.iter().enumerate().filter_map(|(event, step)| step.map(|step| Served { step, event })).collect();
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

//! Funnels in any order.

use super::{Event, Rules, Taken};

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

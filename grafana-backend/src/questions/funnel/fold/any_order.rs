//! Funnels in any order.

use super::{Event, Rules, Taken};

/// The most different steps within the window, which ends with an exclusion, by the time that each further one is there;
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
        // Of a window that begins later, no further step is there earlier.
        let is_done = best.len() == count && best.last().is_some_and(|last| last.at_ms < first_ms);
        if first_ms >= rules.entries_before_ms || is_done {
            break;
        }
        if instant.iter().all(|event| event.mask & all == 0) {
            continue;
        }
        let end_ms = first_ms.saturating_add(rules.window_ms).min(excluded_ms(from, rules));
        let window = &from[..from.partition_point(|event| event.at_ms <= end_ms)];
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

/// When the first event of an exclusion lies after the window's first instant; nothing after it is in
/// the window.
fn excluded_ms(from: &[Event], rules: &Rules) -> i64 {
    let ending = (1_u64 << rules.exclusions.len()) - 1;
    let is_excluded = |event: &&Event| event.at_ms > from[0].at_ms && event.mask >> rules.steps.len() & ending != 0;
    match ending {
        0 => i64::MAX,
        _ => from.iter().find(is_excluded).map_or(i64::MAX, |event| event.at_ms),
    }
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

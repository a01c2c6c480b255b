//! Golden walks, and an exhaustive search as the oracle.

use proptest::prelude::*;

use super::*;

const END: i64 = 1_000_000;

fn events(list: &[(i64, u16)]) -> Vec<Event> {
    list.iter().enumerate().map(|(id, (at_ms, steps))| Event { at_ms: *at_ms, id: id as u64, steps: *steps }).collect()
}

fn walk(list: &[(i64, u16)], steps: usize, window_ms: i64) -> Vec<i64> {
    longest_chain(&events(list), steps, window_ms, END)
}

#[test]
fn golden_walks() {
    let (a, b, c) = (1, 2, 4);
    assert_eq!(walk(&[(0, a), (5, b), (9, c)], 3, 10), [0, 5, 9]);
    assert_eq!(walk(&[(0, b), (5, a)], 2, 10), [5], "the order matters");
    assert_eq!(walk(&[(0, a), (10, b)], 2, 10), [0, 10], "the window's end is in it");
    assert_eq!(walk(&[(0, a), (11, b)], 2, 10), [0]);
    assert_eq!(walk(&[(0, a), (8, a), (12, b)], 2, 10), [8, 12], "a second entry saves the conversion");
    assert_eq!(walk(&[(5, b), (5, a)], 2, 10), [5, 5], "equal instants: whichever order carries further");
    assert_eq!(walk(&[(5, a | b)], 2, 10), [5], "one event is one step (ClickHouse#21835)");
    assert_eq!(walk(&[(5, a), (7, a)], 2, 10), [5]);
    assert_eq!(walk(&[(0, a | b), (5, a | b)], 2, 10), [0, 5], "the same step twice");
    assert_eq!(walk(&[(3, a | b), (3, a)], 2, 10), [3, 3], "the matching finds that b must be the first event's");
    assert_eq!(longest_chain(&events(&[(100, a), (101, b)]), 2, 10, 100), [] as [i64; 0], "no entry after the range");
    assert_eq!(longest_chain(&events(&[(99, a), (101, b)]), 2, 10, 100), [99, 101], "but conversions");
}

#[test]
fn medians_and_replays() {
    let mut tally = Tally::new(2, 100, END);
    for gap in [1, 3, 10, 20] {
        let one = events(&[(0, 1), (gap, 2)]);
        tally.add([one.clone(), one].concat());
    }
    tally.add(events(&[(0, 1)]));
    assert_eq!(tally.counts(), [5, 4]);
    assert_eq!(tally.medians_ms(), [Some(6.5)]);
    assert_eq!(Tally::new(3, 1, END).medians_ms(), [None, None]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50_000))]
    /// The walk finds a chain as long as any that an exhaustive search over all ways to
    /// pick events finds, and its times are those of a chain.
    #[test]
    fn as_far_as_an_exhaustive_search(
        list in prop::collection::vec((0_i64..14, 1_u16..16), 0..9),
        steps in 2_usize..5,
        window_ms in 0_i64..14,
        entries_before_ms in 0_i64..16,
    ) {
        let mut events = events(&list);
        events.sort_unstable();
        let got = longest_chain(&events, steps, window_ms, entries_before_ms);
        let chains = all_chains(&events, steps, window_ms, entries_before_ms);
        let level = chains.iter().map(Vec::len).max().unwrap_or(0);
        prop_assert_eq!(got.len(), level);
        let reached_ms = chains.iter().filter(|c| c.len() == level).filter_map(|c| c.last()).min();
        prop_assert_eq!(got.last(), reached_ms, "the level is reached as early as can be");
        let first_ms = chains.iter().filter(|c| c.len() == level && c.last() == reached_ms).filter_map(|c| c.first()).max();
        prop_assert_eq!(got.first(), first_ms, "by the chain that began last");
        prop_assert!(level == 0 || chains.contains(&got));
    }
}

/// Every chain there is, by trying every event for every step.
fn all_chains(events: &[Event], steps: usize, window_ms: i64, entries_before_ms: i64) -> Vec<Vec<i64>> {
    fn go(events: &[Event], steps: usize, window_ms: i64, picked: &mut Vec<usize>, out: &mut Vec<Vec<i64>>) {
        out.push(picked.iter().map(|at| events[*at].at_ms).collect());
        if picked.len() == steps {
            return;
        }
        for at in 0..events.len() {
            let fits = events[at].steps >> picked.len() & 1 == 1
                && !picked.contains(&at)
                && picked.last().is_none_or(|last| events[at].at_ms >= events[*last].at_ms)
                && picked.first().is_none_or(|first| events[at].at_ms - events[*first].at_ms <= window_ms);
            if fits {
                picked.push(at);
                go(events, steps, window_ms, picked, out);
                picked.pop();
            }
        }
    }
    let mut out = Vec::new();
    go(events, steps, window_ms, &mut Vec::new(), &mut out);
    out.retain(|chain| chain.first().is_some_and(|first| *first < entries_before_ms));
    out
}

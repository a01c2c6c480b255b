//! Against an exhaustive search that tries every chain, written from the rules alone.

#![allow(clippy::unwrap_used, reason = "a failed invariant here is a failed test")]

use proptest::prelude::*;

use super::*;

/// Every chain by rules 1 to 4; of them the best by rule 5: its steps and instants.
fn search(events: &[Event], rules: &Rules) -> Vec<(usize, i64)> {
    let mut best: Option<(Key, Vec<(usize, usize)>)> = None;
    let mut chain = Vec::new();
    for first in 0..rules.steps.len() {
        if (first == 0 || rules.open) && !rules.steps[first].optional {
            for (at, event) in events.iter().enumerate() {
                if event.at_ms < rules.entries_before_ms && event.mask >> first & 1 == 1 {
                    chain.push((first, at));
                    longer(events, rules, &mut chain, &mut best);
                    chain.pop();
                }
            }
        }
    }
    best.map(|(_, chain)| chain.iter().map(|(step, at)| (*step, events[*at].at_ms)).collect()).unwrap_or_default()
}

type Key = (usize, i64, i64, usize, Vec<i64>, std::cmp::Reverse<usize>);

fn longer(
    events: &[Event],
    rules: &Rules,
    chain: &mut Vec<(usize, usize)>,
    best: &mut Option<(Key, Vec<(usize, usize)>)>,
) {
    if !allowed(events, rules, chain) {
        return;
    }
    let at_ms = |at: usize| events[at].at_ms;
    let required: Vec<usize> =
        chain.iter().filter(|(step, _)| !rules.steps[*step].optional).map(|(_, at)| *at).collect();
    let from_end = chain.iter().rev().map(|(_, at)| at_ms(*at)).collect();
    let key = (
        required.len(),
        -at_ms(*required.last().unwrap()),
        at_ms(chain[0].1),
        chain.len(),
        from_end,
        std::cmp::Reverse(chain[0].0),
    );
    if best.as_ref().is_none_or(|(known, _)| key > *known) {
        *best = Some((key, chain.clone()));
    }
    let last = chain.last().unwrap().0;
    for step in last + 1..rules.steps.len() {
        for at in 0..events.len() {
            if events[at].mask >> step & 1 == 1 && chain.iter().all(|(_, used)| *used != at) {
                chain.push((step, at));
                longer(events, rules, chain, best);
                chain.pop();
            }
        }
        if !rules.steps[step].optional {
            break;
        }
    }
}

fn allowed(events: &[Event], rules: &Rules, chain: &[(usize, usize)]) -> bool {
    let times: Vec<i64> = chain.iter().map(|(_, at)| events[*at].at_ms).collect();
    let in_order = times.is_sorted() && times[times.len() - 1] - times[0] <= rules.window_ms;
    let in_windows = chain.windows(2).all(|pair| {
        let gap = events[pair[1].1].at_ms - events[pair[0].1].at_ms;
        rules.steps[pair[1].0].window_ms.is_none_or(|window_ms| gap <= window_ms)
    });
    let nothing_between = !rules.strict
        || times.windows(2).all(|pair| events.iter().all(|event| event.at_ms <= pair[0] || event.at_ms >= pair[1]));
    let not_excluded = rules.exclusions.iter().enumerate().all(|(bit, Between { after, before })| {
        let when = |step: usize| chain.iter().position(|(taken, _)| *taken == step).map(|at| times[at]);
        let Some(from) = when(*after) else { return true };
        let to = when(*before).unwrap_or(if chain.last().unwrap().0 < *before { times[times.len() - 1] } else { from });
        let bit = rules.steps.len() + bit;
        events.iter().all(|event| event.mask >> bit & 1 == 0 || event.at_ms <= from || event.at_ms >= to)
    });
    in_order && in_windows && nothing_between && not_excluded
}

/// Every set of steps and events within the window: how many, and when the last is there.
fn search_any(events: &[Event], rules: &Rules) -> (usize, i64) {
    fn grow(events: &[Event], rules: &Rules, used: &mut Vec<(usize, usize)>, best: &mut (usize, i64)) {
        if let (Some(first), Some(last)) =
            (used.iter().map(|(_, at)| events[*at].at_ms).min(), used.iter().map(|(_, at)| events[*at].at_ms).max())
        {
            let bits = ((1 << rules.exclusions.len()) - 1) << rules.steps.len();
            let is_excluded = |event: &Event| event.mask & bits != 0 && first < event.at_ms && event.at_ms < last;
            if last - first > rules.window_ms || events.iter().any(is_excluded) {
                return;
            }
            let enters = first < rules.entries_before_ms;
            if enters && used.len() > best.0 || (enters && used.len() == best.0 && last < best.1) {
                *best = (used.len(), last);
            }
        }
        for step in 0..rules.steps.len() {
            for at in 0..events.len() {
                if events[at].mask >> step & 1 == 1 && used.iter().all(|(s, a)| *s < step && *a != at) {
                    used.push((step, at));
                    grow(events, rules, used, best);
                    used.pop();
                }
            }
        }
    }
    let mut best = (0, 0);
    grow(events, rules, &mut Vec::new(), &mut best);
    best
}

prop_compose! {
    fn case()(steps in 2_usize..5)(
        optional in prop::collection::vec(prop::bool::weighted(0.3), steps),
        windows in prop::collection::vec(prop::option::weighted(0.3, 0_i64..8), steps),
        window_ms in 0_i64..20,
        entries_before_ms in 5_i64..25,
        strict in prop::bool::weighted(0.2),
        open in prop::bool::weighted(0.2),
        excluded in prop::option::weighted(0.4, (0..steps - 1, 1..steps)),
        // Few instants, so that many events share one.
        events in prop::collection::vec((0_i64..20, 0_u64..1 << (steps + 1)), 0..8),
    ) -> (Vec<Event>, Rules) {
        let mut rules = Rules {
            steps: optional.into_iter().zip(windows).map(|(optional, window_ms)| StepRule { optional, window_ms }).collect(),
            window_ms, entries_before_ms, strict, open,
            exclusions: excluded.filter(|(after, before)| after < before).map(|(after, before)| Between { after, before }).into_iter().collect(),
        };
        rules.steps[0] = StepRule { optional: false, window_ms: None };
        for Between { after, before } in &rules.exclusions {
            rules.steps[*after].optional = false;
            rules.steps[*before].optional = false;
        }
        let events: Vec<(i64, u64)> = events;
        let mut events: Vec<Event> = events.into_iter().map(|(at_ms, mask)| Event { at_ms, mask, value: 0 }).collect();
        events.sort_unstable();
        (events, rules)
    }
}

fn cases() -> ProptestConfig {
    // The long run: PROPTEST_CASES=1000000 cargo test --release -p grafana-backend fold
    let from_environment = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig { cases: from_environment.unwrap_or(40_000), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_chain_is_that_of_an_exhaustive_search((events, rules) in case()) {
        let found: Vec<(usize, i64)> = best_chain(&events, &rules, &mut Scratch::default()).iter().map(|taken| (taken.step, taken.at_ms)).collect();
        let expected = search(&events, &rules);
        // Of two optional steps at one instant either may be the one taken.
        let times = |chain: &[(usize, i64)]| chain.iter().map(|(_, at_ms)| *at_ms).collect::<Vec<_>>();
        let required = |chain: &[(usize, i64)]| chain.iter().copied().filter(|(step, _)| !rules.steps[*step].optional).collect::<Vec<_>>();
        prop_assert_eq!(times(&found), times(&expected), "{:?} {:?}", found, expected);
        prop_assert_eq!(required(&found), required(&expected));
    }

    #[test]
    fn the_short_way_gives_the_same_chain((events, mut rules) in case()) {
        rules = Rules { strict: false, open: false, ..rules };
        rules.steps.iter_mut().for_each(|step| *step = StepRule { optional: false, window_ms: None });
        prop_assert!(plain::is_plain(&rules));
        let (mut scratch, mut chain) = (plain::Scratch::default(), Vec::new());
        // What an earlier actor left behind must not count.
        let earlier = [1, 2].map(|at_ms| Event { at_ms, mask: u64::MAX, value: 9 });
        plain::best_chain(earlier.into_iter(), &rules, &mut scratch, &mut chain);
        let found = plain::best_chain(events.iter().copied(), &rules, &mut scratch, &mut chain);
        let distinct = events.windows(2).all(|pair| pair[0].at_ms != pair[1].at_ms);
        prop_assert!(found || !distinct);
        if found {
            prop_assert_eq!(chain, best_chain(&events, &rules, &mut Scratch::default()));
        }
    }

    #[test]
    fn in_any_order_it_is_as_well((events, rules) in case()) {
        let found = any_order(&events, &rules);
        let (count, end) = search_any(&events, &rules);
        prop_assert_eq!(found.len(), count);
        prop_assert_eq!(found.last().map_or(0, |taken| taken.at_ms), end);
        // Events of one instant have no order.
        let mut turned: Vec<Event> = events.iter().rev().copied().collect();
        turned.sort_by_key(|event| event.at_ms);
        let times = |chain: &[Taken]| chain.iter().map(|taken| taken.at_ms).collect::<Vec<_>>();
        prop_assert_eq!(times(&any_order(&turned, &rules)), times(&found));
    }
}

#[test]
fn thirty_two_steps_at_one_instant() {
    let steps = vec![StepRule { optional: false, window_ms: None }; 32];
    let rules = Rules { steps, window_ms: 10, entries_before_ms: 100, strict: false, open: false, exclusions: vec![] };
    let events: Vec<Event> = (0..32).rev().map(|step| Event { at_ms: 5, mask: 1 << step, value: 0 }).collect();
    assert_eq!(best_chain(&events, &rules, &mut Scratch::default()).len(), 32);
    let all = vec![Event { at_ms: 5, mask: u64::from(u32::MAX), value: 0 }; 20];
    assert_eq!(best_chain(&all, &rules, &mut Scratch::default()).len(), 20, "each event serves one step");
    assert_eq!(any_order(&all, &rules).len(), 20);
}

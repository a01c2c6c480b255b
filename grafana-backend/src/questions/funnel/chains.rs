//! An actor's chains out of its events: which there are, and which of them count.

use super::{
    fold::{self, Event, Rules, Taken, plain},
    fold_plan::{Chains, FoldPlan, Period, Search},
};

/// Finds chains; its buffers are reused from actor to actor, so that little is allocated.
#[derive(Debug, Default)]
pub struct Finder {
    plain: plain::Scratch,
    walk: fold::Scratch,
    events: Vec<Event>,
    chain: Vec<Taken>,
}

impl Finder {
    /// Calls `found` with each chain, in the order of time; `events` are in it as well, and of one actor.
    pub fn each(
        &mut self,
        plan: &FoldPlan,
        events: impl Iterator<Item = Event> + Clone,
        mut found: impl FnMut(&[Taken]),
    ) {
        // Who never takes a first step has no chain.
        let begins_first = plan.search != Search::AnyOrder && !plan.rules.open;
        if begins_first && events.clone().all(|event| event.mask & 1 == 0) {
            return;
        }
        if matches!(plan.chains, Chains::One) {
            self.find(plan, &plan.rules, events.clone());
            report(plan, &self.chain, events, &mut found);
            return;
        }
        let mut all = std::mem::take(&mut self.events);
        all.clear();
        all.extend(events);
        match &plan.chains {
            Chains::PerPeriod(periods) => self.each_of_periods(plan, periods, &all, &mut found),
            Chains::One | Chains::OneAfterAnother => self.one_after_another(plan, &all, &mut found),
        }
        self.events = all;
    }

    /// The best chain that begins in each period, by the events from its first instant on.
    fn each_of_periods(
        &mut self,
        plan: &FoldPlan,
        periods: &[Period],
        events: &[Event],
        found: &mut impl FnMut(&[Taken]),
    ) {
        let starts = starts_mask(plan);
        let mut at = 0;
        while let Some(next) = events[at..].iter().position(|event| event.mask & starts != 0) {
            let start_ms = events[at + next].at_ms;
            let place = periods.partition_point(|period| period.from_ms <= start_ms);
            let Some(period) = place.checked_sub(1).map(|place| &periods[place]) else { return };
            let before_ms = period.rules.entries_before_ms;
            if start_ms >= before_ms {
                return;
            }
            // Nothing before the first entry is part of a chain, and nothing that no window reaches.
            let from = events.partition_point(|event| event.at_ms < start_ms);
            let to_ms = before_ms.saturating_add(plan.rules.window_ms);
            let own = &events[from..events.partition_point(|event| event.at_ms < to_ms)];
            self.find(plan, &period.rules, own.iter().copied());
            report(plan, &self.chain, own.iter().copied(), found);
            at = events.partition_point(|event| event.at_ms < before_ms);
        }
    }

    /// Conversions, each among the events after the one before; then what comes after the last.
    fn one_after_another(&mut self, plan: &FoldPlan, events: &[Event], found: &mut impl FnMut(&[Taken])) {
        let mut rest = events;
        loop {
            self.find(plan, &plan.rules, rest.iter().copied());
            report(plan, &self.chain, rest.iter().copied(), found);
            let Some(last) = self.chain.last().filter(|_| plan.is_conversion(&self.chain)) else { return };
            rest = &rest[rest.partition_point(|event| event.at_ms <= last.at_ms)..];
        }
    }

    /// The best chain, into `self.chain`.
    fn find(&mut self, plan: &FoldPlan, rules: &Rules, events: impl Iterator<Item = Event> + Clone) {
        let is_found =
            plan.search == Search::Plain && plain::best_chain(events.clone(), rules, &mut self.plain, &mut self.chain);
        if is_found {
            return;
        }
        self.events.clear();
        self.events.extend(events);
        self.chain = match plan.search {
            Search::AnyOrder => fold::any_order(&self.events, rules),
            Search::Plain | Search::Walk => fold::best_chain(&self.events, rules, &mut self.walk),
        };
    }
}

/// Steps at which a chain may begin.
fn starts_mask(plan: &FoldPlan) -> u64 {
    let all = (1_u64 << plan.rules.steps.len()) - 1;
    if plan.search == Search::AnyOrder || plan.rules.open { all } else { 1 }
}

/// A chain that nothing removes.
fn report(plan: &FoldPlan, chain: &[Taken], events: impl Iterator<Item = Event>, found: &mut impl FnMut(&[Taken])) {
    if !chain.is_empty() && (plan.removing.is_empty() || !is_removed(plan, chain, events)) {
        found(chain);
    }
}

/// Whether an event lies between the steps of an exclusion that removes, or after the first of them if
/// the second was not taken within the window.
fn is_removed(plan: &FoldPlan, chain: &[Taken], mut events: impl Iterator<Item = Event>) -> bool {
    let when = |step: usize| chain.iter().find(|taken| taken.step == step).map(|taken| taken.at_ms);
    let start_ms = chain.first().map_or(0, |taken| taken.at_ms);
    let window_end_ms = start_ms.saturating_add(plan.rules.window_ms).saturating_add(1);
    let spans: Vec<(u32, i64, i64)> = plan
        .removing
        .iter()
        .filter_map(|(bit, between)| Some((*bit, when(between.after)?, when(between.before).unwrap_or(window_end_ms))))
        .collect();
    events.any(|event| {
        let hits = |(bit, after_ms, before_ms): &(u32, i64, i64)| {
            event.mask >> bit & 1 == 1 && *after_ms < event.at_ms && event.at_ms < *before_ms
        };
        spans.iter().any(hits)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        questions::funnel::json::FunnelJson,
        scope::Scope,
        time::{range::Range, unit::DAY_MS},
    };

    const A: u64 = 1;
    const B: u64 = 2;
    /// The exclusion.
    const X: u64 = 4;

    /// The chains of one actor: each as the steps that it has, from 1, with their days.
    fn chains(fields: serde_json::Value, days: Range, events: &[(i64, u64)]) -> Vec<Vec<(usize, i64)>> {
        let mut json = json!({
            "steps": [{"event": "a"}, {"event": "b"}], "conversionWindowMs": 2 * DAY_MS, "interval": "day",
            "exclusions": [{"event": "x", "removes": true}],
        });
        json.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let range = Range { from_ms: days.from_ms * DAY_MS, to_ms: days.to_ms * DAY_MS, interval_ms: DAY_MS };
        let funnel = serde_json::from_value::<FunnelJson>(json).unwrap().check(range).unwrap();
        let plan = FoldPlan::of(&Scope { range, ..Scope::for_tests() }, &funnel).unwrap();
        let read = |at_ms: i64| (range.from_ms..range.to_ms + funnel.window_ms).contains(&at_ms);
        let events = events.iter().map(|(day, mask)| Event { at_ms: day * DAY_MS + 1, mask: *mask, value: 0 });
        let events: Vec<Event> = events.filter(|event| read(event.at_ms)).collect();
        let mut found = Vec::new();
        Finder::default().each(&plan, events.iter().copied(), |chain| {
            found.push(chain.iter().map(|taken| (taken.step + 1, taken.at_ms / DAY_MS)).collect());
        });
        found
    }

    fn days(from: i64, to: i64) -> Range {
        Range { from_ms: from, to_ms: to, interval_ms: 1 }
    }

    #[test]
    fn conversions_come_one_after_another() {
        let twice = [(0, A), (1, B), (2, A), (2 + 1, B), (3 + 1, A), (5, A)];
        let all = chains(json!({"counting": "conversions"}), days(0, 9), &twice);
        assert_eq!(all, [vec![(1, 0), (2, 1)], vec![(1, 2), (2, 3)], vec![(1, 4)]]);
        assert_eq!(chains(json!({}), days(0, 9), &twice), [[(1, 0), (2, 1)]]);
    }

    #[test]
    fn a_bucket_of_entry_is_the_same_alone_and_within_a_longer_range() {
        let events = [(0, A), (1, A), (2, B), (4, A), (7, A), (8, B)];
        let trend = || json!({"result": "trend"});
        let whole = chains(trend(), days(0, 9), &events);
        assert_eq!(whole, [vec![(1, 0), (2, 2)], vec![(1, 1), (2, 2)], vec![(1, 4)], vec![(1, 7), (2, 8)]]);
        let alone: Vec<_> = (0..9).flat_map(|day| chains(trend(), days(day, day + 1), &events)).collect();
        assert_eq!(whole, alone);
        let once = json!({"result": "trend", "counting": "actors_of_range"});
        assert_eq!(chains(once, days(0, 9), &events), [[(1, 1), (2, 2)]]);
    }

    #[test]
    fn what_removes_a_chain_lies_between_its_steps_or_after_its_end_within_the_window() {
        let chains = |events: &[(i64, u64)]| chains(json!({}), days(0, 9), events);
        assert_eq!(chains(&[(0, A), (1, X), (2, B)]), Vec::<Vec<_>>::new());
        assert_eq!(chains(&[(0, A), (1, B), (2, X)]), [[(1, 0), (2, 1)]]);
        assert_eq!(chains(&[(0, A), (2, X)]), Vec::<Vec<_>>::new(), "not converted, and within the window");
        assert_eq!(chains(&[(0, A), (3, X)]), [[(1, 0)]]);
    }
}

//! Crediting one actor's conversions to its sessions.

use std::collections::HashMap;

use super::{
    model::{Attribution, Measure},
    moment::{AMOUNT_UNITS, CONVERSION, DIRECT_SESSION, Moment},
    shares::{Touch, divide},
};
use crate::gathering::Sum;

/// Sessions that one conversion is divided among, at most: the latest. Only programs have more.
const TOUCHES_MAX: usize = 1_000;

/// What each value is credited with.
#[derive(Debug, Clone, Default)]
pub struct Credits {
    /// By the value's hash.
    pub by_value: HashMap<u64, Credit>,
    models: usize,
    /// Conversions so far, by which a value is counted once for each.
    conversions: u64,
}

/// What one value is credited with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credit {
    /// Conversions with at least one of its sessions before them.
    pub touched: u64,
    /// By model: shares times units of the amount.
    pub sums: Vec<i128>,
    counted: u64,
}

impl Credit {
    /// Both together.
    pub fn merge(&mut self, other: &Self) {
        self.touched += other.touched;
        self.sums.resize(self.sums.len().max(other.sums.len()), 0);
        // Only amounts that nobody has can be too many.
        self.sums.iter_mut().zip(&other.sums).for_each(|(sum, other)| *sum = sum.saturating_add(*other));
    }
}

impl Credits {
    /// Of nothing.
    pub fn new(models: usize) -> Self {
        Self { models, ..Self::default() }
    }

    /// Adds one actor's moments.
    pub fn add(&mut self, moments: &[Moment], rules: &Attribution) {
        let mut touches: Vec<Touch> = Vec::new();
        let mut before = None;
        for moment in moments {
            if moment.kind == CONVERSION {
                let from_ms = moment.at_ms - rules.lookback_ms;
                let recent = &touches[touches.partition_point(|touch| touch.at_ms < from_ms)..];
                // A session that is longer than the lookback is still the conversion's own.
                let recent = if recent.is_empty() { &touches[touches.len().saturating_sub(1)..] } else { recent };
                self.credit(&recent[recent.len().saturating_sub(TOUCHES_MAX)..], moment, rules);
                continue;
            }
            // Visitors of one person may have shared a session, which comes once for each.
            let began = Some((moment.at_ms, moment.order));
            if before != began {
                let is_direct = moment.kind == DIRECT_SESSION;
                touches.push(Touch { at_ms: moment.at_ms, is_direct, value: moment.value });
            }
            before = began;
        }
    }

    fn credit(&mut self, touches: &[Touch], conversion: &Moment, rules: &Attribution) {
        self.conversions += 1;
        for touch in touches {
            let credit = self.by_value.entry(touch.value).or_default();
            if credit.counted != self.conversions {
                credit.counted = self.conversions;
                credit.touched += 1;
                credit.sums.resize(self.models, 0);
            }
        }
        let amount = match rules.measure {
            Measure::Conversions => i128::from(AMOUNT_UNITS),
            Measure::Revenue => i128::from(conversion.amount),
        };
        for (at, model) in rules.models.iter().enumerate() {
            divide(*model, touches, conversion.at_ms, rules.half_life_ms, |touch, share| {
                if let Some(sum) = self.by_value.get_mut(&touch.value).and_then(|credit| credit.sums.get_mut(at)) {
                    *sum = sum.saturating_add(i128::from(share) * amount);
                }
            });
        }
    }
}

impl Sum for Credits {
    fn merge(&mut self, other: Self) {
        for (value, credit) in other.by_value {
            self.by_value.entry(value).or_default().merge(&credit);
        }
    }

    fn bytes(&self) -> usize {
        let each = size_of::<(u64, Credit)>() + self.models * size_of::<i128>();
        self.by_value.capacity() * each
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        events::{actor::Actor, dimension::Dimension, event_filter::EventFilter, filter::Filter, one_of::OneOf},
        questions::attribution::{model::Model, shares::WHOLE},
        time::unit::DAY_MS,
    };

    const SESSION: u64 = 0;

    fn rules(measure: Measure) -> Attribution {
        Attribution {
            conversion: EventFilter { event: OneOf::default(), path: OneOf::default(), filter: Filter::default() },
            dimension: Dimension::parse("session:channel").unwrap(),
            models: vec![Model::Last, Model::Linear],
            measure,
            lookback_ms: 10 * DAY_MS,
            half_life_ms: DAY_MS,
            by: Actor::Visitor,
            limit: 10,
            compare: None,
        }
    }

    fn moment(day: i64, order: u64, kind: u64, value: u64) -> Moment {
        Moment { actor: 1, at_ms: day * DAY_MS, order, kind, value, amount: 30_000 }
    }

    /// By value: conversions touched, and credits by model in ten-thousandths.
    fn credits(moments: &[Moment], measure: Measure) -> Vec<(u64, u64, Vec<i128>)> {
        let mut credits = Credits::new(2);
        credits.add(moments, &rules(measure));
        let mut out: Vec<_> = credits
            .by_value
            .into_iter()
            .map(|(value, credit)| {
                let units = credit.sums.into_iter().map(|sum| (sum + i128::from(WHOLE) / 2) / i128::from(WHOLE));
                (value, credit.touched, units.collect())
            })
            .collect();
        out.sort();
        out
    }

    #[test]
    fn conversions_are_credited_to_the_sessions_of_the_lookback() {
        let moments = [
            moment(0, 1, SESSION, 7),
            moment(5, 1, SESSION, 8),
            moment(12, 1, SESSION, 8),
            moment(12, 1, CONVERSION, 0),
            moment(14, 1, SESSION, 9),
            moment(15, 1, CONVERSION, 0),
        ];
        assert_eq!(
            credits(&moments, Measure::Conversions),
            // Day 5 is ten days before day 15, and counts.
            [(8, 2, vec![10_000, 16_667]), (9, 1, vec![10_000, 3_333])]
        );
        assert_eq!(credits(&moments, Measure::Revenue), [(8, 2, vec![30_000, 50_000]), (9, 1, vec![30_000, 10_000])]);
    }

    #[test]
    fn a_session_before_the_lookback_counts_if_there_is_no_other() {
        let moments = [moment(0, 1, SESSION, 7), moment(1, 1, DIRECT_SESSION, 8), moment(30, 1, CONVERSION, 0)];
        assert_eq!(credits(&moments, Measure::Conversions), [(8, 1, vec![10_000, 10_000])]);
        assert_eq!(credits(&[moment(3, 1, CONVERSION, 0)], Measure::Conversions), []);
    }

    #[test]
    fn a_session_that_visitors_of_a_person_share_counts_once() {
        let moments =
            [moment(0, 5, SESSION, 7), moment(0, 5, SESSION, 7), moment(0, 6, SESSION, 8), moment(1, 1, CONVERSION, 0)];
        assert_eq!(credits(&moments, Measure::Conversions), [(7, 1, vec![0, 5_000]), (8, 1, vec![10_000, 5_000])]);
    }
}

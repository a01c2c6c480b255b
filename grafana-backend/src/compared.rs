//! Numbers beside those of an earlier range, in the columns that every type of question shares.

use crate::{
    chance::{Part, is_significant, p_value},
    frame::{Column, Frame},
    numbers::{integer, share},
};

/// The earlier range's count, and how much it has changed.
pub fn push_counts(frame: &mut Frame, name: &str, now: &[u64], before: &[Option<u64>]) {
    push_previous(frame, name, before);
    let changes = now.iter().zip(before).map(|(now, before)| change(as_number(*now), as_number((*before)?)));
    frame.push(Column::number(&format!("change_{name}"), changes.collect()).with_unit("percentunit"));
}

/// The earlier range's count alone.
pub fn push_previous(frame: &mut Frame, name: &str, before: &[Option<u64>]) {
    let counts = before.iter().map(|count| count.map(integer));
    frame.push(Column::integer(&format!("previous_{name}"), counts.collect()));
}

/// The earlier range's rate and how much it has changed.
pub fn push_rates(frame: &mut Frame, name: &str, now: &[Part], before: &[Option<Part>]) {
    let rate = |part: &Part| share(part.count, part.of);
    let previous: Vec<Option<f64>> = before.iter().map(|part| part.as_ref().and_then(rate)).collect();
    let changes = now.iter().zip(&previous).map(|(now, before)| change(rate(now)?, (*before)?));
    let changes = changes.collect();
    frame.push(Column::number(&format!("previous_{name}"), previous).with_unit("percentunit"));
    frame.push(Column::number(&format!("change_{name}"), changes).with_unit("percentunit"));
}

/// Whether the rates differ by more than chance.
pub fn push_chance(frame: &mut Frame, now: &[Part], before: &[Option<Part>]) {
    let chances: Vec<Option<f64>> = now.iter().zip(before).map(|(now, before)| p_value(*now, (*before)?)).collect();
    let significant = chances.iter().map(|p| p.map(|p| i64::from(is_significant(p)))).collect();
    frame.push(Column::number("p_value", chances));
    frame.push(Column::integer("significant", significant));
}

/// How much more than before, as a share: 0.5 is half as much again. Nothing where there was nothing before.
#[must_use]
pub fn change(now: f64, before: f64) -> Option<f64> {
    (before > 0.0).then(|| now / before - 1.0)
}

#[expect(clippy::cast_precision_loss, reason = "a share; counts stay integers")]
fn as_number(count: u64) -> f64 {
    count as f64
}

//! Quantiles between the two nearest values, as everywhere in this plugin.

/// A quantile of integers, between the two nearest values; `None` of none.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "milliseconds within a year fit an f64 exactly; the place is below the length"
)]
pub fn quantile(values: &mut [i64], share: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = share * last as f64;
    let low = place.floor() as usize;
    let (_, lower, above) = values.select_nth_unstable(low);
    let lower = *lower as f64;
    let Some(upper) = above.iter().min() else { return Some(lower) };
    Some(lower + (place - low as f64) * (*upper as f64 - lower))
}

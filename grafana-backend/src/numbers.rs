//! Numbers as every result shows them: quantiles, shares, counts.

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

/// The mean of integers; `None` of none.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a mean of milliseconds within a year")]
pub fn mean(values: &[i64]) -> Option<f64> {
    (!values.is_empty())
        .then(|| values.iter().map(|value| i128::from(*value)).sum::<i128>() as f64 / values.len() as f64)
}

/// By how much values differ from their mean: the standard deviation of all there are; `None` of fewer
/// than two.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a number of periods")]
pub fn spread(values: &[f64]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let square = |value: &f64| (value - mean) * (value - mean);
    (values.len() > 1).then(|| (values.iter().map(square).sum::<f64>() / count).sqrt())
}

/// A part of a whole; `None` of nothing.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a share; counts stay integers")]
pub fn share(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

/// A count as Grafana's integers have it.
#[must_use]
pub fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_between_the_two_nearest_values() {
        assert_eq!(quantile(&mut [], 0.5), None);
        assert_eq!(quantile(&mut [7], 0.9), Some(7.0));
        assert_eq!(quantile(&mut [30, 10, 20, 40], 0.5), Some(25.0));
        assert_eq!(quantile(&mut [0, 10], 0.9), Some(9.0));
    }
}

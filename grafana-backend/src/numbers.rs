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

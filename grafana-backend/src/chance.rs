//! What chance does to rates: whether two differ by more than it (the two-proportion z-test), and between
//! which a rate of few lies (Wilson's score interval), as every statistics package has them.

/// Below this the test's approximation of the binomial distribution says nothing.
const EXPECTED_MIN: f64 = 5.0;
/// A difference that comes about by chance less often than this is called significant.
const LEVEL: f64 = 0.05;

/// A part of a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    /// How many of them.
    pub count: u64,
    /// Of how many.
    pub of: u64,
}

/// How often a difference at least as large comes about by chance, if both rates are the same: two-sided,
/// with the pooled rate. `None` where fewer than five of either kind would be expected in one of the two.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "shares; counts stay integers")]
pub fn p_value(a: Part, b: Part) -> Option<f64> {
    let (of_a, of_b) = (a.of as f64, b.of as f64);
    let pooled = (a.count as f64 + b.count as f64) / (of_a + of_b);
    let least = of_a.min(of_b) * pooled.min(1.0 - pooled);
    // Of nothing, the pooled rate is not a number.
    if least.is_nan() || least < EXPECTED_MIN {
        return None;
    }
    let error = (pooled * (1.0 - pooled) * (1.0 / of_a + 1.0 / of_b)).sqrt();
    let z = (a.count as f64 / of_a - b.count as f64 / of_b) / error;
    Some(libm::erfc(z.abs() / std::f64::consts::SQRT_2))
}

/// Of the standard normal distribution, 95 % lie within this on either side.
const Z_95: f64 = 1.959_963_984_540_054;

/// Between which rates the true one lies, with 95 % confidence; `None` of nobody.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a share; counts stay integers")]
pub fn interval(part: Part) -> Option<(f64, f64)> {
    if part.of == 0 {
        return None;
    }
    let of = part.of as f64;
    let (rate, square) = (part.count as f64 / of, Z_95 * Z_95);
    let scale = 1.0 + square / of;
    let center = (rate + square / (2.0 * of)) / scale;
    let half = Z_95 / scale * (rate * (1.0 - rate) / of + square / (4.0 * of * of)).sqrt();
    Some(((center - half).max(0.0), (center + half).min(1.0)))
}

/// Whether the difference is larger than chance.
#[must_use]
pub fn is_significant(p_value: f64) -> bool {
    p_value < LEVEL
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_few_lies_in_a_wide_interval() {
        let rounded =
            |count, of| interval(Part { count, of }).map(|(low, high)| ((low * 1e4).round(), (high * 1e4).round()));
        // R: prop.test(x, n, correct = FALSE)$conf.int
        assert_eq!(rounded(1, 5), Some((362.0, 6245.0)));
        assert_eq!(rounded(100, 500), Some((1673.0, 2373.0)));
        assert_eq!(rounded(0, 10), Some((0.0, 2775.0)));
        assert_eq!(rounded(0, 0), None);
    }

    #[test]
    fn known_differences_have_their_p_values() {
        let p = |a: (u64, u64), b: (u64, u64)| {
            p_value(Part { count: a.0, of: a.1 }, Part { count: b.0, of: b.1 }).map(|p| (p * 1e6).round() / 1e6)
        };
        // R: prop.test(c(45, 30), c(100, 100), correct = FALSE)$p.value is 0.02845974.
        assert_eq!(p((45, 100), (30, 100)), Some(0.02846));
        assert_eq!(p((30, 100), (30, 100)), Some(1.0));
        assert_eq!(p((4, 100), (5, 100)), None, "too few");
        assert_eq!((p((0, 0), (0, 0)), p((5, 5), (9, 9)), p((1, 0), (9, 100))), (None, None, None));
        assert!(is_significant(0.049) && !is_significant(0.05));
    }
}

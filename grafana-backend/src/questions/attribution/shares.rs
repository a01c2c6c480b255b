//! How one conversion is divided. Shares are integers that add up to [`WHOLE`], so that sums of them are exact
//! and do not depend on the order of actors.

use super::model::Model;

/// All of a conversion.
pub const WHOLE: i64 = 1 << 50;

/// A session that can be credited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Touch {
    /// When it began, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Whether it did not come from anywhere.
    pub is_direct: bool,
    /// The hash of its value.
    pub value: u64,
}

/// Calls `credit` with each session that gets a share, and that share; `touches` are in the order of time, at
/// least one, and end before or with the conversion.
pub fn divide(
    model: Model,
    touches: &[Touch],
    conversion_ms: i64,
    half_life_ms: i64,
    mut credit: impl FnMut(&Touch, i64),
) {
    let Some(((last, others), first)) = touches.split_last().zip(touches.first()) else { return };
    let count = touches.len();
    match model {
        Model::First => credit(first, WHOLE),
        Model::Last => credit(last, WHOLE),
        Model::LastNonDirect => credit(touches.iter().rfind(|touch| !touch.is_direct).unwrap_or(last), WHOLE),
        Model::Linear => by_weight(touches, &vec![1.0; count], credit),
        Model::TimeDecay => by_weight(touches, &decayed(touches, conversion_ms, half_life_ms), credit),
        Model::PositionBased => match others {
            [] => credit(last, WHOLE),
            [_] => by_weight(touches, &[1.0, 1.0], credit),
            [_, between @ ..] => {
                let mut weights = vec![0.2 / as_number(between.len()); count];
                (weights[0], weights[count - 1]) = (0.4, 0.4);
                by_weight(touches, &weights, credit);
            }
        },
    }
}

/// Half as much for each half-life before the conversion. Counted from the last session, since what is long ago
/// would otherwise be nothing.
fn decayed(touches: &[Touch], conversion_ms: i64, half_life_ms: i64) -> Vec<f64> {
    let last_ms = touches.last().map_or(conversion_ms, |touch| touch.at_ms);
    let half_lives = |touch: &Touch| as_number_ms(last_ms - touch.at_ms) / as_number_ms(half_life_ms);
    touches.iter().map(|touch| (-half_lives(touch)).exp2()).collect()
}

/// In proportion to the weights; what rounding leaves is the last one's.
#[expect(clippy::cast_possible_truncation, reason = "a part of WHOLE, which an f64 holds exactly")]
fn by_weight(touches: &[Touch], weights: &[f64], mut credit: impl FnMut(&Touch, i64)) {
    let Some((last, others)) = touches.split_last() else { return };
    let sum: f64 = weights.iter().sum();
    let mut rest = WHOLE;
    for (touch, weight) in others.iter().zip(weights) {
        let share = ((weight / sum) * WHOLE_NUMBER).floor() as i64;
        credit(touch, share);
        rest -= share;
    }
    credit(last, rest);
}

#[expect(clippy::cast_precision_loss, reason = "a power of two")]
const WHOLE_NUMBER: f64 = WHOLE as f64;

#[expect(clippy::cast_precision_loss, reason = "a number of sessions")]
fn as_number(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds within some years fit an f64 exactly")]
fn as_number_ms(ms: i64) -> f64 {
    ms as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY_MS: i64 = 86_400_000;
    const MODELS: [Model; 6] =
        [Model::First, Model::Last, Model::LastNonDirect, Model::Linear, Model::TimeDecay, Model::PositionBased];

    fn touch(day: i64, is_direct: bool) -> Touch {
        Touch { at_ms: day * DAY_MS, is_direct, value: day.cast_unsigned() }
    }

    /// Shares in percent, in the order of time.
    fn percent(model: Model, touches: &[Touch]) -> Vec<f64> {
        let mut shares = vec![0; touches.len()];
        divide(model, touches, 100 * DAY_MS, 7 * DAY_MS, |touch, share| {
            shares[touches.iter().position(|each| each == touch).unwrap()] += share;
        });
        #[expect(clippy::cast_precision_loss, reason = "as far as a test looks")]
        shares.into_iter().map(|share: i64| (share as f64 / WHOLE as f64 * 1e6).round() / 1e4).collect()
    }

    #[test]
    fn each_model_divides_by_its_rule() {
        let four = [touch(79, false), touch(86, true), touch(93, false), touch(100, true)];
        for (model, expected) in [
            (Model::First, [100.0, 0.0, 0.0, 0.0]),
            (Model::Last, [0.0, 0.0, 0.0, 100.0]),
            (Model::LastNonDirect, [0.0, 0.0, 100.0, 0.0]),
            (Model::Linear, [25.0, 25.0, 25.0, 25.0]),
            // 1 : 2 : 4 : 8.
            (Model::TimeDecay, [6.6667, 13.3333, 26.6667, 53.3333]),
            (Model::PositionBased, [40.0, 10.0, 10.0, 40.0]),
        ] {
            assert_eq!(percent(model, &four), expected, "{model:?}");
        }
        assert_eq!(percent(Model::PositionBased, &four[..2]), [50.0, 50.0]);
        assert_eq!(percent(Model::LastNonDirect, &[touch(1, true), touch(2, true)]), [0.0, 100.0]);
        for model in MODELS {
            assert_eq!(percent(model, &four[..1]), [100.0], "{model:?}");
        }
    }

    proptest! {
        /// However many there are and however long ago, the whole is given away, and nothing is taken.
        #[test]
        fn shares_add_up(days in prop::collection::vec((0..20_000_i64, any::<bool>()), 1..200)) {
            let mut touches: Vec<Touch> = days.into_iter().map(|(day, is_direct)| touch(day, is_direct)).collect();
            touches.sort_by_key(|touch| touch.at_ms);
            for model in MODELS {
                let mut sum = 0;
                divide(model, &touches, 20_000 * DAY_MS, DAY_MS, |_, share| {
                    assert!(share >= 0, "{model:?}: {share}");
                    sum += share;
                });
                prop_assert_eq!(sum, WHOLE);
            }
        }
    }
}

//! What is a spike.

use crate::numbers::quantile;

/// Fewer buckets do not say what is usual.
const BUCKETS_MIN: usize = 8;
/// Above the usual by this many times the usual deviation, and above this many times the usual.
const DEVIATIONS: f64 = 6.0;
const TIMES: f64 = 2.0;

/// A bucket that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    pub from_ms: i64,
    pub to_ms: i64,
    pub count: i64,
}

/// A bucket with far more events than usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spike {
    pub bucket: Bucket,
    pub usual: f64,
}

/// Those above twice the median and above the median by six times the median deviation from it.
#[expect(clippy::cast_precision_loss, reason = "counts within a range fit an f64 exactly")]
pub fn find(buckets: &[Bucket], min_count: u32) -> Vec<Spike> {
    if buckets.len() < BUCKETS_MIN {
        return Vec::new();
    }
    let mut counts: Vec<i64> = buckets.iter().map(|bucket| bucket.count).collect();
    let usual = quantile(&mut counts, 0.5).unwrap_or_default();
    let mut deviations: Vec<f64> = buckets.iter().map(|bucket| (bucket.count as f64 - usual).abs()).collect();
    deviations.sort_by(f64::total_cmp);
    let middle = deviations.len() / 2;
    let deviation = if deviations.len().is_multiple_of(2) {
        f64::midpoint(deviations[middle - 1], deviations[middle])
    } else {
        deviations[middle]
    };
    let is_spike = |count: i64| {
        let high = count as f64;
        count >= i64::from(min_count) && high > TIMES * usual && high > usual + DEVIATIONS * deviation
    };
    let spikes = buckets.iter().filter(|bucket| is_spike(bucket.count));
    spikes.map(|bucket| Spike { bucket: *bucket, usual }).collect()
}

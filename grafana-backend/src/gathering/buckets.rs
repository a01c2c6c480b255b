//! Items of one partition in small buckets.

use super::items::Item;

/// Items of a bucket, about.
const BUCKET_ITEMS: usize = 16;
const BUCKET_BITS_MAX: u32 = 16;

/// Room for one partition in buckets, reused by the next.
pub struct Spread<T> {
    items: Vec<T>,
    ends: Vec<usize>,
}

impl<T> Default for Spread<T> {
    fn default() -> Self {
        Self { items: Vec::new(), ends: Vec::new() }
    }
}

/// The partition's items by the next bits of the actor's hash, an actor's all in one bucket: sorting
/// small buckets takes half the time of sorting the partition.
pub fn in_buckets<const N: usize, T: Item<N>>(
    partition: Vec<T>,
    spread: &mut Spread<T>,
) -> impl Iterator<Item = &mut [T]> {
    let bits = (partition.len() / BUCKET_ITEMS).max(2).ilog2().min(BUCKET_BITS_MAX);
    let bucket = |item: &T| ((item.actor() << 8) >> (u64::BITS - bits)) as usize;
    let Spread { items, ends } = spread;
    ends.clear();
    ends.resize(1 << bits, 0);
    partition.iter().for_each(|item| ends[bucket(item)] += 1);
    let mut start = 0;
    for end in ends.iter_mut() {
        (start, *end) = (start + *end, start);
    }
    items.clear();
    items.extend_from_slice(&partition);
    for item in &partition {
        let place = &mut ends[bucket(item)];
        items[*place] = *item;
        *place += 1;
    }
    let mut rest = items.as_mut_slice();
    let mut at = 0;
    ends.iter().map(move |end| {
        let (bucket, after) = std::mem::take(&mut rest).split_at_mut(*end - at);
        (rest, at) = (after, *end);
        bucket
    })
}

//! Events of actors, out of ClickHouse and into a fold: ClickHouse filters and reduces each
//! event to a few numbers, this gathers them by actor. Nothing is sorted or grouped on the
//! server, which is half of what a `GROUP BY` of arrays costs, and a fold can state rules
//! that no SQL function has.
//!
//! Memory has a limit. If the events do not fit, the query is asked again for a part of
//! the actors at a time, by the actor's hash.

use std::time::Instant;

use crate::{clickhouse::ClickHouse, error::QueryError, memory::Held, query::sql::Sql};

/// Bytes of events that a query holds at once, if the plugin's memory has room for two of them.
const HELD_BYTES_MAX: usize = 1 << 30;
/// Beside the events: vectors that grow, and the room in which they are sorted.
const HELD_FACTOR: usize = 2;
/// The actors are divided into at most so many parts; 64 GiB of events then.
const PASSES_MAX: u64 = 64;
/// Actors are gathered in so many heaps, each sorted by itself.
const HEAPS: usize = 256;
/// Threads of one fold, at most.
const THREADS_MAX: usize = 8;

/// An event as ClickHouse sends it.
pub trait Item<const N: usize>: From<[u64; N]> + Ord + Copy + Send + Sync {
    /// Whose it is; a hash, so that its bits are evenly used.
    fn actor(&self) -> u64;

    /// Puts items in their order.
    fn sort(items: &mut [Self]) {
        items.sort_unstable();
    }
}

/// An actor's hash and one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Packed {
    /// Whose it is.
    pub actor: u64,
    /// What the query packs into it, in the order that the fold wants.
    pub packed: u64,
}

/// An actor's hash, one number and a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Valued {
    /// Whose it is.
    pub actor: u64,
    /// As [`Packed::packed`].
    pub packed: u64,
    /// A hash of a value.
    pub value: u64,
}

/// An actor's hash and four numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wide {
    /// Whose it is.
    pub actor: u64,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// What the query makes of it.
    pub mask: u64,
    /// A hash of a value, or 0.
    pub hold: u64,
    /// A hash of another value, or 0.
    pub value: u64,
}

impl From<[u64; 2]> for Packed {
    fn from([actor, packed]: [u64; 2]) -> Self {
        Self { actor, packed }
    }
}

impl From<[u64; 3]> for Valued {
    fn from([actor, packed, value]: [u64; 3]) -> Self {
        Self { actor, packed, value }
    }
}

impl From<[u64; 5]> for Wide {
    fn from([actor, at_ms, mask, hold, value]: [u64; 5]) -> Self {
        Self { actor, at_ms: at_ms.cast_signed(), mask, hold, value }
    }
}

impl Item<2> for Packed {
    fn actor(&self) -> u64 {
        self.actor
    }

    /// As one number, which is compared without a branch.
    fn sort(items: &mut [Self]) {
        items.sort_unstable_by_key(|item| u128::from(item.actor) << 64 | u128::from(item.packed));
    }
}

impl Item<3> for Valued {
    fn actor(&self) -> u64 {
        self.actor
    }

    fn sort(items: &mut [Self]) {
        items.sort_unstable_by_key(|item| (u128::from(item.actor) << 64 | u128::from(item.packed), item.value));
    }
}

impl Item<5> for Wide {
    fn actor(&self) -> u64 {
        self.actor
    }
}

/// A sum over actors that can be taken in parts.
pub trait Sum: Send {
    /// Adds the parts of another thread.
    fn merge(&mut self, other: Self);

    /// Bytes that it holds, about, if that grows with the values or ways it has met.
    fn bytes(&self) -> usize {
        0
    }
}

/// Which actors a statement is to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// This part, from 0 …
    pub number: u64,
    /// … of so many.
    pub of: u64,
}

impl Pass {
    /// All actors at once.
    pub const WHOLE: Self = Self { number: 0, of: 1 };

    /// Appends the condition on the actor's expression, if there is more than one part.
    pub fn write(self, sql: &mut Sql, actor: &'static str) {
        if self.of > 1 {
            let (number, of) = (self.number.cast_signed(), self.of.cast_signed());
            // The low bits: the high ones choose the heap.
            sql.text(" AND ").text(actor).text(" % ").int(of).text(" = ").int(number);
        }
    }
}

/// Asks for the events and folds each actor's, which come in the items' own order. `make`
/// makes an empty sum, of which there is one a thread.
///
/// # Errors
/// As [`ClickHouse::rows`]; if even a part of the actors does not fit into memory.
pub async fn fold<const N: usize, T: Item<N> + 'static, S: Sum + 'static>(
    clickhouse: &ClickHouse,
    statement: impl Fn(Pass) -> Sql,
    make: impl Fn() -> S + Send + Sync + Clone + 'static,
    each: impl Fn(&mut S, &[T]) + Send + Sync + Clone + 'static,
) -> Result<S, QueryError> {
    let events_bytes_max = HELD_BYTES_MAX.min(clickhouse.memory().bytes_max() / (HELD_FACTOR * 2));
    let mut passes = 1;
    while passes <= PASSES_MAX {
        if let Some(sum) = fold_passes(clickhouse, &statement, passes, events_bytes_max, &make, &each).await? {
            return Ok(sum);
        }
        passes *= 4;
    }
    Err(QueryError::TooLarge(events_bytes_max >> 20))
}

/// Takes the actors in so many parts; `None` if one does not fit into memory.
async fn fold_passes<const N: usize, T: Item<N> + 'static, S: Sum + 'static>(
    clickhouse: &ClickHouse,
    statement: &impl Fn(Pass) -> Sql,
    passes: u64,
    events_bytes_max: usize,
    make: &(impl Fn() -> S + Send + Sync + Clone + 'static),
    each: &(impl Fn(&mut S, &[T]) + Send + Sync + Clone + 'static),
) -> Result<Option<S>, QueryError> {
    let mut sum = make();
    // What the sum has grown to, from pass to pass.
    let mut held_by_sum = clickhouse.memory().start();
    for number in 0..passes {
        let started = Instant::now();
        let part = statement(Pass { number, of: passes });
        let Some((heaps, _held)) = gather::<N, T>(clickhouse, part, events_bytes_max).await? else {
            return Ok(None);
        };
        let (gathered, events) = (started.elapsed(), heaps.iter().map(Vec::len).sum::<usize>());
        let (make, each) = (make.clone(), each.clone());
        let folded = tokio::task::spawn_blocking(move || fold_heaps(heaps, &make, &each)).await;
        sum.merge(folded.map_err(|e| QueryError::Encoding(e.to_string()))?);
        held_by_sum.grow(sum.bytes().saturating_sub(held_by_sum.bytes()))?;
        let folded = started.elapsed().saturating_sub(gathered);
        tracing::debug!(events, gather_ms = gathered.as_millis(), fold_ms = folded.as_millis(), "folded actors");
    }
    Ok(Some(sum))
}

/// The events by heap, with the memory that they hold.
type Heaps<T> = (Vec<Vec<T>>, Held);

/// The events; `None` if they are too many for one query.
async fn gather<const N: usize, T: Item<N>>(
    clickhouse: &ClickHouse,
    sql: Sql,
    events_bytes_max: usize,
) -> Result<Option<Heaps<T>>, QueryError> {
    let most = events_bytes_max / size_of::<T>();
    let mut held = clickhouse.memory().start();
    let mut heaps: Vec<Vec<T>> = (0..HEAPS).map(|_| Vec::new()).collect();
    let mut count = 0;
    clickhouse
        .fold_numbers(sql, |columns| {
            count += columns.rows();
            if count > most {
                return Ok(false);
            }
            held.grow(columns.rows() * size_of::<T>() * HELD_FACTOR)?;
            for item in columns.iter().map(T::from) {
                heaps[(item.actor() >> 56) as usize].push(item);
            }
            Ok(true)
        })
        .await?;
    Ok((count <= most).then_some((heaps, held)))
}

fn fold_heaps<const N: usize, T: Item<N>, S: Sum>(
    mut heaps: Vec<Vec<T>>,
    make: &(impl Fn() -> S + Sync),
    each: &(impl Fn(&mut S, &[T]) + Sync),
) -> S {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    std::thread::scope(|scope| {
        let parts = heaps.chunks_mut(HEAPS.div_ceil(threads));
        let threads: Vec<_> = parts
            .map(|part| {
                scope.spawn(move || {
                    let (mut sum, mut spread) = (make(), Spread::default());
                    for heap in part {
                        for bucket in in_buckets(std::mem::take(heap), &mut spread) {
                            T::sort(bucket);
                            bucket.chunk_by(|a, b| a.actor() == b.actor()).for_each(|events| each(&mut sum, events));
                        }
                    }
                    sum
                })
            })
            .collect();
        let mut sum = make();
        for thread in threads {
            match thread.join() {
                Ok(part) => sum.merge(part),
                // A panic in a fold is a defect; it is passed on, not hidden in the numbers.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        sum
    })
}

/// Items of a bucket, about.
const BUCKET_ITEMS: usize = 16;
const BUCKET_BITS_MAX: u32 = 16;

/// Room for one heap in buckets, kept from heap to heap.
struct Spread<T> {
    items: Vec<T>,
    ends: Vec<usize>,
}

impl<T> Default for Spread<T> {
    fn default() -> Self {
        Self { items: Vec::new(), ends: Vec::new() }
    }
}

/// The heap's items by the next bits of the actor's hash, an actor's all in one bucket: sorting
/// small buckets takes half the time of sorting the heap.
fn in_buckets<const N: usize, T: Item<N>>(heap: Vec<T>, spread: &mut Spread<T>) -> impl Iterator<Item = &mut [T]> {
    let bits = (heap.len() / BUCKET_ITEMS).max(2).ilog2().min(BUCKET_BITS_MAX);
    let bucket = |item: &T| ((item.actor() << 8) >> (u64::BITS - bits)) as usize;
    let Spread { items, ends } = spread;
    ends.clear();
    ends.resize(1 << bits, 0);
    heap.iter().for_each(|item| ends[bucket(item)] += 1);
    let mut start = 0;
    for end in ends.iter_mut() {
        (start, *end) = (start + *end, start);
    }
    items.clear();
    items.extend_from_slice(&heap);
    for item in &heap {
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

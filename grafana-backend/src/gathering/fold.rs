//! Asking, gathering by actor and folding, within the plugin's memory.

use std::{sync::Arc, time::Instant};

use super::{
    buckets::{Spread, in_buckets},
    items::Item,
    joined,
    partitions::{PARTITIONS, partition_of, threads},
    pass::Pass,
};
use crate::{clickhouse::ClickHouse, error::QueryError, memory::Held, people::People, sql::Sql};

/// Bytes of events that a query holds at once, if the plugin's memory has room for two of them.
const HELD_BYTES_MAX: usize = 1 << 30;
/// Beside the events: vectors that grow, and the room in which they are sorted.
const HELD_FACTOR: usize = 2;
/// The most parts into which the actors are divided: 64 GiB of events.
const PASSES_MAX: u64 = 64;

/// A sum over actors that can be taken in parts.
pub trait Sum: Send {
    /// Adds the parts of another thread.
    fn merge(&mut self, other: Self);

    /// Bytes that it holds, about, if that grows with the values or ways it has met.
    fn bytes(&self) -> usize {
        0
    }
}

/// Asks for the events and folds each actor's, which come in the items' own order; those of visitors who are
/// one person come together, and rows that the statement has made distinct may come once a visitor. `make`
/// makes an empty sum, of which there is one a thread.
///
/// # Errors
/// As [`ClickHouse::rows`]; if even a part of the actors does not fit into memory.
pub async fn fold<const N: usize, T: Item<N> + 'static, S: Sum + 'static>(
    clickhouse: &ClickHouse,
    people: &Arc<People>,
    statement: impl Fn(Pass) -> Sql,
    make: impl Fn() -> S + Send + Sync + Clone + 'static,
    each: impl Fn(&mut S, &[T]) + Send + Sync + Clone + 'static,
) -> Result<S, QueryError> {
    let events_bytes_max = HELD_BYTES_MAX.min(clickhouse.memory().bytes_max() / (HELD_FACTOR * 2));
    let source = Source { clickhouse, people: Arc::clone(people), statement, events_bytes_max };
    let mut passes = 1;
    while passes <= PASSES_MAX {
        if let Some(sum) = fold_passes(&source, passes, &make, &each).await? {
            return Ok(sum);
        }
        passes *= 4;
    }
    Err(QueryError::TooLarge(events_bytes_max >> 20))
}

/// Takes the actors in `passes` parts; `None` if one does not fit into memory.
async fn fold_passes<const N: usize, T: Item<N> + 'static, S: Sum + 'static>(
    source: &Source<'_, impl Fn(Pass) -> Sql>,
    passes: u64,
    make: &(impl Fn() -> S + Send + Sync + Clone + 'static),
    each: &(impl Fn(&mut S, &[T]) + Send + Sync + Clone + 'static),
) -> Result<Option<S>, QueryError> {
    let mut sum = make();
    // What the sum has grown to, from pass to pass.
    let mut held_by_sum = source.clickhouse.memory().start();
    for number in 0..passes {
        let started = Instant::now();
        let Some(Gathered { partitions, held }) = source.gather::<N, T>(Pass { number, of: passes }).await? else {
            return Ok(None);
        };
        let (gathered, events) = (started.elapsed(), partitions.iter().map(Vec::len).sum::<usize>());
        let (make, each, people) = (make.clone(), each.clone(), Arc::clone(&source.people));
        let folded = tokio::task::spawn_blocking(move || {
            let mut partitions = partitions;
            joined::join(&mut partitions, &people);
            fold_partitions(partitions, &make, &each)
        });
        let folded = folded.await;
        sum.merge(folded.map_err(|e| QueryError::Encoding(e.to_string()))?);
        drop(held);
        held_by_sum.grow(sum.bytes().saturating_sub(held_by_sum.bytes()))?;
        let folded = started.elapsed().saturating_sub(gathered);
        tracing::debug!(events, gather_ms = gathered.as_millis(), fold_ms = folded.as_millis(), "folded actors");
    }
    Ok(Some(sum))
}

/// Where events come from, and how many at once.
struct Source<'a, Statement> {
    clickhouse: &'a ClickHouse,
    people: Arc<People>,
    statement: Statement,
    events_bytes_max: usize,
}

/// The events by partition, with the memory that they hold.
struct Gathered<T> {
    partitions: Vec<Vec<T>>,
    held: Held,
}

impl<Statement: Fn(Pass) -> Sql> Source<'_, Statement> {
    /// The events of a part of the actors; `None` if they are too many for one query.
    async fn gather<const N: usize, T: Item<N>>(&self, pass: Pass) -> Result<Option<Gathered<T>>, QueryError> {
        let people = &self.people;
        // Which part a person is in, only this side knows.
        let is_parted_here = pass.of > 1 && !people.is_empty();
        let sql = (self.statement)(if is_parted_here { Pass::WHOLE } else { pass });
        let events_max = self.events_bytes_max / size_of::<T>();
        let mut held = self.clickhouse.memory().start();
        let mut partitions: Vec<Vec<T>> = (0..PARTITIONS).map(|_| Vec::new()).collect();
        let mut count = 0;
        self.clickhouse
            .fold_numbers(sql, |columns| {
                let before = count;
                let mut put = |item: T| {
                    partitions[partition_of(item.actor())].push(item);
                    count += 1;
                };
                let items = columns.iter().map(T::from);
                match is_parted_here {
                    false if before + columns.rows() <= events_max => items.for_each(put),
                    false => count = usize::MAX,
                    true => {
                        let joined = items.map(|item| item.of(people.person_of(item.actor()).unwrap_or(item.actor())));
                        joined.filter(|item| item.actor() % pass.of == pass.number).for_each(&mut put);
                    }
                }
                if count > events_max {
                    return Ok(false);
                }
                held.grow((count - before) * size_of::<T>() * HELD_FACTOR)?;
                Ok(true)
            })
            .await?;
        Ok((count <= events_max).then_some(Gathered { partitions, held }))
    }
}

fn fold_partitions<const N: usize, T: Item<N>, S: Sum>(
    mut partitions: Vec<Vec<T>>,
    make: &(impl Fn() -> S + Sync),
    each: &(impl Fn(&mut S, &[T]) + Sync),
) -> S {
    let threads = threads();
    std::thread::scope(|scope| {
        let parts = partitions.chunks_mut(PARTITIONS.div_ceil(threads));
        let threads: Vec<_> = parts
            .map(|part| {
                scope.spawn(move || {
                    let (mut sum, mut spread) = (make(), Spread::default());
                    for partition in part {
                        for bucket in in_buckets(std::mem::take(partition), &mut spread) {
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

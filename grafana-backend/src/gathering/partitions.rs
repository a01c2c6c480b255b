//! Into how many partitions actors are divided, and how many threads walk them.

/// The partitions in which actors are gathered, each sorted by itself: one for each highest byte of an actor's hash.
pub const PARTITIONS: usize = 256;
/// Threads of one fold, at most.
const THREADS_MAX: usize = 8;

/// The partition of an actor.
#[inline]
pub fn partition_of(actor: u64) -> usize {
    (actor >> 56) as usize
}

/// The threads of one fold.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX)
}

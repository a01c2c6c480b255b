//! The memory of all requests in flight, in bytes: what was read, decompressed and encoded for a
//! sink, held until the answer. A request that finds no room is told to come again.

mod readers;

use std::{sync::Arc, time::Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use readers::Reader;
use readers::Readers;

/// What parsing and judging an event takes beside its bytes: the event, its outcome and its place
/// in the lists.
pub const EVENT_OVERHEAD_BYTES: usize = 1_536;
/// What an encoded event has beside what was sent: names, and what enrichment adds.
pub const ROW_OVERHEAD_BYTES: usize = 2_560;

/// The room for all requests.
#[derive(Debug)]
pub struct InFlight {
    room: Arc<Semaphore>,
    bytes_max: usize,
    readers: Arc<Readers>,
}

/// There is no room for so much beside what is in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("requests of {bytes_max} bytes are in flight already")]
pub struct NoRoom {
    /// All of the room.
    pub bytes_max: usize,
}

impl InFlight {
    /// Room for `bytes_max`.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        let bytes_max = bytes_max.min(Semaphore::MAX_PERMITS);
        Self { room: Arc::new(Semaphore::new(bytes_max)), bytes_max, readers: Arc::default() }
    }

    /// Holds nothing yet.
    #[must_use]
    pub fn start(&self) -> Held {
        Held { room: Arc::clone(&self.room), bytes_max: self.bytes_max, permit: None }
    }

    /// A body whose head came at `started` is being waited for.
    #[must_use]
    pub fn wait(&self, started: Instant) -> Reader {
        self.readers.enter(started)
    }

    /// Asks the body that has been longest on its way to give way to others; whether there was one.
    pub fn make_room(&self) -> bool {
        self.readers.make_room()
    }

    /// Bytes that are held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes_max - self.room.available_permits()
    }

    /// Whether there is room for `bytes` now. Nothing is taken: a client that announces much and
    /// sends nothing must not keep others out.
    ///
    /// # Errors
    /// If there is not.
    pub fn check(&self, bytes: u64) -> Result<(), NoRoom> {
        let has_room = usize::try_from(bytes).is_ok_and(|bytes| bytes <= self.room.available_permits());
        if has_room { Ok(()) } else { Err(NoRoom { bytes_max: self.bytes_max }) }
    }
}

/// The bytes that a request holds, given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    room: Arc<Semaphore>,
    bytes_max: usize,
    permit: Option<OwnedSemaphorePermit>,
}

impl Held {
    /// Takes more.
    ///
    /// # Errors
    /// If there is no room; what was held stays held.
    pub fn grow(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let no_room = NoRoom { bytes_max: self.bytes_max };
        let count = u32::try_from(bytes).map_err(|_| no_room)?;
        let more = Arc::clone(&self.room).try_acquire_many_owned(count).map_err(|_| no_room)?;
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            None => self.permit = Some(more),
        }
        Ok(())
    }

    /// Returns some.
    pub fn shrink(&mut self, bytes: usize) {
        if let Some(permit) = &mut self.permit {
            drop(permit.split(bytes.min(permit.num_permits())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_given_back() {
        let all = InFlight::new(100);
        let (mut a, mut b) = (all.start(), all.start());
        a.grow(60).unwrap();
        a.grow(10).unwrap();
        assert_eq!(b.grow(31), Err(NoRoom { bytes_max: 100 }));
        assert!(all.check(30).is_ok() && all.check(31).is_err() && all.check(u64::MAX).is_err());
        a.shrink(1);
        b.grow(31).unwrap();
        assert_eq!(all.bytes(), 100);
        drop(a);
        assert_eq!(all.bytes(), 31);
        assert!(b.grow(usize::MAX).is_err());
    }
}

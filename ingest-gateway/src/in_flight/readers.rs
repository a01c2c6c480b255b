//! The bodies that are on their way. Where there is no room left, the one that has been longest on its way gives way, so
//! that nobody can take all of the room with bodies that never come to their end.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// A body is left in peace for so long, whatever room is needed.
const PATIENCE: Duration = Duration::from_secs(5);

/// Bodies that are being waited for, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Readers(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    next: u64,
    by_number: BTreeMap<u64, (Instant, Arc<Notify>)>,
}

/// A body that is being waited for, until dropped.
#[derive(Debug)]
pub struct Reader {
    readers: Arc<Readers>,
    number: u64,
    ask: Arc<Notify>,
}

impl Readers {
    pub(super) fn enter(self: &Arc<Self>, started: Instant) -> Reader {
        let ask = Arc::<Notify>::default();
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.next += 1;
        let number = waiting.next;
        waiting.by_number.insert(number, (started, Arc::clone(&ask)));
        Reader { readers: Arc::clone(self), number, ask }
    }

    /// Asks the body that has been longest on its way to give way; whether there was one.
    pub(super) fn make_room(&self) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(oldest) = waiting.by_number.first_entry() else { return false };
        let is_late = oldest.get().0.elapsed() > PATIENCE;
        if is_late {
            // It is not asked twice.
            oldest.remove().1.notify_one();
        }
        is_late
    }
}

impl Reader {
    /// Waits until it has to give way.
    pub async fn asked(&self) {
        self.ask.notified().await;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.readers.0.lock().unwrap_or_else(PoisonError::into_inner).by_number.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn the_oldest_gives_way_once_and_none_before_its_time() {
        let readers = Arc::<Readers>::default();
        let (now, long_ago) = (Instant::now(), Instant::now().checked_sub(2 * PATIENCE).unwrap());
        let (first, second, young) = (readers.enter(long_ago), readers.enter(long_ago), readers.enter(now));
        assert!(readers.make_room());
        assert!(first.asked().now_or_never().is_some() && second.asked().now_or_never().is_none());
        drop(first);
        assert!(readers.make_room() && second.asked().now_or_never().is_some());
        assert!(!readers.make_room() && young.asked().now_or_never().is_none());
        drop((second, young));
        assert!(!readers.make_room());
    }
}

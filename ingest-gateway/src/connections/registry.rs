//! All connections, and which of them are closed: those whose time is over, and where all are taken,
//! those that have waited longest for their clients ([`Activity`]).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use super::{
    Limits,
    activity::{Activity, Ending},
};
use crate::metrics::{ClosedFor, Metrics};

/// Where all connections are taken, so many of them make room at once, or one.
const ROOM_SHARE: usize = 16;

/// All connections.
pub(super) struct Registry {
    started: Instant,
    limits: Limits,
    metrics: Arc<Metrics>,
    connections: Mutex<Connections>,
}

#[derive(Default)]
struct Connections {
    next: u64,
    by_number: HashMap<u64, Arc<Activity>>,
}

/// A connection's place in the registry, left when dropped.
pub(super) struct Entry {
    registry: Arc<Registry>,
    number: u64,
    pub(super) activity: Arc<Activity>,
}

impl Registry {
    pub(super) fn new(limits: Limits, metrics: Arc<Metrics>) -> Self {
        Self { started: Instant::now(), limits, metrics, connections: Mutex::default() }
    }

    /// Enters a new connection.
    pub(super) fn enter(self: &Arc<Self>) -> Entry {
        let activity = Arc::new(Activity::new(self.started));
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.next += 1;
        let number = connections.next;
        connections.by_number.insert(number, Arc::clone(&activity));
        self.metrics.connections.open.inc();
        Entry { registry: Arc::clone(self), number, activity }
    }

    /// Asks the connections whose time is over to end.
    pub(super) fn close_overdue(&self) {
        let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        for activity in connections.by_number.values() {
            if let Some(why) = activity.overdue(&self.limits)
                && activity.ask_to_end(Ending::Overdue)
            {
                self.metrics.connections.closed(why);
            }
        }
    }

    /// Asks those that have waited longest for their clients to end; how many. Those that were asked
    /// before and are not gone yet count: a burst of new connections closes no more than it needs.
    /// At least `at_least` are asked, for those before may be answering.
    pub(super) fn make_room(&self, at_least: usize) -> usize {
        let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let leaving = connections.by_number.values().filter(|activity| activity.is_asked_to_end()).count();
        let mut waiting: Vec<(u64, &Arc<Activity>)> = connections
            .by_number
            .values()
            .filter(|activity| !activity.is_asked_to_end())
            .filter_map(|activity| Some((activity.can_make_room_since_ms()?, activity)))
            .collect();
        let share = (connections.by_number.len() / ROOM_SHARE).max(1);
        let wanted = share.saturating_sub(leaving).max(at_least).min(waiting.len());
        if wanted < waiting.len() {
            waiting.select_nth_unstable_by_key(wanted, |(since_ms, _)| *since_ms);
        }
        let asked = waiting[..wanted].iter().filter(|(_, activity)| activity.ask_to_end(Ending::Room)).count();
        for _ in 0..asked {
            self.metrics.connections.closed(ClosedFor::Room);
        }
        asked
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut connections = self.registry.connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.by_number.remove(&self.number);
        self.registry.metrics.connections.open.dec();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn room_is_made_by_those_that_wait_longest_and_never_by_one_at_work() {
        let limits = Limits { connections_max: 9, head_time_max: Duration::MAX, idle_time_max: Duration::MAX };
        let registry = Arc::new(Registry::new(limits, Arc::default()));
        let entries: Vec<Entry> = (0..5).map(|_| registry.enter()).collect();
        let since = |n: usize, ms| entries[n].activity.set_waiting_since_ms(ms);
        let _at_work = entries[0].activity.request(false);
        let _sending = (entries[1].activity.request(false), entries[1].activity.body());
        let _both = (entries[2].activity.request(true), entries[2].activity.request(true), entries[2].activity.body());
        (0..3).for_each(|n| since(n, 1));
        since(3, 30);
        since(4, 20);
        let asked = || entries.iter().map(|e| e.activity.is_asked_to_end()).collect::<Vec<_>>();
        assert_eq!((registry.make_room(0), asked()), (1, vec![false, false, false, false, true]));
        entries[3].activity.blocked(true);
        assert_eq!(registry.make_room(1), 0, "a body and an answer on their way have some patience");
        entries[3].activity.blocked(false);
        assert_eq!(registry.make_room(0), 0, "one is on its way");
        assert_eq!((registry.make_room(1), asked()), (1, vec![false, false, false, true, true]));
        assert_eq!(registry.make_room(1), 0);
    }

    #[test]
    fn a_burst_of_new_connections_closes_no_more_than_it_needs() {
        let limits = Limits { connections_max: 64, head_time_max: Duration::MAX, idle_time_max: Duration::MAX };
        let registry = Arc::new(Registry::new(limits, Arc::default()));
        let mut entries: Vec<Entry> = (0..64).map(|_| registry.enter()).collect();
        assert_eq!((registry.make_room(0), registry.make_room(0)), (4, 0), "none of them is gone yet");
        let leaving = entries.iter().position(|entry| entry.activity.is_asked_to_end()).unwrap();
        drop(entries.swap_remove(leaving));
        assert_eq!(registry.make_room(0), 0, "three are still to go");
        entries.retain(|entry| !entry.activity.is_asked_to_end());
        assert_eq!(registry.make_room(0), 3, "a sixteenth of 60");
    }
}

//! What each connection is doing, and which ones are closed for it.
//!
//! A connection is *waiting for its client* while no request is being answered on it: between
//! requests, in a head, in a body, and where it does not take its answer. Only such connections are ever closed from here.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::Limits;
use crate::metrics::{ClosedFor, Metrics};

/// Where all connections are taken, so many of them make room at once, or one.
const ROOM_SHARE: usize = 16;
/// A client gets so long to send a body or to take an answer before its connection may make room.
const PATIENCE: Duration = Duration::from_secs(5);
const NEVER: u64 = 0;

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

/// Why a connection is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Overdue = 1,
    Room = 2,
    Stop = 3,
}

/// What a connection is doing. Times are milliseconds of the registry's clock.
pub(super) struct Activity {
    started: Instant,
    /// Since when it waits for its client.
    waiting_since_ms: AtomicU64,
    /// Since when a head is being read.
    head_since_ms: AtomicU64,
    /// Requests whose heads are there and whose answers are not.
    requests: AtomicU32,
    /// Those of them whose bodies are still being read.
    bodies: AtomicU32,
    /// HTTP/2 reads between requests as well, and has its own limits for heads.
    is_http2: AtomicBool,
    /// It has not taken the whole answer.
    is_blocked: AtomicBool,
    is_cut: AtomicBool,
    asked: AtomicU8,
    ask: Notify,
}

/// A connection's place in the registry, left when dropped.
pub(super) struct Entry {
    registry: Arc<Registry>,
    number: u64,
    pub(super) activity: Arc<Activity>,
}

/// A request being answered, until dropped.
pub(super) struct Answering(Arc<Activity>);

/// A body being read, until dropped.
pub(super) struct Reading(Arc<Activity>);

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

    /// Asks those that have waited longest for their clients to end; how many.
    pub(super) fn make_room(&self) -> usize {
        let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waiting: Vec<(u64, &Arc<Activity>)> = connections
            .by_number
            .values()
            .filter(|activity| activity.asked.load(Ordering::Relaxed) == 0)
            .filter_map(|activity| Some((activity.can_make_room_since_ms()?, activity)))
            .collect();
        let wanted = (connections.by_number.len() / ROOM_SHARE).max(1).min(waiting.len());
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

impl Activity {
    fn new(started: Instant) -> Self {
        let activity = Self {
            started,
            waiting_since_ms: AtomicU64::new(NEVER),
            head_since_ms: AtomicU64::new(NEVER),
            requests: AtomicU32::new(0),
            bodies: AtomicU32::new(0),
            is_http2: AtomicBool::new(false),
            is_blocked: AtomicBool::new(false),
            is_cut: AtomicBool::new(false),
            asked: AtomicU8::new(0),
            ask: Notify::new(),
        };
        activity.waiting_since_ms.store(activity.now_ms(), Ordering::Relaxed);
        activity
    }

    /// Bytes came from the client.
    pub(super) fn read(&self) {
        if self.requests.load(Ordering::Relaxed) == 0
            && self.head_since_ms.load(Ordering::Relaxed) == NEVER
            && !self.is_http2.load(Ordering::Relaxed)
        {
            self.head_since_ms.store(self.now_ms(), Ordering::Relaxed);
        }
    }

    /// Whether the client has not taken what was written.
    pub(super) fn blocked(&self, is_blocked: bool) {
        self.is_blocked.store(is_blocked, Ordering::Relaxed);
    }

    /// A head is whole.
    pub(super) fn request(self: &Arc<Self>, is_http2: bool) -> Answering {
        if is_http2 {
            self.is_http2.store(true, Ordering::Relaxed);
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.head_since_ms.store(NEVER, Ordering::Relaxed);
        self.waiting_since_ms.store(self.now_ms(), Ordering::Relaxed);
        Answering(Arc::clone(self))
    }

    /// A body is about to be read.
    pub(super) fn body(self: &Arc<Self>) -> Reading {
        self.bodies.fetch_add(1, Ordering::Relaxed);
        Reading(Arc::clone(self))
    }

    /// Waits until the connection is asked to end.
    pub(super) async fn ending(&self) -> Ending {
        loop {
            match self.asked.load(Ordering::Acquire) {
                0 => self.ask.notified().await,
                asked if asked == Ending::Room as u8 => return Ending::Room,
                _ => return Ending::Overdue,
            }
        }
    }

    /// Whether it can end at once, whatever was read of the next request.
    pub(super) fn may_be_cut(&self, ending: Ending) -> bool {
        match ending {
            Ending::Overdue => self.requests.load(Ordering::Relaxed) == 0,
            Ending::Room => self.can_make_room_since_ms().is_some(),
            Ending::Stop => self.is_idle(),
        }
    }

    /// Waits until its client has had its answer before it for too long.
    pub(super) async fn abandoned(&self) {
        let is_abandoned = || {
            let since_ms = self.waiting_since_ms.load(Ordering::Relaxed);
            self.requests.load(Ordering::Relaxed) == 0 && self.is_over(since_ms, PATIENCE)
        };
        while !is_abandoned() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// It ends without waiting for its client.
    pub(super) fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Relaxed)
    }

    fn ask_to_end(&self, ending: Ending) -> bool {
        let is_first = self.asked.compare_exchange(0, ending as u8, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        if is_first {
            self.ask.notify_one();
        }
        is_first
    }

    fn overdue(&self, limits: &Limits) -> Option<ClosedFor> {
        if self.requests.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let head_since_ms = self.head_since_ms.load(Ordering::Relaxed);
        if head_since_ms != NEVER && self.is_over(head_since_ms, limits.head_time_max) {
            return Some(ClosedFor::SlowHead);
        }
        self.is_over(self.waiting_since_ms.load(Ordering::Relaxed), limits.idle_time_max).then_some(ClosedFor::Idle)
    }

    fn can_make_room_since_ms(&self) -> Option<u64> {
        let since_ms = self.waiting_since_ms.load(Ordering::Relaxed);
        let is_waiting = self.requests.load(Ordering::Relaxed) == self.bodies.load(Ordering::Relaxed);
        (self.is_idle() || is_waiting && self.is_over(since_ms, PATIENCE)).then_some(since_ms)
    }

    /// No request is begun, and the last answer is gone.
    fn is_idle(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0 && !self.is_blocked.load(Ordering::Relaxed)
    }

    fn is_over(&self, since_ms: u64, time_max: Duration) -> bool {
        u128::from(self.now_ms().saturating_sub(since_ms)) > time_max.as_millis()
    }

    /// Never [`NEVER`].
    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX).max(1)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.waiting_since_ms.store(self.0.now_ms(), Ordering::Relaxed);
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.bodies.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_by_those_that_wait_longest_and_never_by_one_at_work() {
        let limits = Limits { connections_max: 9, head_time_max: Duration::MAX, idle_time_max: Duration::MAX };
        let registry = Arc::new(Registry::new(limits, Arc::default()));
        let entries: Vec<Entry> = (0..5).map(|_| registry.enter()).collect();
        let since = |n: usize, ms| entries[n].activity.waiting_since_ms.store(ms, Ordering::Relaxed);
        let _at_work = entries[0].activity.request(false);
        let _sending = (entries[1].activity.request(false), entries[1].activity.body());
        let _both = (entries[2].activity.request(true), entries[2].activity.request(true), entries[2].activity.body());
        (0..3).for_each(|n| since(n, 1));
        since(3, 30);
        since(4, 20);
        let asked = || entries.iter().map(|e| e.activity.asked.load(Ordering::Relaxed)).collect::<Vec<_>>();
        assert_eq!((registry.make_room(), asked()), (1, vec![0, 0, 0, 0, 2]));
        entries[3].activity.blocked(true);
        assert_eq!(registry.make_room(), 0, "a body and an answer on their way have some patience");
        entries[3].activity.blocked(false);
        assert_eq!((registry.make_room(), asked()), (1, vec![0, 0, 0, 2, 2]));
        assert_eq!(registry.make_room(), 0);
    }

    #[test]
    fn an_hour_in_a_body_is_no_longer_patience() {
        let an_hour_ago = Instant::now().checked_sub(Duration::from_secs(3_600)).unwrap();
        let activity = Arc::new(Activity::new(an_hour_ago));
        let _sending = (activity.request(false), activity.body());
        activity.waiting_since_ms.store(1, Ordering::Relaxed);
        assert_eq!(activity.can_make_room_since_ms(), Some(1));
        assert!(activity.may_be_cut(Ending::Room) && !activity.may_be_cut(Ending::Stop));
    }
}

//! What a connection is doing.
//!
//! A connection is *waiting for its client* while no request is being answered on it: between
//! requests, in a head, in a body, and where it does not take its answer. Only such connections are
//! ever closed by the gateway.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::Limits;
use crate::metrics::ClosedFor;

/// A client gets so long to send a body or to take an answer before its connection may make room.
const PATIENCE: Duration = Duration::from_secs(5);
const NEVER: u64 = 0;

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
    /// It has not taken the entire answer.
    is_blocked: AtomicBool,
    is_cut: AtomicBool,
    asked: AtomicU8,
    ask: Notify,
}

/// A request being answered, until dropped.
pub(super) struct Answering(Arc<Activity>);

/// A body being read, until dropped.
pub(super) struct Reading(Arc<Activity>);

impl Activity {
    /// Of a new connection.
    pub(super) fn new(started: Instant) -> Self {
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

    /// TLS is agreed on: what was read so far was no head.
    pub(super) fn shaken(&self) {
        self.head_since_ms.store(NEVER, Ordering::Relaxed);
        self.waiting_since_ms.store(self.now_ms(), Ordering::Relaxed);
    }

    /// Whether the client has not taken what was written.
    pub(super) fn blocked(&self, is_blocked: bool) {
        self.is_blocked.store(is_blocked, Ordering::Relaxed);
    }

    /// A head is complete.
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

    /// Whether it does.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut.load(Ordering::Relaxed)
    }

    pub(super) fn is_asked_to_end(&self) -> bool {
        self.asked.load(Ordering::Relaxed) != 0
    }

    #[cfg(test)]
    pub(super) fn set_waiting_since_ms(&self, since_ms: u64) {
        self.waiting_since_ms.store(since_ms, Ordering::Relaxed);
    }

    /// Asks the connection to end; whether it is the first to ask.
    pub(super) fn ask_to_end(&self, ending: Ending) -> bool {
        let is_first = self.asked.compare_exchange(0, ending as u8, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        if is_first {
            self.ask.notify_one();
        }
        is_first
    }

    /// Whether a time of it is over, and which.
    pub(super) fn overdue(&self, limits: &Limits) -> Option<ClosedFor> {
        if self.requests.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let head_since_ms = self.head_since_ms.load(Ordering::Relaxed);
        if head_since_ms != NEVER && self.is_over(head_since_ms, limits.head_time_max) {
            return Some(ClosedFor::SlowHead);
        }
        self.is_over(self.waiting_since_ms.load(Ordering::Relaxed), limits.idle_time_max).then_some(ClosedFor::Idle)
    }

    /// Since when it waits for its client, if it may be closed for another.
    pub(super) fn can_make_room_since_ms(&self) -> Option<u64> {
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
    fn an_hour_in_a_body_is_no_longer_patience() {
        let an_hour_ago = Instant::now().checked_sub(Duration::from_secs(3_600)).unwrap();
        let activity = Arc::new(Activity::new(an_hour_ago));
        let _sending = (activity.request(false), activity.body());
        activity.waiting_since_ms.store(1, Ordering::Relaxed);
        assert_eq!(activity.can_make_room_since_ms(), Some(1));
        assert!(activity.may_be_cut(Ending::Room) && !activity.may_be_cut(Ending::Stop));
    }
}

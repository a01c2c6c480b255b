//! Dead letters: dropped events with the reason, kept for a while so that they can be looked at and, after a fix, sent
//! again. With Kafka they are messages of a topic, in the form that `footfall-vector` gives its own; else rows of
//! `analytics.dead_letters`.
//!
//! No request waits for them, and none fails because of them: they go through a bounded queue, and are lost, and
//! counted, where that is full or the process is killed.

mod letter;
mod select;
mod table;
mod topic;
mod writer;

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use clap::ValueEnum;
use tokio::{sync::mpsc, task::JoinHandle};
use vector_components::validate::EVENT_BYTES_MAX;

use crate::{gate::Gate, metrics::Metrics};
pub use letter::{Context, DeadLetter, ORIGIN};
pub use select::Selection;
pub use table::{Table, TablePages};
pub use topic::{Topic, TopicPages};

/// Letters that wait to be written, and their bytes; more are lost.
const QUEUE_LETTERS_MAX: usize = 10_000;
const QUEUE_BYTES_MAX: usize = 16 << 20;

/// What is kept of a dropped event.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum What {
    /// The event, without its secrets, and the reason.
    #[default]
    Keep,
    /// The reason alone.
    Reasons,
    /// Nothing.
    Off,
}

/// What is kept, and where with Kafka.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What is kept.
    pub what: What,
    /// An event's JSON of more bytes is not kept.
    pub body_bytes_max: usize,
    /// The topic.
    pub topic: String,
}

impl Default for Policy {
    fn default() -> Self {
        Self { what: What::Keep, body_bytes_max: EVENT_BYTES_MAX, topic: "analytics.dead-letter".to_owned() }
    }
}

impl Policy {
    /// Whether the events themselves are kept.
    #[must_use]
    pub fn keeps_bodies(&self) -> bool {
        self.what == What::Keep
    }
}

/// Where letters are kept.
pub enum Place {
    /// In ClickHouse, as soon as the gate is open.
    Table(Box<Table>, Gate),
    /// In Kafka.
    Topic(Topic),
}

/// The way to the dead letters, shared by all requests.
#[derive(Clone)]
pub struct DeadLetters(Arc<Shared>);

struct Shared {
    policy: Policy,
    queue: Mutex<Option<(mpsc::Sender<DeadLetter>, JoinHandle<()>)>>,
    waiting_bytes: AtomicUsize,
    metrics: Arc<Metrics>,
}

impl DeadLetters {
    /// Starts the writer; none if nothing is to be kept.
    #[must_use]
    pub fn start(policy: Policy, place: Place, metrics: Arc<Metrics>) -> Option<Self> {
        if policy.what == What::Off {
            return None;
        }
        let (queue, waiting) = mpsc::channel(QUEUE_LETTERS_MAX);
        let shared = Arc::new(Shared { policy, queue: Mutex::default(), waiting_bytes: AtomicUsize::new(0), metrics });
        let task = tokio::spawn(writer::run(place, waiting, Arc::clone(&shared)));
        *shared.queue.lock().unwrap_or_else(PoisonError::into_inner) = Some((queue, task));
        Some(Self(shared))
    }

    /// What is kept.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// Keeps the letter that `make` makes, which is not asked if there is no room.
    pub fn keep(&self, make: impl FnOnce(&Policy) -> DeadLetter) {
        let queue =
            self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|(queue, _)| queue.clone());
        let has_room = self.0.waiting_bytes.load(Ordering::Relaxed) < QUEUE_BYTES_MAX;
        let kept = queue.filter(|queue| has_room && queue.capacity() > 0).is_some_and(|queue| {
            let letter = make(&self.0.policy);
            let bytes = letter.memory_bytes();
            let is_queued = queue.try_send(letter).is_ok();
            if is_queued {
                self.0.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
                self.0.metrics.dead_letters_waiting.inc();
            }
            is_queued
        });
        if !kept {
            self.0.metrics.dead_letters_lost.inc();
        }
    }

    /// Ends with what can be written in a short time.
    pub async fn close(&self) {
        let queue = self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((queue, task)) = queue else { return };
        drop(queue);
        writer::end(task).await;
    }
}

impl Shared {
    /// Letters are no longer waiting: they are kept or lost.
    fn settle(&self, letters: usize, bytes: usize, are_kept: bool) {
        self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        let letters = letters as u64;
        self.metrics.dead_letters_waiting.dec_by(i64::try_from(letters).unwrap_or(i64::MAX));
        if are_kept {
            self.metrics.dead_letters_kept.inc_by(letters);
        } else {
            self.metrics.dead_letters_lost.inc_by(letters);
        }
    }
}

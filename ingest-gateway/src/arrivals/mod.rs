//! What an event got from its first arrival, kept for later ones: its time if the client sent none,
//! its visitor if the client named nobody. Both are part of what identifies a stored event, and
//! must not change because the event is sent again later, from another address, or past midnight.
//!
//! Kept for 24 to 48 hours and for a bounded number of events, in a file: a restart or `kill -9`
//! forgets nothing. One thread reads and writes it; all that wait at once share one sync to disk.

mod store;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::Context;
use tokio::sync::oneshot;

use crate::metrics::Metrics;
use store::Store;

/// Requests that wait for the thread.
const QUEUE_REQUESTS_MAX: usize = 8_192;
/// Requests that share one sync to disk.
const GROUP_REQUESTS_MAX: usize = 1_024;
/// What is too old is forgotten without traffic as well.
const TICK: Duration = Duration::from_secs(60);

/// Milliseconds since 1970 UTC; a test has its own.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What an event got from an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// When it happened.
    pub timestamp_ms: i64,
    /// Who did it.
    pub visitor: u64,
}

/// One event that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// A hash of what the client sent to identify it.
    pub key: u128,
    /// What this arrival would give.
    pub given: Given,
    /// Kept if it is the first; else it is looked up alone.
    pub is_kept: bool,
}

/// What became of an event before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct First {
    /// What its first arrival gave.
    pub given: Given,
    /// It is known to be durable.
    pub is_stored: bool,
}

/// Why the memory could not be asked.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ArrivalsError {
    /// Too many requests wait for it.
    #[error("too many requests wait for the memory of arrivals")]
    Full,
    /// Its thread has ended.
    #[error("the gateway is stopping")]
    Stopping,
    /// Its file could not be read or written; the log says why.
    #[error("the memory of arrivals cannot be read or written")]
    Broken,
}

/// The memory, shared by all requests.
pub struct Arrivals {
    queue: SyncSender<Message>,
    thread: JoinHandle<()>,
    /// No event that was kept is later than this, of those that lay on a day after their arrival's.
    early_ms_max: AtomicI64,
}

enum Message {
    Ask(Vec<Asked>, oneshot::Sender<Result<Vec<First>, ArrivalsError>>),
    Stored(Vec<u128>),
}

impl Arrivals {
    /// Opens the file in `folder`.
    ///
    /// # Errors
    /// If that cannot be done.
    pub fn open(folder: &Path, events_max: u64, clock: Clock, metrics: Arc<Metrics>) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = folder.join("arrivals.redb");
        let now_ms = clock();
        let store = Store::open(&file, events_max, now_ms, metrics).with_context(|| {
            format!(
                "cannot open {}: if it is damaged, move it away; retries of the last day are then new",
                file.display()
            )
        })?;
        let (queue, messages) = sync_channel(QUEUE_REQUESTS_MAX);
        let thread =
            std::thread::Builder::new().name("arrivals".into()).spawn(move || serve(store, &messages, &clock))?;
        // What an earlier run kept is not known one by one.
        let early_ms_max = AtomicI64::new(now_ms.saturating_add(vector_components::timestamp::FUTURE_MS_MAX));
        Ok(Self { queue, thread, early_ms_max })
    }

    /// What the first arrivals of these events decided, in order. Those to be kept are on disk then.
    ///
    /// # Errors
    /// If the memory could not be asked; nothing is known then, and the events must not be stored.
    pub async fn first(&self, asked: Vec<Asked>) -> Result<Vec<First>, ArrivalsError> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let (answer, given) = oneshot::channel();
        self.queue.try_send(Message::Ask(asked, answer)).map_err(|error| match error {
            TrySendError::Full(_) => ArrivalsError::Full,
            TrySendError::Disconnected(_) => ArrivalsError::Stopping,
        })?;
        given.await.unwrap_or(Err(ArrivalsError::Stopping))
    }

    /// These are durable now. Written with what comes next: if it is lost, they are stored again
    /// under the same keys.
    pub fn stored(&self, keys: Vec<u128>) {
        if !keys.is_empty() {
            // As above: what finds no room is merely not known to be stored.
            let _ = self.queue.try_send(Message::Stored(keys));
        }
    }

    /// An event of a day after its arrival's is kept, at `timestamp_ms`.
    pub fn keeps_early(&self, timestamp_ms: i64) {
        self.early_ms_max.fetch_max(timestamp_ms, Ordering::Relaxed);
    }

    /// Whether an event of `timestamp_ms` may have arrived on the day before its own.
    pub fn may_know(&self, timestamp_ms: i64) -> bool {
        timestamp_ms <= self.early_ms_max.load(Ordering::Relaxed)
    }

    /// Writes what is left.
    pub async fn close(self) {
        drop(self.queue);
        let thread = self.thread;
        if !matches!(tokio::task::spawn_blocking(move || thread.join()).await, Ok(Ok(()))) {
            tracing::error!("the memory of arrivals ended badly");
        }
    }
}

/// Wait → gather what waits → one look and one write for all → answer, until the queue is closed.
fn serve(mut store: Store, messages: &Receiver<Message>, clock: &Clock) {
    loop {
        let first = match messages.recv_timeout(TICK) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let mut group = Vec::new();
        for message in first.into_iter().chain(messages.try_iter()).take(GROUP_REQUESTS_MAX) {
            match message {
                Message::Ask(asked, answer) => group.push((asked, answer)),
                Message::Stored(keys) => store.mark_stored(keys),
            }
        }
        let asked: Vec<&[Asked]> = group.iter().map(|(asked, _)| asked.as_slice()).collect();
        match store.first(&asked, clock()) {
            Ok(answers) => {
                for ((_, answer), first) in group.into_iter().zip(answers) {
                    // A request that is gone has been answered by its time limit.
                    let _ = answer.send(Ok(first));
                }
            }
            Err(error) => {
                tracing::error!(%error, "the memory of arrivals cannot be read or written; senders are told to send again");
                for (_, answer) in group {
                    let _ = answer.send(Err(ArrivalsError::Broken));
                }
            }
        }
    }
    if let Err(error) = store.flush() {
        tracing::error!(%error, "the memory of arrivals could not be written at the end");
    }
}

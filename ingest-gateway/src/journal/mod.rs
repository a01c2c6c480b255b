//! Events that are durable here and not yet in the sink: a bounded file that survives `kill -9`, from which
//! the sink takes records in the order in which they came.
//!
//! One thread writes it; all requests that wait at once share one sync to disk. A record is removed after the
//! sink has it. If the gateway ends in between, the sink gets it again, which changes nothing: what identifies a
//! stored event is a function of what was sent.

#[cfg(test)]
mod damage;
mod store;
mod writer;

use std::{
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::Context;
use bytes::Bytes;
use tokio::sync::{Notify, oneshot};

use crate::metrics::Metrics;
use store::{Databases, Store};

/// Requests that wait for the thread.
const QUEUE_REQUESTS_MAX: usize = 16_384;
/// There is no record.
const NONE_MS: i64 = i64::MAX;

/// The queues of a journal; one never waits behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// What happens now.
    Live,
    /// Old events, which ClickHouse takes more time for.
    Backfill,
}

impl Lane {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Live, Self::Backfill];
}

/// Encoded events of one lane; only the sink knows how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its queue.
    pub lane: Lane,
    /// How many events.
    pub events: usize,
    /// Months that they lie in, as the sink counts them.
    pub months: Vec<i32>,
    /// The events.
    pub bytes: Bytes,
}

/// What a journal may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all records.
    pub bytes_max: u64,
    /// How long the oldest record may wait; after that nothing more is taken.
    pub age_max: Duration,
}

/// Why a journal did not take records.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum JournalError {
    /// It holds as much as it may.
    #[error(
        "the journal is full: {bytes} bytes wait for the sink, at most {bytes_max} are allowed by FOOTFALL_JOURNAL_BYTES_MAX"
    )]
    Full {
        /// Bytes that wait.
        bytes: u64,
        /// The limit.
        bytes_max: u64,
    },
    /// The sink has been away for too long.
    #[error(
        "the oldest event in the journal has waited for the sink for {age_s} s, at most {age_max_s} are allowed by FOOTFALL_JOURNAL_AGE_S_MAX"
    )]
    TooOld {
        /// Its age.
        age_s: u64,
        /// The limit.
        age_max_s: u64,
    },
    /// Too many requests wait for the disk.
    #[error("too many requests wait for the journal")]
    Busy,
    /// Its thread has ended.
    #[error("the gateway is stopping")]
    Stopping,
    /// Its file could not be read or written; the log says why.
    #[error("the journal cannot be read or written")]
    Broken,
}

/// The journal, shared by all requests.
pub struct Journal {
    queue: SyncSender<Message>,
    thread: JoinHandle<()>,
    shared: Arc<Shared>,
    limits: Limits,
}

/// A record with its number in its lane.
pub type Numbered = (u64, Record);

enum Message {
    Append(Vec<Record>, oneshot::Sender<Result<(), JournalError>>),
    Remove(Lane, u64, oneshot::Sender<Result<(), JournalError>>),
}

/// What the thread and the handle both know.
struct Shared {
    folder: PathBuf,
    databases: Databases,
    /// Bytes of records that are in the file.
    bytes: AtomicU64,
    /// Bytes of records on their way to it.
    reserved_bytes: AtomicU64,
    /// When the oldest record of each lane came, in milliseconds since 1970.
    oldest_ms: [AtomicI64; 2],
    appended: [Notify; 2],
    metrics: Arc<Metrics>,
}

impl Shared {
    /// Keeps what is left of a damaged record, for a person to look at.
    fn set_aside(&self, lane: Lane, number: u64, events: usize, bytes: &[u8]) {
        let file = self.folder.join(format!("journal-damaged-{}-{number}", lane as usize));
        let is_first = !file.exists();
        let is_kept = std::fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&file);
        let is_kept = is_kept.and_then(|mut file| file.write_all(bytes)).is_ok();
        tracing::error!(events, is_kept, file = %file.display(), "a record of the journal is damaged and passed over");
        if is_first {
            self.metrics.journal_damaged.inc_by(events as u64);
        }
    }
}

/// Room for records on their way to the file; given back when it is dropped, as those of the file count then.
struct Reserved<'a> {
    shared: &'a Shared,
    bytes: u64,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        self.shared.reserved_bytes.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}

impl Journal {
    /// Opens the file in `folder`, with what an earlier run left.
    ///
    /// # Errors
    /// If that cannot be done.
    pub fn open(folder: &Path, limits: Limits, metrics: Arc<Metrics>) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let file = folder.join("journal.redb");
        let advice = || {
            format!(
                "cannot open {}: if it is damaged, move it away; events in it that the sink does not have are lost then",
                file.display()
            )
        };
        let shared = Arc::new(Shared {
            folder: folder.to_owned(),
            databases: Databases::default(),
            bytes: AtomicU64::new(0),
            reserved_bytes: AtomicU64::new(0),
            oldest_ms: [AtomicI64::new(NONE_MS), AtomicI64::new(NONE_MS)],
            appended: [Notify::new(), Notify::new()],
            metrics,
        });
        shared.metrics.journal_bytes_max.set(i64::try_from(limits.bytes_max).unwrap_or(i64::MAX));
        let store = writer::unpanicked(|| Store::open(&file, Arc::clone(&shared)));
        let store = store.map_err(anyhow::Error::msg).with_context(advice)?;
        let (queue, messages) = sync_channel(QUEUE_REQUESTS_MAX);
        let thread = std::thread::Builder::new().name("journal".into()).spawn(move || writer::run(store, &messages))?;
        Ok(Self { queue, thread, shared, limits })
    }

    /// Makes records durable.
    ///
    /// # Errors
    /// If there is no room or the disk refuses them. None of them is in the journal then, unless it is
    /// [`JournalError::Broken`].
    pub async fn append(&self, records: Vec<Record>) -> Result<(), JournalError> {
        let bytes = records.iter().map(|record| record.bytes.len() as u64).sum();
        self.check_age()?;
        let _reserved = self.reserve(bytes)?;
        self.ask(|answer| Message::Append(records, answer)).await
    }

    /// Whether it takes events now, with a twentieth of its room left.
    ///
    /// # Errors
    /// If it is full, its file cannot be written, or the oldest record is too old.
    pub fn check(&self) -> Result<(), JournalError> {
        if !self.shared.databases.is_open() {
            return Err(JournalError::Broken);
        }
        self.check_age()?;
        self.reserve((self.limits.bytes_max / 20).max(1)).map(drop)
    }

    /// The oldest records of a lane, at least one if there is any, and no more than `take` says yes to.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn oldest(
        &self,
        lane: Lane,
        take: impl FnMut(&Record) -> bool + Send + 'static,
    ) -> Result<Vec<Numbered>, JournalError> {
        let shared = Arc::clone(&self.shared);
        let read = tokio::task::spawn_blocking(move || {
            let damaged = |number, events, bytes: &[u8]| shared.set_aside(lane, number, events, bytes);
            shared.databases.oldest(lane, take, damaged)
        });
        match read.await {
            Ok(Ok(records)) => Ok(records),
            Ok(Err(error)) => {
                tracing::error!(%error, "the journal cannot be read");
                Err(JournalError::Broken)
            }
            Err(error) => {
                tracing::error!(%error, "the journal cannot be read: its file is damaged");
                Err(JournalError::Broken)
            }
        }
    }

    /// The sink has the records up to this number.
    ///
    /// # Errors
    /// If the file cannot be written: the records will be read again.
    pub async fn remove(&self, lane: Lane, through: u64) -> Result<(), JournalError> {
        self.ask(|answer| Message::Remove(lane, through, answer)).await
    }

    /// Whether the lane has no record.
    pub fn is_empty(&self, lane: Lane) -> bool {
        self.shared.oldest_ms[lane as usize].load(Ordering::Acquire) == NONE_MS
    }

    /// Waits until the lane has a record.
    pub async fn not_empty(&self, lane: Lane) {
        let appended = self.shared.appended[lane as usize].notified();
        if self.is_empty(lane) {
            appended.await;
        }
    }

    /// Ends; what is in it stays for the next start.
    pub async fn close(self) {
        drop(self.queue);
        let thread = self.thread;
        if !matches!(tokio::task::spawn_blocking(move || thread.join()).await, Ok(Ok(()))) {
            tracing::error!("the journal's thread panicked");
        }
    }

    fn check_age(&self) -> Result<(), JournalError> {
        let oldest_ms = self.shared.oldest_ms.iter().map(|ms| ms.load(Ordering::Relaxed)).min().unwrap_or(NONE_MS);
        let age_ms = chrono::Utc::now().timestamp_millis().saturating_sub(oldest_ms);
        let age = Duration::from_millis(u64::try_from(age_ms).unwrap_or(0));
        if age > self.limits.age_max {
            return Err(JournalError::TooOld { age_s: age.as_secs(), age_max_s: self.limits.age_max.as_secs() });
        }
        Ok(())
    }

    fn reserve(&self, bytes: u64) -> Result<Reserved<'_>, JournalError> {
        let (bytes_max, waiting) = (self.limits.bytes_max, self.shared.bytes.load(Ordering::Acquire));
        let reserve = |reserved: u64| {
            let reserved = reserved.checked_add(bytes)?;
            waiting.checked_add(reserved).filter(|all| *all <= bytes_max).map(|_| reserved)
        };
        let reserved = self.shared.reserved_bytes.fetch_update(Ordering::AcqRel, Ordering::Acquire, reserve);
        let full = |reserved: u64| JournalError::Full { bytes: waiting + reserved, bytes_max };
        reserved.map_err(full).map(|_| Reserved { shared: &self.shared, bytes })
    }

    async fn ask(
        &self,
        message: impl FnOnce(oneshot::Sender<Result<(), JournalError>>) -> Message,
    ) -> Result<(), JournalError> {
        let (answer, done) = oneshot::channel();
        self.queue.try_send(message(answer)).map_err(|error| match error {
            TrySendError::Full(_) => JournalError::Busy,
            TrySendError::Disconnected(_) => JournalError::Stopping,
        })?;
        done.await.unwrap_or(Err(JournalError::Stopping))
    }
}

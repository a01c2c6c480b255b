//! Where events go while Kafka is away, or always ([`DurableIn::Journal`]): into the journal, and from there to Kafka
//! in their order. As long as there are any, new ones go the same way, so that those of a visitor stay in order.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{sync::watch, task::JoinHandle};

use super::{super::NotDurable, message::Message, producing::Producing};
use crate::{
    journal::{Journal, JournalError, Lane, Numbered, Record},
    options::DurableIn,
};

/// Produced at once.
const BATCH_BYTES_MAX: usize = 4 << 20;
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Where all events take this way, those of so long go to Kafka at once: large batches cost Kafka a fraction of small ones.
const GATHER_TIME: Duration = Duration::from_millis(200);
/// At the end; what is left stays in the journal.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(10);

/// The journal of a Kafka sink.
pub struct Spill {
    journal: Arc<Journal>,
    takes_all: bool,
    /// Requests whose events are on their way into the journal.
    appending: AtomicUsize,
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

impl Spill {
    /// Starts with what is in the journal.
    pub fn start(journal: Journal, durable_in: DurableIn, producing: Arc<Producing>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let journal = Arc::new(journal);
        let takes_all = durable_in == DurableIn::Journal;
        let gather_time = if takes_all { GATHER_TIME } else { Duration::ZERO };
        let task = tokio::spawn(drain(Arc::clone(&journal), producing, gather_time, stopped));
        Self { journal, takes_all, appending: AtomicUsize::new(0), task, stop }
    }

    /// Whether events take this way: all do, or some wait for Kafka.
    pub fn is_active(&self) -> bool {
        self.takes_all || self.appending.load(Ordering::Acquire) > 0 || !self.journal.is_empty(Lane::Live)
    }

    /// Makes messages durable: `bytes` are those of `events` events, one after another.
    pub async fn append(&self, events: usize, bytes: Vec<u8>) -> Result<(), NotDurable> {
        let _appending = Appending::start(&self.appending);
        let record = Record { lane: Lane::Live, events, months: Vec::new(), bytes: bytes.into() };
        Ok(self.journal.append(vec![record]).await?)
    }

    /// Whether it takes events now.
    pub fn check(&self) -> Result<(), JournalError> {
        self.journal.check()
    }

    /// Ends with what Kafka takes in time.
    pub async fn close(self) {
        let _ = self.stop.send(true);
        let task = self.task.abort_handle();
        if tokio::time::timeout(CLOSE_TIME_MAX, self.task).await.is_err() {
            task.abort();
            tracing::warn!("Kafka is away: events are left in the journal for the next start");
        }
        if let Some(journal) = Arc::into_inner(self.journal) {
            journal.close().await;
        }
    }
}

/// A request that is appending, until it is dropped.
struct Appending<'a>(&'a AtomicUsize);

impl<'a> Appending<'a> {
    fn start(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Appending<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Wait for records → gather → read → produce, repeated until Kafka has all → remove.
async fn drain(
    journal: Arc<Journal>,
    producing: Arc<Producing>,
    gather_time: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let mut has_more = false;
    loop {
        tokio::select! {
            () = journal.not_empty(Lane::Live) => {}
            _ = stop.wait_for(|stop| *stop) => if journal.is_empty(Lane::Live) { return },
        }
        if !has_more && !gather_time.is_zero() {
            let _ = tokio::time::timeout(gather_time, stop.wait_for(|stop| *stop)).await;
        }
        has_more = match drain_once(&journal, &producing).await {
            Ok(has_more) => has_more,
            Err(error) => {
                tracing::warn!(%error, "Kafka does not take the events of the journal; they are kept");
                tokio::time::sleep(RETRY_PAUSE).await;
                true
            }
        };
    }
}

/// Says whether a whole batch was waiting, and so probably the next.
async fn drain_once(journal: &Journal, producing: &Producing) -> Result<bool, NotDurable> {
    let mut bytes = 0;
    let fits = move |record: &Record| {
        bytes += record.bytes.len();
        bytes <= BATCH_BYTES_MAX
    };
    let records = journal.oldest(Lane::Live, fits).await?;
    let Some((through, _)) = records.last() else { return Ok(false) };
    let through = *through;
    produce(producing, &records).await?;
    journal.remove(Lane::Live, through).await?;
    let bytes: usize = records.iter().map(|(_, record)| record.bytes.len()).sum();
    Ok(bytes >= BATCH_BYTES_MAX / 2)
}

async fn produce(producing: &Producing, records: &[Numbered]) -> Result<(), NotDurable> {
    let messages: Vec<Message<'_>> = records.iter().flat_map(|(_, record)| Message::read(&record.bytes)).collect();
    let too_large = producing.deliver(&messages).await?;
    for index in too_large {
        let message = messages[index];
        if producing.is_too_large_alone(message).await? {
            producing.drop_too_large(message);
        }
    }
    Ok(())
}

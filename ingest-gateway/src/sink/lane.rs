//! One lane of inserts without a journal: blocks of all requests, gathered into one insert at a time, whose result
//! answers them.
//!
//! While one insert runs, the next batch gathers; an insert starts at once if none ran for the interval.

use std::time::{Duration, Instant};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{
    NotDurable,
    block::Block,
    insert::{InsertSize, Inserter},
};

/// Blocks that wait for the inserter; the number of events is limited before.
const QUEUE_BLOCKS_MAX: usize = 65_536;
/// A failing insert is repeated for so long, then its requests are told.
const RETRY_TIME_MAX: Duration = Duration::from_secs(15);
const RETRY_PAUSE_MIN: Duration = Duration::from_millis(50);
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(2);

/// The lane's handle, shared by the requests.
pub struct Lane {
    queue: mpsc::Sender<Waiting>,
    inserter: JoinHandle<()>,
}

/// The answer to a block that was queued.
pub type Inserted = oneshot::Receiver<Result<(), NotDurable>>;

struct Waiting {
    block: Block,
    done: oneshot::Sender<Result<(), NotDurable>>,
}

impl Lane {
    /// Starts the inserter.
    pub fn start(inserter: Inserter, interval: Duration) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_BLOCKS_MAX);
        Self { queue, inserter: tokio::spawn(insert_batches(inserter, waiting, interval)) }
    }

    /// Queues a block.
    pub fn queue(&self, block: Block) -> Result<Inserted, NotDurable> {
        let (done, inserted) = oneshot::channel();
        self.queue.try_send(Waiting { block, done }).map_err(|_| NotDurable::QueueFull)?;
        Ok(inserted)
    }

    /// Ends after what is queued.
    pub async fn close(self) {
        drop(self.queue);
        if let Err(error) = self.inserter.await {
            tracing::error!(%error, "the inserter ended badly");
        }
    }
}

/// Gather → insert → answer, until the queue is closed and empty.
async fn insert_batches(inserter: Inserter, mut queue: mpsc::Receiver<Waiting>, interval: Duration) {
    let mut last_start: Option<Instant> = None;
    let mut left_over = None;
    loop {
        let next = match left_over.take() {
            Some(waiting) => Some(waiting),
            None => queue.recv().await,
        };
        let Some(first) = next else { return };
        if let Some(wait) = last_start.and_then(|at| interval.checked_sub(at.elapsed())) {
            tokio::time::sleep(wait).await;
        }
        last_start = Some(Instant::now());
        let batch;
        (batch, left_over) = gather(first, &mut queue);
        let (blocks, senders): (Vec<_>, Vec<_>) =
            batch.into_iter().map(|waiting| (waiting.block, waiting.done)).unzip();
        let result = insert_repeatedly(&inserter, &blocks).await;
        for done in senders {
            // A request that is gone has been answered by its time limit.
            let _ = done.send(result.clone());
        }
    }
}

/// The blocks of one insert, and the one that did not fit any more.
fn gather(first: Waiting, queue: &mut mpsc::Receiver<Waiting>) -> (Vec<Waiting>, Option<Waiting>) {
    let mut size = InsertSize::of(std::slice::from_ref(&first.block));
    let mut batch = vec![first];
    while let Ok(next) = queue.try_recv() {
        if !size.add(next.block.count, next.block.rows.len(), &next.block.months) {
            return (batch, Some(next));
        }
        batch.push(next);
    }
    (batch, None)
}

async fn insert_repeatedly(inserter: &Inserter, blocks: &[Block]) -> Result<(), NotDurable> {
    let started = Instant::now();
    let mut pause = RETRY_PAUSE_MIN;
    loop {
        let Err(error) = inserter.insert(blocks).await else { return Ok(()) };
        if started.elapsed() + pause > RETRY_TIME_MAX {
            tracing::error!(%error, "an insert failed for good; its senders are told to send again");
            return Err(NotDurable::ClickHouse);
        }
        tracing::warn!(%error, pause_ms = pause.as_millis(), "an insert failed and is repeated");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RETRY_PAUSE_MAX);
    }
}

//! One lane of inserts: blocks of all requests, gathered into one insert at a time.
//!
//! While one insert runs, the next batch gathers; an insert starts at once if none ran
//! for the interval. A failed insert is repeated with the same deduplication token, so
//! that one whose answer was lost is not stored twice.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use clickhouse::Client;
use sha2::{Digest, Sha256};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use uuid::Uuid;

use super::{
    NotDurable,
    block::{Block, Months},
};
use crate::metrics::Metrics;

/// Rows in one insert, and bytes before compression, at most; a single block may be over it.
const INSERT_ROWS_MAX: usize = 20_000;
const INSERT_BYTES_MAX: usize = 16 << 20;
/// Compressed at a time.
const PIECE_BYTES: usize = 256 << 10;
/// Blocks that wait for the inserter; the number of events is limited before.
const QUEUE_BLOCKS_MAX: usize = 65_536;
/// A failing insert is repeated for so long, then its requests are told.
const RETRY_TIME_MAX: Duration = Duration::from_secs(15);
const RETRY_PAUSE_MIN: Duration = Duration::from_millis(50);
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(2);
/// One insert's sending and its commit, each.
const INSERT_TIME_MAX: Duration = Duration::from_secs(20);
const INSERT: &str = "INSERT INTO analytics.events FORMAT JSONEachRow";

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
    pub fn start(client: Client, interval: Duration, metrics: Arc<Metrics>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_BLOCKS_MAX);
        Self { queue, inserter: tokio::spawn(insert_batches(client, waiting, interval, metrics)) }
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
async fn insert_batches(client: Client, mut queue: mpsc::Receiver<Waiting>, interval: Duration, metrics: Arc<Metrics>) {
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
        #[expect(clippy::cast_precision_loss, reason = "a histogram's value")]
        metrics.insert_rows.observe(batch.iter().map(|w| w.block.count).sum::<usize>() as f64);
        let result = insert_repeatedly(&client, &batch).await;
        for waiting in batch {
            // A request that is gone has been answered by its time limit.
            let _ = waiting.done.send(result.clone());
        }
    }
}

/// The blocks of one insert, and the one that did not fit any more.
fn gather(first: Waiting, queue: &mut mpsc::Receiver<Waiting>) -> (Vec<Waiting>, Option<Waiting>) {
    let mut months = Months::default();
    months.join(&first.block.months);
    let (mut count, mut bytes) = (first.block.count, first.block.rows.len());
    let mut batch = vec![first];
    while let Ok(next) = queue.try_recv() {
        count += next.block.count;
        bytes += next.block.rows.len();
        if count > INSERT_ROWS_MAX || bytes > INSERT_BYTES_MAX || !months.join(&next.block.months) {
            return (batch, Some(next));
        }
        batch.push(next);
    }
    (batch, None)
}

async fn insert_repeatedly(client: &Client, batch: &[Waiting]) -> Result<(), NotDurable> {
    let started = Instant::now();
    let token = token(batch);
    let mut pause = RETRY_PAUSE_MIN;
    loop {
        let Err(error) = insert(client, &token, batch).await else { return Ok(()) };
        if started.elapsed() + pause > RETRY_TIME_MAX {
            tracing::error!(%error, "an insert failed for good; its senders are told to send again");
            return Err(NotDurable::ClickHouse);
        }
        tracing::warn!(%error, pause_ms = pause.as_millis(), "an insert failed and is repeated");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RETRY_PAUSE_MAX);
    }
}

/// The same for the same rows.
fn token(batch: &[Waiting]) -> String {
    let mut hasher = Sha256::new();
    batch.iter().for_each(|waiting| hasher.update(&waiting.block.rows));
    let digest = hasher.finalize();
    // The digest is twice as long.
    let half: [u8; 16] = std::array::from_fn(|at| digest[at]);
    Uuid::from_bytes(half).to_string()
}

async fn insert(client: &Client, token: &str, batch: &[Waiting]) -> Result<(), clickhouse::error::Error> {
    let insert = client.insert_formatted_with(INSERT).with_setting("insert_deduplication_token", token);
    // Repeated, it fills the view as well, whose insert may be what failed: not every ClickHouse does so by itself.
    let insert = insert.with_setting("deduplicate_blocks_in_dependent_materialized_views", "1");
    let insert = insert.with_timeouts(Some(INSERT_TIME_MAX), Some(INSERT_TIME_MAX));
    let mut insert = insert.buffered_with_capacity(PIECE_BYTES);
    for waiting in batch {
        // Piece by piece: no copy of all rows is made.
        let mut rest = &*waiting.block.rows;
        while !rest.is_empty() {
            let written = insert.write(rest).await?;
            rest = &rest[written..];
        }
    }
    insert.end().await
}

//! Enrich in this process and insert into ClickHouse, in batches shared by all requests.
//!
//! While one insert runs, the next batch gathers; an insert starts at once if none ran
//! for the interval. A failed insert is repeated with the same deduplication token, so
//! that one whose answer was lost is not stored twice.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use clickhouse::Client;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use uuid::Uuid;
use vector_components::{Enricher, Event};

use crate::{metrics::Metrics, salt::SaltKeeper};

/// Rows in one insert, at most; a larger request is one insert of its own.
const INSERT_ROWS_MAX: usize = 20_000;
/// Requests that wait for the inserter; the number of events is limited before.
const QUEUE_REQUESTS_MAX: usize = 65_536;
/// A failing insert is repeated for so long, then its requests are told.
const RETRY_TIME_MAX: Duration = Duration::from_secs(15);
const RETRY_PAUSE_MIN: Duration = Duration::from_millis(50);
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(2);
/// One insert's sending and its commit, each.
const INSERT_TIME_MAX: Duration = Duration::from_secs(20);
const PING_TIME_MAX: Duration = Duration::from_secs(2);
const INSERT: &str = "INSERT INTO analytics.events FORMAT JSONEachRow";

/// The sink's handle, shared by the requests.
pub struct Direct {
    enricher: Arc<Enricher>,
    salts: SaltKeeper,
    client: Client,
    queue: mpsc::Sender<Waiting>,
    inserter: JoinHandle<()>,
}

struct Waiting {
    rows: Bytes,
    count: usize,
    done: oneshot::Sender<Result<(), String>>,
}

impl Direct {
    /// Starts the inserter.
    #[must_use]
    pub fn start(
        client: Client,
        enricher: Arc<Enricher>,
        salts: SaltKeeper,
        interval: Duration,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_REQUESTS_MAX);
        // A backfill touches many months in one insert; each becomes a part, merged later.
        let inserting = client.clone().with_setting("max_partitions_per_insert_block", "0");
        let inserter = tokio::spawn(insert_batches(inserting, waiting, interval, metrics));
        Self { enricher, salts, client, queue, inserter }
    }

    /// Enriches, queues and waits for the commit.
    pub(super) async fn store(&self, events: &[Event<'static>]) -> Result<(), String> {
        let mut rows = Vec::with_capacity(events.len() * 700);
        for event in events {
            let salt = self.salts.salt_of(event.timestamp_ms, event.received_at_ms).map_err(|e| e.to_string())?;
            let enriched = self.enricher.enrich(event, &salt);
            enriched.row().write_json(&mut rows);
            rows.push(b'\n');
        }
        let (done, answer) = oneshot::channel();
        let waiting = Waiting { rows: rows.into(), count: events.len(), done };
        self.queue.try_send(waiting).map_err(|_| "too many requests are waiting".to_owned())?;
        answer.await.unwrap_or_else(|_| Err("the gateway is stopping".to_owned()))
    }

    pub(super) async fn ready(&self) -> Result<(), String> {
        let ping =
            self.client.query_raw("SELECT count() FROM system.tables WHERE database = 'analytics' AND name = 'events'");
        match tokio::time::timeout(PING_TIME_MAX, ping.fetch_one::<u64>()).await {
            Ok(Ok(1)) => Ok(()),
            Ok(Ok(_)) => Err("the table analytics.events is missing: run `ingest-gateway migrate`".into()),
            Ok(Err(error)) => Err(format!("ClickHouse: {error}")),
            Err(_) => Err(format!("ClickHouse did not answer in {} s", PING_TIME_MAX.as_secs())),
        }
    }

    pub(super) async fn close(self) {
        drop(self.queue);
        if let Err(error) = self.inserter.await {
            tracing::error!(%error, "the inserter ended badly");
        }
    }
}

/// Gather → insert → answer, until the queue is closed and empty.
async fn insert_batches(client: Client, mut queue: mpsc::Receiver<Waiting>, interval: Duration, metrics: Arc<Metrics>) {
    let mut last_start: Option<Instant> = None;
    while let Some(first) = queue.recv().await {
        if let Some(wait) = last_start.and_then(|at| interval.checked_sub(at.elapsed())) {
            tokio::time::sleep(wait).await;
        }
        last_start = Some(Instant::now());
        let batch = gather(first, &mut queue);
        let count: usize = batch.iter().map(|w| w.count).sum();
        let mut rows = BytesMut::with_capacity(batch.iter().map(|w| w.rows.len()).sum());
        batch.iter().for_each(|w| rows.extend_from_slice(&w.rows));
        #[expect(clippy::cast_precision_loss, reason = "a histogram's value")]
        metrics.insert_rows.observe(count as f64);
        let result = insert_repeatedly(&client, rows.freeze()).await;
        for waiting in batch {
            // A request that is gone has been answered by its time limit.
            let _ = waiting.done.send(result.clone());
        }
    }
}

fn gather(first: Waiting, queue: &mut mpsc::Receiver<Waiting>) -> Vec<Waiting> {
    let mut count = first.count;
    let mut batch = vec![first];
    while count < INSERT_ROWS_MAX {
        match queue.try_recv() {
            Ok(next) => {
                count += next.count;
                batch.push(next);
            }
            Err(_) => break,
        }
    }
    batch
}

async fn insert_repeatedly(client: &Client, rows: Bytes) -> Result<(), String> {
    let started = Instant::now();
    let token = Uuid::new_v5(&Uuid::NAMESPACE_OID, &rows).to_string();
    let mut pause = RETRY_PAUSE_MIN;
    loop {
        let Err(error) = insert(client, &token, rows.clone()).await else { return Ok(()) };
        if started.elapsed() + pause > RETRY_TIME_MAX {
            tracing::error!(%error, "an insert failed for good; its senders are told to send again");
            return Err("ClickHouse did not take them".into());
        }
        tracing::warn!(%error, pause_ms = pause.as_millis(), "an insert failed and is repeated");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RETRY_PAUSE_MAX);
    }
}

async fn insert(client: &Client, token: &str, rows: Bytes) -> Result<(), clickhouse::error::Error> {
    let insert = client.insert_formatted_with(INSERT).with_setting("insert_deduplication_token", token);
    let mut insert = insert.with_timeouts(Some(INSERT_TIME_MAX), Some(INSERT_TIME_MAX));
    insert.send(rows).await?;
    insert.end().await
}

//! One lane of inserts out of the journal: what gathered there since the last insert becomes the next one.
//!
//! Nobody waits for an insert, so the pause between two follows what an insert costs: unless there is a backlog,
//! ClickHouse is busy with inserts for a fifth of the time at most.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinHandle};

use super::{
    block::{Block, Months},
    insert::{InsertSize, Inserter},
};
use crate::{
    gate::Gate,
    journal::{Journal, JournalError, Lane, Numbered, Record},
};

/// The pause is so many times as long as the insert before it.
const PAUSE_FACTOR: u32 = 4;
/// Between two inserts, so that an event is seen within a second.
const PAUSE_MAX: Duration = Duration::from_millis(500);
/// After a failed insert.
const RETRY_PAUSE_MIN: Duration = Duration::from_millis(50);
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(5);
/// At the end; what is left stays in the journal.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(15);

/// A running lane.
pub struct Drain {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
}

struct Worker {
    journal: Arc<Journal>,
    lane: Lane,
    inserter: Inserter,
    pause_min: Duration,
    gate: Gate,
    stop: watch::Receiver<bool>,
}

/// What is inserted at once.
struct Batch {
    through: u64,
    blocks: Vec<Block>,
    /// There may be more in the journal.
    is_full: bool,
}

impl Drain {
    /// Starts with what is in the journal, as soon as the gate is open.
    pub fn start(journal: Arc<Journal>, lane: Lane, inserter: Inserter, pause_min: Duration, gate: Gate) -> Self {
        let (stop, stopped) = watch::channel(false);
        let worker = Worker { journal, lane, inserter, pause_min, gate, stop: stopped };
        Self { task: tokio::spawn(worker.run()), stop }
    }

    /// Inserts what is there, as far as ClickHouse takes it in time.
    pub async fn close(self) {
        let _ = self.stop.send(true);
        let task = self.task.abort_handle();
        if tokio::time::timeout(CLOSE_TIME_MAX, self.task).await.is_err() {
            task.abort();
            tracing::warn!("events are left in the journal for the next start");
        }
    }
}

impl Worker {
    /// Wait for the tables → wait for records → pause → read → insert, repeated until it succeeds → remove.
    async fn run(mut self) {
        let mut pause = Duration::ZERO;
        let mut last_start: Option<Instant> = None;
        if !self.is_open().await {
            return;
        }
        while self.has_records().await {
            if let Some(rest) = last_start.and_then(|at| pause.checked_sub(at.elapsed())) {
                self.sleep(rest).await;
            }
            let started = Instant::now();
            last_start = Some(started);
            match self.drain_once().await {
                Ok(true) => pause = Duration::ZERO,
                Ok(false) => pause = (started.elapsed() * PAUSE_FACTOR).clamp(self.pause_min, PAUSE_MAX),
                // The log says why; the records are still there.
                Err(_) => pause = RETRY_PAUSE_MAX,
            }
            if *self.stop.borrow() {
                pause = Duration::ZERO;
            }
        }
    }

    /// Waits for the tables; false when it is time to end before, with all records left for the next start.
    async fn is_open(&mut self) -> bool {
        tokio::select! {
            () = self.gate.opened() => true,
            _ = self.stop.wait_for(|stop| *stop) => false,
        }
    }

    /// Waits for records; false when it is time to end and there is none.
    async fn has_records(&mut self) -> bool {
        tokio::select! {
            () = self.journal.not_empty(self.lane) => true,
            _ = self.stop.wait_for(|stop| *stop) => !self.journal.is_empty(self.lane),
        }
    }

    /// Ends early when it is time to stop.
    async fn sleep(&mut self, time: Duration) {
        let _ = tokio::time::timeout(time, self.stop.wait_for(|stop| *stop)).await;
    }

    /// Says whether there is more.
    async fn drain_once(&mut self) -> Result<bool, JournalError> {
        let Some(batch) = self.batch().await? else { return Ok(false) };
        let mut pause = RETRY_PAUSE_MIN;
        // Nothing is left to insert if all of it is damaged.
        while !batch.blocks.is_empty()
            && let Err(error) = self.inserter.insert(&batch.blocks).await
        {
            tracing::warn!(%error, pause_ms = pause.as_millis(), "an insert failed and is repeated; its events are in the journal");
            // Not cut short: this is what limits how often a ClickHouse in trouble is asked.
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_PAUSE_MAX);
        }
        self.journal.remove(self.lane, batch.through).await?;
        Ok(batch.is_full)
    }

    async fn batch(&self) -> Result<Option<Batch>, JournalError> {
        let mut size = InsertSize::default();
        let fits =
            move |record: &Record| size.add(record.events, record.bytes.len(), &Months::from(record.months.clone()));
        let records = self.journal.oldest(self.lane, fits).await?;
        let Some((through, _)) = records.last() else { return Ok(None) };
        let through = *through;
        let is_whole = |(_, record): &Numbered| record.events > 0;
        let blocks: Vec<Block> = records.into_iter().filter(is_whole).map(block).collect();
        let is_full = InsertSize::of(&blocks).is_large();
        Ok(Some(Batch { through, blocks, is_full }))
    }
}

fn block((_, record): Numbered) -> Block {
    Block {
        rows: record.bytes,
        count: record.events,
        months: Months::from(record.months),
        is_live: record.lane == Lane::Live,
    }
}

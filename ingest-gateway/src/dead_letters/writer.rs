//! The task that writes letters: gather → write, repeated until it succeeds → slow down.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::mpsc, task::JoinHandle};

use super::{DeadLetter, Place, Shared};

/// Letters that are written at once.
const BATCH_LETTERS_MAX: usize = 1_000;
/// From the first letter to its writing, in which others join it.
const GATHER_TIME: Duration = Duration::from_millis(500);
/// In the long run: whoever sends bad events without end must not fill a disk with them in a night.
const BYTES_PER_S_MAX: u64 = 1 << 20;
const RETRY_PAUSE_MIN: Duration = Duration::from_millis(200);
const RETRY_PAUSE_MAX: Duration = Duration::from_secs(10);
const LOG_PAUSE: Duration = Duration::from_secs(60);
/// At the end.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(3);

/// Writes until the queue is closed and empty.
pub async fn run(place: Place, mut queue: mpsc::Receiver<DeadLetter>, shared: Arc<Shared>) {
    let mut letters = Vec::new();
    let mut complained: Option<Instant> = None;
    while queue.recv_many(&mut letters, 1).await > 0 {
        if !queue.is_closed() {
            tokio::time::sleep(GATHER_TIME).await;
        }
        while letters.len() < BATCH_LETTERS_MAX
            && let Ok(letter) = queue.try_recv()
        {
            letters.push(letter);
        }
        let bytes = letters.iter().map(DeadLetter::memory_bytes).sum();
        let unwritten = Unwritten { shared: &shared, letters: letters.len(), bytes };
        let mut pause = RETRY_PAUSE_MIN;
        while let Err(error) = place.write(&letters).await {
            if complained.is_none_or(|at| at.elapsed() > LOG_PAUSE) {
                complained = Some(Instant::now());
                let error = format!("{error:#}");
                tracing::warn!(error, letters = letters.len(), "dead letters cannot be written; tried again");
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RETRY_PAUSE_MAX);
        }
        unwritten.written();
        letters.clear();
        let is_closing = queue.is_closed();
        let rest = Duration::from_micros(bytes as u64 * 1_000_000 / BYTES_PER_S_MAX);
        if !is_closing {
            tokio::time::sleep(rest).await;
        }
    }
}

/// Waits for the end; what is not written then is lost.
pub async fn end(task: JoinHandle<()>) {
    let abort = task.abort_handle();
    if tokio::time::timeout(CLOSE_TIME_MAX, task).await.is_err() {
        abort.abort();
        tracing::warn!("dead letters could not be written in {} s and are lost", CLOSE_TIME_MAX.as_secs());
    }
}

impl Place {
    /// Makes letters durable. After an error some may be; their ids tell those that are there twice.
    async fn write(&self, letters: &[DeadLetter]) -> anyhow::Result<()> {
        match self {
            Self::Table(table, gate) => {
                gate.clone().opened().await;
                table.write(letters).await
            }
            Self::Topic(topic) => topic.write(letters).await,
        }
    }
}

/// Letters that are lost if they are not written.
struct Unwritten<'a> {
    shared: &'a Shared,
    letters: usize,
    bytes: usize,
}

impl Unwritten<'_> {
    fn written(self) {
        self.shared.settle(self.letters, self.bytes, true);
        std::mem::forget(self);
    }
}

impl Drop for Unwritten<'_> {
    fn drop(&mut self) {
        self.shared.settle(self.letters, self.bytes, false);
    }
}

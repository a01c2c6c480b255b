//! How many requests run at once. Reading and writing have slots of their own, so that
//! dashboards never keep events waiting, and so has `KILL QUERY`, which has to work when all
//! others are taken. Each has a short queue.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::refusal::Refusal;

/// Reading statements that run at once.
pub const READS_MAX: usize = 64;
/// Inserts and other statements that run at once.
pub const WRITES_MAX: usize = 32;
/// `KILL QUERY`s that run at once.
pub const KILLS_MAX: usize = 16;
/// Requests that wait for a slot, in each lane.
pub const WAITING_MAX: usize = 256;
/// A waiting request is refused after so long.
pub const WAIT_MAX: Duration = Duration::from_secs(10);

/// What a statement does, as far as it matters for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// It reads.
    Read,
    /// It ends another.
    Kill,
    /// Anything else.
    Write,
}

/// The slots of all lanes.
pub struct Lanes {
    read: Slots,
    kill: Slots,
    write: Slots,
}

struct Slots {
    name: &'static str,
    running: Arc<Semaphore>,
    running_max: usize,
    waiting: Semaphore,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            read: Slots::new("reading", READS_MAX),
            kill: Slots::new("killing", KILLS_MAX),
            write: Slots::new("writing", WRITES_MAX),
        }
    }
}

impl Lanes {
    /// Waits for a free slot.
    ///
    /// # Errors
    /// ClickHouse's `TOO_MANY_SIMULTANEOUS_QUERIES`, at once if [`WAITING_MAX`] requests wait
    /// already, else after [`WAIT_MAX`].
    pub async fn slot(&self, lane: Lane) -> Result<OwnedSemaphorePermit, Refusal> {
        match lane {
            Lane::Read => self.read.slot().await,
            Lane::Kill => self.kill.slot().await,
            Lane::Write => self.write.slot().await,
        }
    }
}

impl Slots {
    fn new(name: &'static str, running_max: usize) -> Self {
        Self { name, running: Arc::new(Semaphore::new(running_max)), running_max, waiting: Semaphore::new(WAITING_MAX) }
    }

    async fn slot(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        if let Ok(permit) = Arc::clone(&self.running).try_acquire_owned() {
            return Ok(permit);
        }
        let Ok(_place) = self.waiting.try_acquire() else {
            return Err(self.full(format!("and {WAITING_MAX} wait")));
        };
        match tokio::time::timeout(WAIT_MAX, Arc::clone(&self.running).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(self.full(format!("none ended within {} s", WAIT_MAX.as_secs()))),
        }
    }

    fn full(&self, why: String) -> Refusal {
        Refusal {
            code: 202,
            message: format!(
                "Too many simultaneous queries: {} {} statements run, {why}. (TOO_MANY_SIMULTANEOUS_QUERIES)",
                self.running_max, self.name
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_full_lane_leaves_the_others_free() {
        let lanes = Arc::new(Lanes::default());
        let mut held = Vec::new();
        for _ in 0..READS_MAX {
            held.push(lanes.slot(Lane::Read).await.unwrap());
        }
        assert!(lanes.slot(Lane::Write).await.is_ok() && lanes.slot(Lane::Kill).await.is_ok());

        let waiting: Vec<_> = (0..WAITING_MAX)
            .map(|_| {
                let lanes = Arc::clone(&lanes);
                tokio::spawn(async move { lanes.slot(Lane::Read).await.map(drop) })
            })
            .collect();
        while lanes.read.waiting.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = lanes.slot(Lane::Read).await.unwrap_err();
        assert!(refused.message.contains("64 reading statements run, and 256 wait"), "{}", refused.message);

        held.pop();
        let answers = futures_util::future::join_all(waiting).await;
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().is_ok()), "one slot serves all, in turn");
        held.push(lanes.slot(Lane::Read).await.unwrap());
        let late = lanes.slot(Lane::Read).await.unwrap_err();
        assert_eq!(late.code, 202);
        assert!(late.message.contains("none ended within 10 s"), "{}", late.message);
    }
}

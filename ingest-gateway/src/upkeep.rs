//! ClickHouse's tables while the gateway runs: brought up to date at the start, or as soon as ClickHouse comes, and kept
//! as the file of projects says.
//!
//! Until they are up to date nothing is written to them: a column that is not there would be left out in silence. Events
//! wait in the journal meanwhile.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use tokio::task::JoinHandle;

use crate::{
    answering,
    gate::{Gate, Keeper},
    operate::{Tables, reading, retention},
    projects::{Live, Registry},
};

/// Between two attempts; each waits for an answer besides.
const TRY_PAUSE_MIN: Duration = Duration::from_millis(500);
const TRY_PAUSE_MAX: Duration = Duration::from_secs(10);

/// The task that looks after the tables, until it is dropped.
pub struct Upkeep {
    gate: Gate,
    task: JoinHandle<()>,
}

struct Worker {
    tables: Tables,
    projects: Arc<Live>,
    gate: Keeper,
}

impl Upkeep {
    /// Brings the tables up to date. If ClickHouse is away and events `can_wait` for it, that goes on beside the gateway.
    ///
    /// # Errors
    /// If ClickHouse refuses, the tables are newer than this program, or nothing can wait.
    pub async fn start(tables: Tables, projects: Arc<Live>, can_wait: bool) -> anyhow::Result<Self> {
        let worker = Worker { tables, projects, gate: Keeper::default() };
        if let Err(error) = worker.bring_up_to_date().await {
            if !can_wait || !answering::is_away(&error) {
                return Err(error);
            }
            worker.warn(&error);
        }
        Ok(Self { gate: worker.gate.gate(), task: tokio::spawn(worker.run()) })
    }

    /// Where everything waits that is written to the tables.
    #[must_use]
    pub fn gate(&self) -> Gate {
        self.gate.clone()
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Worker {
    /// Up to date → as the file says → again when it says something else.
    async fn run(self) {
        let mut pause = TRY_PAUSE_MIN;
        while !self.gate.is_open() {
            wait(&mut pause).await;
            if let Err(error) = self.bring_up_to_date().await {
                self.warn(&error);
            }
        }
        let mut changes = self.projects.changes();
        loop {
            changes.mark_unchanged();
            self.keep_all().await;
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    async fn bring_up_to_date(&self) -> anyhow::Result<()> {
        let steps = self.tables.bring_up_to_date().await.context("ClickHouse's tables cannot be brought up to date")?;
        tracing::info!(migrations = steps.len(), "ClickHouse's tables are up to date");
        self.gate.open();
        Ok(())
    }

    /// Tries until it succeeds; the file may say something else by then.
    async fn keep_all(&self) {
        let mut pause = TRY_PAUSE_MIN;
        loop {
            let projects = self.projects.now();
            // Neither waits for the other.
            let kept = [self.keep_reading(&projects).await, self.keep_retention(&projects).await];
            match kept.into_iter().find_map(Result::err) {
                None => {
                    self.gate.warn(None);
                    return;
                }
                Some(error) => self.warn(&error),
            }
            wait(&mut pause).await;
        }
    }

    async fn keep_reading(&self, projects: &Registry) -> anyhow::Result<()> {
        let set = reading::keep(&self.tables, &projects.readings()).await;
        let set = set.context("path rules and session timeouts of the file of projects are not in force")?;
        set.iter().for_each(|(project, reading)| tracing::info!("{}", reading::told(project, reading)));
        Ok(())
    }

    async fn keep_retention(&self, projects: &Registry) -> anyhow::Result<()> {
        let set = retention::keep(&self.tables, &projects.retention_days()).await;
        let set = set.context("retention_days of the file of projects are not in force")?;
        set.iter().for_each(|(project, days)| tracing::info!("{}", retention::told(project, *days)));
        Ok(())
    }

    fn warn(&self, error: &anyhow::Error) {
        let waiting = if self.gate.is_open() { "" } else { "events wait in the journal: " };
        let warning = format!("{waiting}{error:#}");
        if self.gate.warn(Some(warning.clone())) {
            tracing::warn!("{warning}");
        }
    }
}

async fn wait(pause: &mut Duration) {
    tokio::time::sleep(*pause).await;
    *pause = (*pause * 2).min(TRY_PAUSE_MAX);
}

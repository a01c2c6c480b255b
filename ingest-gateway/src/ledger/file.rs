//! The accounts of earlier runs: a file that is replaced every second while there is something new, and at the end.
//!
//! A reading is one instant of all accounts, so they add up after a restart as before it. What `kill -9` takes are the
//! counts of the last second, received and outcomes alike; the events themselves are not counted here but stored.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use vector_components::timestamp::to_rfc3339;

use super::{Accounts, Counts, Ledger, Report, sum};
use crate::replace::replace;

const FILE: &str = "ledger.json";
const WRITE_PAUSE: Duration = Duration::from_secs(1);

/// All runs of a gateway's folder.
pub struct LedgerFile {
    path: PathBuf,
    before: Kept,
    started_ms: i64,
    ledger: Ledger,
    /// The last change that is in the file; none before the first write.
    written: Mutex<Option<u64>>,
}

/// What the file holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    since_ms: i64,
    projects: Accounts,
}

impl LedgerFile {
    /// Reads what earlier runs left; what was pending then has failed. A file that cannot be read is kept beside the
    /// new one, and counting begins anew.
    #[must_use]
    pub fn open(folder: &Path, ledger: Ledger, now_ms: i64) -> Arc<Self> {
        let path = folder.join(FILE);
        let before = read(&path).unwrap_or_else(|| Kept { since_ms: now_ms, projects: Accounts::new() });
        Arc::new(Self { path, before, started_ms: now_ms, ledger, written: Mutex::new(None) })
    }

    /// The accounts, of one project if it is named.
    #[must_use]
    pub fn report(&self, project: Option<&str>) -> Report {
        let mut run = self.ledger.accounts();
        let mut all = self.with_earlier(&run);
        if let Some(project) = project {
            run.retain(|name, _| name == project);
            all.retain(|name, _| name == project);
        }
        Report {
            since: to_rfc3339(self.before.since_ms),
            started: to_rfc3339(self.started_ms),
            total: sum(&all),
            this_run: sum(&run),
            projects: all,
            gateway: None,
        }
    }

    /// Writes what is new, every second.
    pub async fn keep(self: Arc<Self>) {
        let mut has_failed = false;
        loop {
            let file = Arc::clone(&self);
            let written = tokio::task::spawn_blocking(move || file.write()).await;
            if let Ok(Err(error)) = &written
                && !has_failed
            {
                tracing::warn!(%error, file = %self.path.display(), "the ledger cannot be written; a restart would forget counts");
            }
            has_failed = matches!(written, Ok(Err(_)));
            tokio::time::sleep(WRITE_PAUSE).await;
        }
    }

    /// Writes the accounts, if they have changed since the last time.
    ///
    /// # Errors
    /// If the file cannot be written; the one before stays.
    pub fn write(&self) -> std::io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let (run, changes) = self.ledger.reading();
        if *written == Some(changes) {
            return Ok(());
        }
        let kept = Kept { since_ms: self.before.since_ms, projects: self.with_earlier(&run) };
        replace(&self.path, &serde_json::to_vec(&kept)?)?;
        *written = Some(changes);
        Ok(())
    }

    fn with_earlier(&self, run: &Accounts) -> Accounts {
        let mut all = self.before.projects.clone();
        for (project, counts) in run {
            *all.entry(project.clone()).or_default() += counts;
        }
        all
    }
}

fn read(path: &Path) -> Option<Kept> {
    let text = fs::read(path).ok()?;
    match serde_json::from_slice::<Kept>(&text) {
        Ok(mut kept) if kept.projects.values().all(Counts::add_up) => {
            kept.projects.values_mut().for_each(Counts::end);
            Some(kept)
        }
        damaged => {
            let why = damaged.err().map_or_else(|| "its numbers do not add up".to_owned(), |error| error.to_string());
            let aside = path.with_extension("damaged");
            let moved = fs::rename(path, &aside).is_ok();
            tracing::error!(why, moved, to = %aside.display(), "the ledger of earlier runs cannot be read; it begins anew");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_goes_on_and_what_was_pending_has_failed() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::default();
        let file = LedgerFile::open(folder.path(), ledger.clone(), 0);
        drop(ledger.open("app", 3));
        let waiting = ledger.open("app", 2);
        file.write().unwrap();
        // As after `kill -9`: what comes now is not in the file.
        drop(waiting);
        drop(ledger.open("app", 100));

        let ledger = Ledger::default();
        let again = LedgerFile::open(folder.path(), ledger.clone(), 60_000);
        drop(ledger.open("website", 1));
        let report = again.report(None);
        assert!(report.total.add_up() && report.projects.values().all(Counts::add_up), "{report:?}");
        assert_eq!((report.total.received, report.total.failed, report.this_run.received), (6, 6, 1));
        assert_eq!(
            (report.since.as_str(), report.started.as_str()),
            ("1970-01-01T00:00:00.000Z", "1970-01-01T00:01:00.000Z")
        );
        let one = again.report(Some("website"));
        assert_eq!((one.total.received, one.projects.len()), (1, 1));
        assert_eq!(again.report(Some("elsewhere")).total, Counts::default());
    }

    #[test]
    fn a_damaged_file_is_kept_aside() {
        let folder = tempfile::tempdir().unwrap();
        for damaged in [
            "",
            "{\"since_ms\":",
            r#"{"since_ms":0,"projects":{"app":{"received":1,"stored":0,"duplicate":0,"dropped":0,"failed":0,"pending":0}}}"#,
        ] {
            fs::write(folder.path().join(FILE), damaged).unwrap();
            let file = LedgerFile::open(folder.path(), Ledger::default(), 5);
            assert_eq!(file.report(None).total, Counts::default());
            assert_eq!(fs::read_to_string(folder.path().join("ledger.damaged")).unwrap(), damaged);
            file.write().unwrap();
        }
    }
}

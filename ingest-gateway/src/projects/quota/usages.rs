//! What all projects have stored, kept over a restart: one thread writes what has changed, once a second. If it cannot,
//! events are taken as before, and what was counted is written later. A process that is killed forgets the last second.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::Ordering,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::Context;

use super::{Counts, Usage, month, store::Store};

/// What a project stores between two writes may be forgotten when the process is killed.
const WRITE_PAUSE: Duration = Duration::from_secs(1);

/// By project.
#[derive(Default)]
pub struct Usages {
    all: Arc<All>,
    writer: Mutex<Option<Writer>>,
}

#[derive(Default)]
struct All(Mutex<HashMap<String, Arc<Usage>>>);

struct Writer {
    /// Closed when it is dropped.
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Usages {
    /// With what the file in `folder` says, to which it is written from then on.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn open(folder: &Path, now_ms: i64) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = folder.join("quotas.redb");
        let (store, counts) = Store::open(&file, month(now_ms)).with_context(|| {
            format!("cannot open {}: if it is damaged, move it away; quotas then count from zero", file.display())
        })?;
        let by_project = counts.into_iter().map(|(project, counts)| (project, Arc::new(Usage::of(counts))));
        let all = Arc::new(All(Mutex::new(by_project.collect())));
        let (stop, stopped) = sync_channel(0);
        let of_writer = Arc::downgrade(&all);
        let thread = std::thread::Builder::new()
            .name("quotas".into())
            .spawn(move || keep_writing(store, &of_writer, &stopped))?;
        Ok(Self { all, writer: Mutex::new(Some(Writer { stop, thread })) })
    }

    /// What a project has stored; nothing if it is new.
    #[must_use]
    pub fn of(&self, project: &str) -> Arc<Usage> {
        let mut by_project = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(by_project.entry(project.to_owned()).or_default())
    }

    /// Writes what is left.
    pub fn close(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Writer { stop, thread }) = writer else { return };
        drop(stop);
        if thread.join().is_err() {
            tracing::error!("the writer of quotas ended badly");
        }
    }
}

impl Drop for Usages {
    fn drop(&mut self) {
        self.close();
    }
}

impl All {
    fn take_changed(&self) -> Vec<(String, Counts)> {
        let by_project = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = by_project.iter().filter(|(_, usage)| usage.is_changed.swap(false, Ordering::AcqRel));
        changed.map(|(project, usage)| (project.clone(), usage.counts())).collect()
    }

    fn not_written(&self, changed: &[(String, Counts)]) {
        let by_project = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for usage in changed.iter().filter_map(|(project, _)| by_project.get(project)) {
            usage.is_changed.store(true, Ordering::Release);
        }
    }
}

fn keep_writing(mut store: Store, all: &Weak<All>, stopped: &Receiver<()>) {
    let mut has_failed = false;
    loop {
        let is_end = stopped.recv_timeout(WRITE_PAUSE) != Err(RecvTimeoutError::Timeout);
        let Some(all) = all.upgrade() else { return };
        let changed = all.take_changed();
        if !changed.is_empty() {
            let written = store.write(&changed);
            if let Err(error) = &written {
                all.not_written(&changed);
                if !has_failed {
                    tracing::error!(%error, "what counts against quotas cannot be written: a restart would forget it");
                }
            }
            has_failed = written.is_err();
        }
        if is_end {
            return;
        }
    }
}

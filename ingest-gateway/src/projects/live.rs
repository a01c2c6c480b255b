//! The projects as they are now. A file that has changed takes the place of the one before if all of it is right;
//! otherwise the projects stay as they are, and what is wrong is told until it is mended.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use anyhow::Context;
use sha2::{Digest, Sha256};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
};

use super::{
    Source,
    file::{self, Defaults, FileError},
    registry::{Parts, Registry},
    settings::Settings,
};
use crate::metrics::{Metrics, Reload};

/// How often the file is read. It counts when it is the same twice: a file that is being written is not, and the half
/// of it may be right by itself.
const LOOK_PAUSE: Duration = Duration::from_secs(1);

/// The projects, and what is wrong with the newest file.
pub struct Live {
    source: Source,
    defaults: Defaults,
    parts: Parts,
    current: watch::Sender<Arc<Registry>>,
    problem: Mutex<Option<String>>,
    metrics: Arc<Metrics>,
    /// Of the file's text, as it was opened.
    opened: Option<Hash>,
}

type Hash = [u8; 32];

impl Live {
    /// Reads the projects for the first time.
    ///
    /// # Errors
    /// If something is wrong with them.
    pub fn open(source: Source, defaults: Defaults, parts: Parts, metrics: Arc<Metrics>) -> anyhow::Result<Self> {
        let (settings, opened) = match &source {
            Source::Listed(settings) => (settings.clone(), None),
            Source::File(path) => {
                let text = file::read(path).context(source.option())?;
                (file::parse(path, &text, &defaults).context(source.option())?, Some(hash(&text)))
            }
        };
        let registry = Registry::new(settings, &parts, None);
        metrics.projects.are(registry.len());
        let current = watch::Sender::new(Arc::new(registry));
        Ok(Self { source, defaults, parts, current, problem: Mutex::default(), metrics, opened })
    }

    /// The projects now.
    #[must_use]
    pub fn now(&self) -> Arc<Registry> {
        Arc::clone(&self.current.borrow())
    }

    /// Tells when they have changed.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Arc<Registry>> {
        self.current.subscribe()
    }

    /// What is wrong with the newest file; the projects are then those of the one before.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where an operator finds them.
    #[must_use]
    pub fn option(&self) -> &'static str {
        self.source.option()
    }

    /// Writes what counts against quotas.
    pub fn close(&self) {
        self.parts.usages.close();
    }

    fn take(&self, path: &Path, text: Result<String, FileError>) {
        match text.and_then(|text| file::parse(path, &text, &self.defaults)) {
            Ok(settings) => self.replace(settings),
            Err(error) => self.keep(&error),
        }
    }

    fn replace(&self, settings: Vec<Settings>) {
        let registry = Arc::new(Registry::new(settings, &self.parts, Some(&self.now())));
        tracing::info!(projects = registry.len(), "the projects are those of the new file");
        self.metrics.projects.are(registry.len());
        self.metrics.projects.reloaded(Reload::Taken);
        self.current.send_replace(registry);
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn keep(&self, error: &FileError) {
        let told = error.to_string();
        let mut problem = self.problem.lock().unwrap_or_else(PoisonError::into_inner);
        if problem.as_ref() != Some(&told) {
            tracing::error!("the projects stay as they are: {told}");
            self.metrics.projects.reloaded(Reload::Refused);
            *problem = Some(told);
        }
    }
}

/// Reads the file again when it changes, and at once on SIGHUP, as long as the projects are used. Of a list there is
/// nothing to read, and SIGHUP ends the process as ever.
///
/// # Errors
/// If the signal cannot be awaited.
pub fn watch(live: &Arc<Live>) -> anyhow::Result<()> {
    let Source::File(path) = &live.source else { return Ok(()) };
    let hangup = signal(SignalKind::hangup()).context("SIGHUP cannot be awaited")?;
    let seen = Seen { judged: live.opened, newer: None };
    tokio::spawn(keep_looking(path.clone(), Arc::downgrade(live), seen, hangup));
    Ok(())
}

async fn keep_looking(path: PathBuf, live: Weak<Live>, mut seen: Seen, mut hangup: Signal) {
    loop {
        let is_asked = tokio::select! {
            () = tokio::time::sleep(LOOK_PAUSE) => false,
            _ = hangup.recv() => true,
        };
        let (path, live) = (path.clone(), live.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let live = live.upgrade()?;
            seen.look(&live, &path, is_asked);
            Some(seen)
        });
        match looked.await {
            Ok(Some(same)) => seen = same,
            _ => return,
        }
    }
}

/// What was read of the file before.
struct Seen {
    /// The text that the projects were last taken from, or refused.
    judged: Option<Hash>,
    /// A newer one, if it stays as it is.
    newer: Option<Hash>,
}

impl Seen {
    fn look(&mut self, live: &Live, path: &Path, is_asked: bool) {
        let text = file::read(path);
        let hash = text.as_ref().ok().map(|text| hash(text));
        let is_settled = self.newer == hash;
        self.newer = hash;
        let is_known = hash.is_some() && self.judged == hash;
        if is_asked || is_settled && !is_known {
            live.take(path, text);
            self.judged = hash;
        }
    }
}

fn hash(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests;

//! The file of salts: replaced atomically, by one process at a time.

use std::{
    fs::{self, File, OpenOptions},
    io::ErrorKind,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::Salts;
use crate::replace;

const OWNER_ONLY: u32 = 0o600;

/// Where the salts lie.
pub(super) struct SaltFile {
    path: PathBuf,
}

impl SaltFile {
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { path: folder.join("visitor-salts.json") })
    }

    /// The salts in it; none if there is no file.
    pub(super) fn read(&self) -> anyhow::Result<Salts> {
        let path = self.path.display();
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Salts::new()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {path}")),
        };
        serde_json::from_str(&text).with_context(|| {
            format!("{path} is damaged: restore it, or delete it, by which today's visitors without ids count anew")
        })
    }

    /// Reads, changes and writes, while no other process does; returns what is in the file then.
    pub(super) fn change(&self, change: impl FnOnce(&mut Salts) -> anyhow::Result<()>) -> anyhow::Result<Salts> {
        let _lock = self.lock()?;
        let before = self.read()?;
        let mut salts = before.clone();
        change(&mut salts)?;
        if salts == before {
            // Left by a write that was cut off, it may hold what was to be destroyed.
            replace::tidy(&self.path);
            return Ok(salts);
        }
        self.write(&salts).with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(salts)
    }

    fn write(&self, salts: &Salts) -> anyhow::Result<()> {
        Ok(replace::replace(&self.path, serde_json::to_string(salts)?.as_bytes())?)
    }

    /// Until it is dropped.
    fn lock(&self) -> anyhow::Result<File> {
        let path = self.path.with_extension("lock");
        let context = || format!("cannot lock {}", path.display());
        let options = OpenOptions::new().create(true).truncate(false).write(true).mode(OWNER_ONLY).open(&path);
        let file = options.with_context(context)?;
        match file.lock() {
            Ok(()) => Ok(file),
            // A file system without locks serves one gateway.
            Err(error) if error.kind() == ErrorKind::Unsupported => Ok(file),
            Err(error) => Err(error).with_context(context),
        }
    }
}

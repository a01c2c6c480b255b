//! The file of salts: replaced atomically, by one process at a time.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::Context;

use super::Salts;

const OWNER_ONLY: u32 = 0o600;

/// Where the salts lie.
pub(super) struct SaltFile {
    folder: PathBuf,
    path: PathBuf,
}

impl SaltFile {
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder: folder.to_owned(), path: folder.join("visitor-salts.json") })
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
        let aside = self.path.with_extension("tmp");
        if salts == before {
            // Left by a write that was cut off, it may hold what was to be destroyed.
            let _ = fs::remove_file(aside);
            return Ok(salts);
        }
        self.write(&aside, &salts).with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(salts)
    }

    fn write(&self, aside: &Path, salts: &Salts) -> anyhow::Result<()> {
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(OWNER_ONLY).open(aside)?;
        // A file that was there keeps its mode otherwise.
        file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
        file.write_all(serde_json::to_string(salts)?.as_bytes())?;
        file.sync_all()?;
        fs::rename(aside, &self.path)?;
        // The new name itself has to outlive a power cut.
        File::open(&self.folder)?.sync_all()?;
        Ok(())
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

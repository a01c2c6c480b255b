//! The folder of one gateway, where several share `FOOTFALL_DATA` for the visitors' salts: what one of them
//! remembers and has not delivered yet is no other's.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

/// Gateways that may share a folder.
const GATEWAYS_MAX: usize = 64;
const LOCK: &str = "gateway.lock";

/// A folder that is this gateway's alone while it is not dropped.
#[derive(Debug)]
pub struct Instance {
    folder: PathBuf,
    /// The operating system gives the lock back, also after `kill -9`.
    _lock: File,
}

impl Instance {
    /// Takes the first folder that is free: `data` itself, or `gateway-1`, `gateway-2`, … in it. So one that starts
    /// goes on with what another left.
    ///
    /// # Errors
    /// If a folder cannot be used, or too many gateways run.
    pub fn claim(data: &Path) -> anyhow::Result<Self> {
        for n in 0..GATEWAYS_MAX {
            let folder = if n == 0 { data.to_owned() } else { data.join(format!("gateway-{n}")) };
            std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
            let file = folder.join(LOCK);
            let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&file);
            let lock = lock.with_context(|| format!("cannot write {}", file.display()))?;
            match lock.try_lock() {
                Ok(()) => return Ok(Self { folder, _lock: lock }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {}", file.display()));
                }
            }
        }
        bail!("{GATEWAYS_MAX} gateways run on FOOTFALL_DATA={} already; no more are allowed", data.display())
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_folder_and_the_next_one_goes_on_with_one_that_is_left() {
        let data = tempfile::tempdir().unwrap();
        let first = Instance::claim(data.path()).unwrap();
        let second = Instance::claim(data.path()).unwrap();
        assert_eq!(first.folder(), data.path());
        assert_eq!(second.folder(), data.path().join("gateway-1"));
        drop(first);
        assert_eq!(Instance::claim(data.path()).unwrap().folder(), data.path());
    }
}

//! The keeper of visitor salts: a random key per day, destroyed within 48 hours, so that
//! nobody, the operator included, can link a visitor without ids over days.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::Context;
use vector_components::enrich::VisitorSalt;

const DAY_MS: i64 = 86_400_000;
/// A day's salt is kept for this day and the next, for events that arrive late.
const DAYS_KEPT: i64 = 2;

/// Salts by day, kept in a file that only its owner can read.
pub struct SaltKeeper {
    file: PathBuf,
    salts: Mutex<BTreeMap<i64, [u8; 16]>>,
}

impl SaltKeeper {
    /// Reads the salts of an earlier run, so that a restart is no new visitor.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn open(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let file = folder.join("visitor-salts.json");
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let salts = serde_json::from_str(&text).unwrap_or_default();
        Ok(Self { file, salts: Mutex::new(salts) })
    }

    /// The salt for an event of `event_ms` that came at `now_ms`: that of the event's own day if it is
    /// still kept, so that what is sent again after midnight is of the same visitor; else today's.
    ///
    /// # Errors
    /// As [`SaltKeeper::salt`].
    pub fn salt_of(&self, event_ms: i64, now_ms: i64) -> anyhow::Result<VisitorSalt> {
        // Kept or made first, by which what is too old is destroyed.
        let today = self.salt(now_ms)?;
        let day = event_ms.div_euclid(DAY_MS);
        if day >= now_ms.div_euclid(DAY_MS) {
            return Ok(today);
        }
        let salts = self.salts.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(salts.get(&day).map_or(today, |salt| VisitorSalt(*salt)))
    }

    /// The salt of the day of `now_ms`, made if it is the day's first.
    ///
    /// # Errors
    /// If the system gives no randomness or the file cannot be written.
    pub fn salt(&self, now_ms: i64) -> anyhow::Result<VisitorSalt> {
        let today = now_ms.div_euclid(DAY_MS);
        // The map is valid after every single operation.
        let mut salts = self.salts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(salt) = salts.get(&today) {
            return Ok(VisitorSalt(*salt));
        }
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(|e| anyhow::anyhow!("no randomness for the visitor salt: {e}"))?;
        salts.insert(today, salt);
        salts.retain(|day, _| *day > today - DAYS_KEPT && *day <= today);
        self.write(&salts)?;
        Ok(VisitorSalt(salt))
    }

    fn write(&self, salts: &BTreeMap<i64, [u8; 16]>) -> anyhow::Result<()> {
        use std::{fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt};
        let aside = self.file.with_extension("tmp");
        let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&aside)?;
        file.write_all(serde_json::to_string(salts)?.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&aside, &self.file).with_context(|| format!("cannot write {}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salt_survives_a_restart_and_not_two_days() {
        let folder = tempfile::tempdir().unwrap();
        let first = SaltKeeper::open(folder.path()).unwrap().salt(5 * DAY_MS).unwrap();
        let keeper = SaltKeeper::open(folder.path()).unwrap();
        assert_eq!(keeper.salt(6 * DAY_MS - 1).unwrap(), first);
        assert_ne!(keeper.salt(6 * DAY_MS).unwrap(), first);
        assert_ne!(keeper.salt(7 * DAY_MS).unwrap(), first);
        assert_eq!(
            keeper.salt_of(7 * DAY_MS - 1, 7 * DAY_MS).unwrap(),
            keeper.salt_of(6 * DAY_MS, 6 * DAY_MS).unwrap()
        );
        assert_eq!(keeper.salt_of(5 * DAY_MS, 7 * DAY_MS).unwrap(), keeper.salt(7 * DAY_MS).unwrap(), "it is gone");
        let kept = std::fs::read_to_string(folder.path().join("visitor-salts.json")).unwrap();
        assert!(kept.starts_with("{\"6\":[") && !kept.contains("\"5\":"), "the salt of day 5 is destroyed: {kept}");
    }
}

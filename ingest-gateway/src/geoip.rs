//! The GeoIP file, read again when it changes: MaxMind's updates come twice a week, and need
//! no restart. Events go on with the old database until the new one is read and whole.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    time::{Duration, SystemTime},
};

use anyhow::Context;
use vector_components::{Enricher, enrich::Geo};

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// A database's file, and what was last seen of it.
pub struct GeoFile {
    path: PathBuf,
    seen: Option<(SystemTime, u64)>,
}

impl GeoFile {
    /// Reads the file for the first time.
    ///
    /// # Errors
    /// If it cannot be read, or is no City database.
    pub fn open(path: &Path) -> anyhow::Result<(Self, Geo)> {
        let mut file = Self { path: path.to_owned(), seen: None };
        file.seen = file.state();
        let geo = file.read()?;
        Ok((file, geo))
    }

    /// The database if the file is another one than before. A file that cannot be read is said
    /// once, and looked at again when it changes.
    pub fn changed(&mut self) -> Option<anyhow::Result<Geo>> {
        let state = self.state();
        if state.is_none() || state == self.seen {
            return None;
        }
        self.seen = state;
        Some(self.read())
    }

    /// When it was changed and how long it is; `None` while it is being replaced.
    fn state(&self) -> Option<(SystemTime, u64)> {
        let metadata = std::fs::metadata(&self.path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    }

    fn read(&self) -> anyhow::Result<Geo> {
        let path = self.path.display();
        let bytes = std::fs::read(&self.path).with_context(|| format!("FOOTFALL_GEOIP: cannot read {path}"))?;
        Geo::new(bytes).map_err(|e| anyhow::anyhow!("FOOTFALL_GEOIP: {path}: {e}"))
    }
}

/// Hands each new database to the enricher, as long as there is one.
pub fn watch(mut file: GeoFile, enricher: &Arc<Enricher>) {
    let enricher: Weak<Enricher> = Arc::downgrade(enricher);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            // Reading a file of 60 MB would hold up the requests of this thread.
            let looked = tokio::task::spawn_blocking(move || {
                let changed = file.changed();
                (file, changed)
            });
            let Ok((same, changed)) = looked.await else { return };
            file = same;
            let Some(enricher) = enricher.upgrade() else { return };
            match changed {
                None => {}
                Some(Ok(geo)) => {
                    enricher.set_geo(geo);
                    tracing::info!(path = %file.path.display(), "the GeoIP database is a new one");
                }
                Some(Err(error)) => tracing::warn!("the GeoIP database stays the old one: {error:#}"),
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATABASE: &[u8] = include_bytes!("../../vector-components/testdata/geoip/GeoLite2-City-Test.mmdb");

    #[test]
    fn a_new_file_is_read_once_and_a_broken_one_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("City.mmdb");
        assert!(GeoFile::open(&path).is_err_and(|error| error.to_string().contains("cannot read")));
        std::fs::write(&path, DATABASE).unwrap();
        let (mut file, _) = GeoFile::open(&path).unwrap();
        assert!(file.changed().is_none());
        std::fs::write(&path, b"half of a file").unwrap();
        assert!(file.changed().unwrap().unwrap_err().to_string().contains("not a MaxMind database"));
        assert!(file.changed().is_none(), "said once");
        std::fs::remove_file(&path).unwrap();
        assert!(file.changed().is_none(), "it is being replaced");
        std::fs::write(&path, DATABASE).unwrap();
        let geo = file.changed().unwrap().unwrap();
        assert_eq!(geo.locate("81.2.69.160".parse().unwrap()).country, "GB");
        assert!(file.changed().is_none());
    }
}

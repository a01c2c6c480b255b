//! The GeoIP files: read when the transform is made, and again when one changes. Events go on with
//! the old databases until the new ones are read and whole.

use std::{
    path::PathBuf,
    sync::{Arc, Weak},
    time::{Duration, SystemTime},
};

use tracing::{info, warn};
use vector_components::{
    Enricher,
    enrich::{Geo, Language},
};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The files' paths, by the names of the options.
#[derive(Clone, Debug)]
pub struct GeoFiles {
    /// Of `geoip`.
    pub city: Option<PathBuf>,
    /// Of `geoip_asn`.
    pub asn: Option<PathBuf>,
    /// Of `geoip_language`.
    pub language: Language,
}

/// Of each file, when it was changed and how long it is.
type State = Vec<(SystemTime, u64)>;

impl GeoFiles {
    /// The databases; none if no file is named.
    ///
    /// # Errors
    /// If one cannot be read, or is no database of its kind.
    pub fn read(&self) -> Result<Option<Geo>, String> {
        let bytes = |name: &str, path: &Option<PathBuf>| {
            let read = |path: &PathBuf| {
                std::fs::read(path).map_err(|error| format!("{name}: cannot read {}: {error}", path.display()))
            };
            path.as_ref().map(read).transpose()
        };
        let (city, asn) = (bytes("geoip", &self.city)?, bytes("geoip_asn", &self.asn)?);
        if city.is_none() && asn.is_none() {
            return Ok(None);
        }
        let geo = Geo::of(city, asn).map_err(|error| format!("geoip and geoip_asn: {error}"))?;
        Ok(Some(geo.in_language(self.language)))
    }

    /// `None` while one is being replaced.
    fn state(&self) -> Option<State> {
        let each = self.city.iter().chain(&self.asn).map(|path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        });
        each.collect()
    }
}

/// Hands new databases to the enricher, until the last transform that has it is gone.
pub fn watch(files: GeoFiles, enricher: &Arc<Enricher>) {
    if files.city.is_none() && files.asn.is_none() {
        return;
    }
    let enricher: Weak<Enricher> = Arc::downgrade(enricher);
    let mut seen = files.state().unwrap_or_default();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let Some(state) = files.state().filter(|state| *state != seen) else {
                if enricher.strong_count() == 0 {
                    return;
                }
                continue;
            };
            // A file that cannot be read is said once, and looked at again when it changes.
            seen = state;
            let read = {
                let files = files.clone();
                tokio::task::spawn_blocking(move || files.read()).await
            };
            let Some(enricher) = enricher.upgrade() else { return };
            match read {
                Ok(Ok(Some(geo))) => {
                    enricher.set_geo(geo);
                    info!(message = "The GeoIP databases are new ones.");
                }
                Ok(Err(error)) => warn!(message = "The GeoIP databases stay the old ones.", %error),
                Ok(Ok(None)) | Err(_) => {}
            }
        }
    });
}

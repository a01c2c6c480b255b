//! The GeoIP files: loaded when the transform is built, and again when one changes. Events use
//! the old databases until the new ones are completely loaded.

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

/// How often to check the files.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The files' paths, named like the options.
#[derive(Clone, Debug)]
pub struct GeoFiles {
    /// `geoip`.
    pub city: Option<PathBuf>,
    /// `geoip_asn`.
    pub asn: Option<PathBuf>,
    /// `geoip_language`.
    pub language: Language,
}

/// Modification time and size of each file.
type State = Vec<(SystemTime, u64)>;

impl GeoFiles {
    /// Loads the databases; none if no file is configured.
    ///
    /// # Errors
    /// If one cannot be read, or is not a database of its kind.
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

    /// `None` while a file is being replaced.
    fn state(&self) -> Option<State> {
        let each = self.city.iter().chain(&self.asn).map(|path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        });
        each.collect()
    }
}

/// Passes new databases to the enricher until the last transform that uses it is gone.
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
            // An unreadable file is reported once, and tried again when it changes.
            seen = state;
            let read = {
                let files = files.clone();
                tokio::task::spawn_blocking(move || files.read()).await
            };
            let Some(enricher) = enricher.upgrade() else { return };
            match read {
                Ok(Ok(Some(geo))) => {
                    enricher.set_geo(geo);
                    info!(message = "GeoIP databases reloaded.");
                }
                Ok(Err(error)) => warn!(message = "Cannot reload the GeoIP databases; keeping the old ones.", %error),
                Ok(Ok(None)) | Err(_) => {}
            }
        }
    });
}

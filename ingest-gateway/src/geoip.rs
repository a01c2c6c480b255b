//! The GeoIP files, read again when one changes: MaxMind's updates come twice a week, and need
//! no restart. Events go on with the old databases until the new ones are read and complete.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    time::{Duration, SystemTime},
};

use anyhow::Context;
use vector_components::{
    Enricher,
    enrich::{Geo, Language, UserAgents},
};

use crate::config::Config;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The enrichment, with the databases as far as there are; a new file takes its place by itself.
///
/// # Errors
/// If a database cannot be read.
pub fn enricher(config: &Config) -> anyhow::Result<Arc<Enricher>> {
    let user_agents = UserAgents::new().map_err(anyhow::Error::msg)?;
    if config.geoip.is_none() {
        tracing::info!("no GeoIP database is given (FOOTFALL_GEOIP): country, region and city stay empty");
    }
    let (files, geo) = GeoFiles::open(config.geoip.as_deref(), config.geoip_asn.as_deref(), config.geoip_language)?;
    let enricher = Arc::new(Enricher::new(user_agents, Some(geo)));
    watch(files, &enricher);
    Ok(enricher)
}

/// The databases' files, and what was last seen of them.
pub struct GeoFiles {
    city: Option<PathBuf>,
    asn: Option<PathBuf>,
    language: Language,
    seen: State,
}

/// Of each file, when it was changed and how long it is.
type State = Vec<(SystemTime, u64)>;

impl GeoFiles {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// If one cannot be read, or is no database of its kind.
    pub fn open(city: Option<&Path>, asn: Option<&Path>, language: Language) -> anyhow::Result<(Self, Geo)> {
        let mut files =
            Self { city: city.map(Path::to_owned), asn: asn.map(Path::to_owned), language, seen: State::default() };
        files.seen = files.state().unwrap_or_default();
        let geo = files.read()?;
        Ok((files, geo))
    }

    /// The databases if a file is another one than before. A file that cannot be read is said
    /// once, and looked at again when it changes.
    pub fn changed(&mut self) -> Option<anyhow::Result<Geo>> {
        let state = self.state().filter(|state| *state != self.seen)?;
        self.seen = state;
        Some(self.read())
    }

    /// `None` while one is being replaced.
    fn state(&self) -> Option<State> {
        let each = self.city.iter().chain(&self.asn).map(|path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        });
        each.collect()
    }

    fn read(&self) -> anyhow::Result<Geo> {
        let bytes = |name: &str, path: &Option<PathBuf>| {
            let read =
                |path: &PathBuf| std::fs::read(path).with_context(|| format!("{name}: cannot read {}", path.display()));
            path.as_ref().map(read).transpose()
        };
        let (city, asn) = (bytes("FOOTFALL_GEOIP", &self.city)?, bytes("FOOTFALL_GEOIP_ASN", &self.asn)?);
        let geo = Geo::of(city, asn).map_err(|e| anyhow::anyhow!("FOOTFALL_GEOIP and FOOTFALL_GEOIP_ASN: {e}"))?;
        Ok(geo.in_language(self.language))
    }
}

/// Hands new databases to the enricher, as long as there is one.
pub fn watch(mut files: GeoFiles, enricher: &Arc<Enricher>) {
    let enricher: Weak<Enricher> = Arc::downgrade(enricher);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            // Reading a file of 60 MB would hold up the requests of this thread.
            let looked = tokio::task::spawn_blocking(move || {
                let changed = files.changed();
                (files, changed)
            });
            let Ok((same, changed)) = looked.await else { return };
            files = same;
            let Some(enricher) = enricher.upgrade() else { return };
            match changed {
                None => {}
                Some(Ok(geo)) => {
                    enricher.set_geo(geo);
                    tracing::info!("the GeoIP databases are new ones");
                }
                Some(Err(error)) => tracing::warn!("the GeoIP databases stay the old ones: {error:#}"),
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const CITY: &[u8] = include_bytes!("../../vector-components/testdata/geoip/GeoLite2-City-Test.mmdb");
    const ASN: &[u8] = include_bytes!("../../vector-components/testdata/geoip/ASN-Test.mmdb");

    #[test]
    fn a_new_file_is_read_once_and_a_broken_one_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (city, asn) = (folder.path().join("City.mmdb"), folder.path().join("ASN.mmdb"));
        let open = || GeoFiles::open(Some(&city), Some(&asn), Language::German);
        let said = |result: anyhow::Result<(GeoFiles, Geo)>| result.err().unwrap().to_string();
        assert!(said(open()).starts_with("FOOTFALL_GEOIP: cannot read"));
        std::fs::write(&city, CITY).unwrap();
        assert!(said(open()).starts_with("FOOTFALL_GEOIP_ASN: cannot read"));
        std::fs::write(&asn, CITY).unwrap();
        assert!(said(open()).contains("an ASN database is needed"));
        std::fs::write(&asn, ASN).unwrap();
        let (mut files, geo) = open().unwrap();
        let place = geo.locate("81.2.69.160".parse().unwrap());
        assert_eq!((&*place.country, place.asn), ("GB", 20_712));
        assert!(files.changed().is_none());
        std::fs::write(&city, b"half of a file").unwrap();
        assert!(files.changed().unwrap().unwrap_err().to_string().contains("not a MaxMind database"));
        assert!(files.changed().is_none(), "said once");
        std::fs::remove_file(&city).unwrap();
        assert!(files.changed().is_none(), "it is being replaced");
        std::fs::write(&city, CITY).unwrap();
        let geo = files.changed().unwrap().unwrap();
        assert_eq!(geo.locate("81.2.69.160".parse().unwrap()).country, "GB");
        assert!(files.changed().is_none());
    }
}

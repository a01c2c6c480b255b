//! The place of an address, from a City database in MaxMind's format.
//!
//! Rule's source: the `GeoLite2-City` schema; names are the English ones, the region is
//! the largest subdivision. The address itself is never stored.

use std::{net::IpAddr, sync::Arc};

use maxminddb::{Reader, geoip2::City};
use quick_cache::sync::Cache;

/// A place; unknown parts are empty, coordinates then zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The largest subdivision's English name.
    pub region: String,
    /// English name.
    pub city: String,
    /// Degrees north.
    pub latitude: f32,
    /// Degrees east.
    pub longitude: f32,
}

/// Addresses kept located, at most; a visitor's events come from one.
pub const CACHE_ENTRIES_MAX: usize = 65_536;

/// A loaded City database, with a cache in front.
#[derive(Debug)]
pub struct Geo {
    reader: Reader<Vec<u8>>,
    cache: Cache<IpAddr, Arc<Place>>,
}

impl Geo {
    /// Opens a database from its bytes.
    ///
    /// # Errors
    /// If the bytes are no database, or one that holds no cities.
    pub fn new(bytes: Vec<u8>) -> Result<Self, String> {
        let reader = Reader::from_source(bytes).map_err(|e| format!("not a MaxMind database: {e}"))?;
        let kind = &reader.metadata().database_type;
        if kind.contains("City") || kind.contains("Enterprise") {
            return Ok(Self { reader, cache: Cache::new(CACHE_ENTRIES_MAX) });
        }
        Err(format!("the database is of type {kind}, a City database is needed"))
    }

    /// The place of `ip`; an address that is not in the database is nowhere.
    #[must_use]
    pub fn locate(&self, ip: IpAddr) -> Arc<Place> {
        let ip = ip.to_canonical();
        if let Some(known) = self.cache.get(&ip) {
            return known;
        }
        let place = Arc::new(self.look_up(ip));
        self.cache.insert(ip, Arc::clone(&place));
        place
    }

    fn look_up(&self, ip: IpAddr) -> Place {
        let found = self.reader.lookup(ip).and_then(|found| found.decode::<City<'_>>());
        let Ok(Some(city)) = found else { return Place::default() };
        let region = city.subdivisions.first().and_then(|s| s.names.english);
        Place {
            country: city.country.iso_code.unwrap_or_default().to_owned(),
            region: region.unwrap_or_default().to_owned(),
            city: city.city.names.english.unwrap_or_default().to_owned(),
            latitude: degrees(city.location.latitude),
            longitude: degrees(city.location.longitude),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "f32 resolves about a metre; the data is far coarser")]
fn degrees(value: Option<f64>) -> f32 {
    value.unwrap_or_default() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maxminds_published_cases() {
        let geo = Geo::new(include_bytes!("../../testdata/geoip/GeoLite2-City-Test.mmdb").to_vec()).unwrap();
        let london = geo.locate("81.2.69.160".parse().unwrap());
        assert_eq!((&*london.country, &*london.region, &*london.city), ("GB", "England", "London"));
        assert_eq!((london.latitude, london.longitude), (51.5142, -0.0931));
        let mapped = geo.locate("::ffff:81.2.69.160".parse().unwrap());
        assert_eq!(mapped, london, "an IPv4 address in IPv6 clothes is the same address");
        assert_eq!(*geo.locate("10.0.0.1".parse().unwrap()), Place::default());
        assert_eq!(geo.locate("2001:220::1".parse().unwrap()).country, "KR");
    }

    #[test]
    fn another_file_is_refused_with_its_reason() {
        assert!(Geo::new(b"hello".to_vec()).unwrap_err().contains("not a MaxMind database"));
    }
}

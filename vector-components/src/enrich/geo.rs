//! The place and the network of an address, from City and ASN databases in MaxMind's format.
//!
//! Rule's source: the schemas of `GeoLite2-City` and `GeoLite2-ASN`; names are the English ones unless
//! another language is chosen, the region is the largest subdivision. An address of a private network has neither, and is
//! marked as [`PRIVATE_NETWORK`]. The address itself is never stored.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use maxminddb::{
    Reader,
    geoip2::{Asn, City, Names},
};
use quick_cache::sync::Cache;

/// What is known of an address; unknown parts are empty, numbers then zero.
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
    /// The number of the autonomous system that the address is routed by.
    pub asn: u32,
    /// Its organisation; [`PRIVATE_NETWORK`] for an address that is not routed at all.
    pub as_organization: String,
}

/// Stands for the organisation of addresses that never leave their own network.
pub const PRIVATE_NETWORK: &str = "private network";

/// A language of the City database's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Language {
    #[default]
    English,
    German,
    Spanish,
    French,
    Japanese,
    BrazilianPortuguese,
    Russian,
    SimplifiedChinese,
}

/// A code that is not among the languages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not known: en, de, es, fr, ja, pt-BR, ru or zh-CN")]
pub struct UnknownLanguage(String);

impl std::str::FromStr for Language {
    type Err = UnknownLanguage;

    /// By the code that MaxMind uses.
    fn from_str(code: &str) -> Result<Self, UnknownLanguage> {
        match code {
            "en" => Ok(Self::English),
            "de" => Ok(Self::German),
            "es" => Ok(Self::Spanish),
            "fr" => Ok(Self::French),
            "ja" => Ok(Self::Japanese),
            "pt-BR" => Ok(Self::BrazilianPortuguese),
            "ru" => Ok(Self::Russian),
            "zh-CN" => Ok(Self::SimplifiedChinese),
            other => Err(UnknownLanguage(other.to_owned())),
        }
    }
}

impl Language {
    /// The name in this language, or else the English one.
    fn of<'n>(self, names: &Names<'n>) -> &'n str {
        let name = match self {
            Self::English => names.english,
            Self::German => names.german,
            Self::Spanish => names.spanish,
            Self::French => names.french,
            Self::Japanese => names.japanese,
            Self::BrazilianPortuguese => names.brazilian_portuguese,
            Self::Russian => names.russian,
            Self::SimplifiedChinese => names.simplified_chinese,
        };
        name.or(names.english).unwrap_or_default()
    }
}

/// Addresses kept located, at most; a visitor's events come from one.
pub const CACHE_ENTRIES_MAX: usize = 65_536;

/// A database in memory, of either kind; mapped or read by the caller.
pub type Database = Reader<Vec<u8>>;

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says it")]
pub enum GeoError {
    #[error("not a MaxMind database: {0}")]
    Unreadable(#[from] maxminddb::MaxMindDbError),
    #[error("the database is of type {kind}, {wanted} is needed")]
    Kind { kind: String, wanted: &'static str },
}

/// The loaded databases, with a cache in front.
#[derive(Debug)]
pub struct Geo {
    city: Option<Database>,
    asn: Option<Database>,
    language: Language,
    cache: Cache<IpAddr, Arc<Place>>,
}

impl Geo {
    /// Opens a City database from its bytes.
    ///
    /// # Errors
    /// If the bytes are no database, or one that holds no cities.
    pub fn new(bytes: Vec<u8>) -> Result<Self, GeoError> {
        Self::of(Some(bytes), None)
    }

    /// Opens a City and an ASN database, either of which may be missing.
    ///
    /// # Errors
    /// If bytes are no database, or one of another kind.
    pub fn of(city: Option<Vec<u8>>, asn: Option<Vec<u8>>) -> Result<Self, GeoError> {
        Ok(Self {
            city: city.map(|bytes| open(bytes, &["City", "Enterprise"], "a City database")).transpose()?,
            asn: asn.map(|bytes| open(bytes, &["ASN", "ISP"], "an ASN database")).transpose()?,
            language: Language::default(),
            cache: Cache::new(CACHE_ENTRIES_MAX),
        })
    }

    /// With the names of regions and cities in this language, as far as the database has them.
    #[must_use]
    pub fn in_language(self, language: Language) -> Self {
        Self { language, cache: Cache::new(CACHE_ENTRIES_MAX), ..self }
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
        let mut place = Place::default();
        if is_private(ip) {
            PRIVATE_NETWORK.clone_into(&mut place.as_organization);
            return place;
        }
        let city = self.city.as_ref().and_then(|reader| reader.lookup(ip).ok()?.decode::<City<'_>>().ok()?);
        if let Some(city) = city {
            let region = city.subdivisions.first().map(|subdivision| self.language.of(&subdivision.names));
            city.country.iso_code.unwrap_or_default().clone_into(&mut place.country);
            region.unwrap_or_default().clone_into(&mut place.region);
            self.language.of(&city.city.names).clone_into(&mut place.city);
            place.latitude = degrees(city.location.latitude);
            place.longitude = degrees(city.location.longitude);
        }
        let asn = self.asn.as_ref().and_then(|reader| reader.lookup(ip).ok()?.decode::<Asn<'_>>().ok()?);
        if let Some(asn) = asn {
            place.asn = asn.autonomous_system_number.unwrap_or_default();
            asn.autonomous_system_organization.unwrap_or_default().clone_into(&mut place.as_organization);
        }
        place
    }
}

fn open(bytes: Vec<u8>, kinds: &[&str], wanted: &'static str) -> Result<Database, GeoError> {
    let reader = Reader::from_source(bytes)?;
    let kind = &reader.metadata().database_type;
    if kinds.iter().any(|known| kind.contains(known)) {
        return Ok(reader);
    }
    Err(GeoError::Kind { kind: kind.clone(), wanted })
}

/// Whether the address belongs to a private or local network.
///
/// Rule's source: IANA's special-purpose registries: RFC 1918, 3927, 4193, 4291 and 6598.
#[must_use]
pub fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let is_shared = ip.octets()[0] == 100 && ip.octets()[1] & 0b1100_0000 == 64;
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || is_shared || ip == Ipv4Addr::UNSPECIFIED
        }
        IpAddr::V6(ip) => {
            ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local() || ip == Ipv6Addr::UNSPECIFIED
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
        for private in [
            "10.0.0.1",
            "192.168.7.7",
            "172.31.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "::1",
            "fd00::7",
            "fe80::1",
            "::ffff:10.0.0.1",
        ] {
            let place = geo.locate(private.parse().unwrap());
            assert_eq!((&*place.as_organization, &*place.country), (PRIVATE_NETWORK, ""), "{private}");
        }
        assert_eq!(*geo.locate("203.0.113.7".parse().unwrap()), Place::default(), "it is in no database");
        assert_eq!(geo.locate("2001:220::1".parse().unwrap()).country, "KR");
        let russian = geo.in_language("ru".parse().unwrap());
        let london = russian.locate("81.2.69.160".parse().unwrap());
        assert_eq!(
            (&*london.country, &*london.region, &*london.city),
            ("GB", "England", "Лондон"),
            "one name alone is there in Russian"
        );
        assert!("xx".parse::<Language>().unwrap_err().to_string().starts_with("\"xx\" is not known"));
    }

    /// The first address of each network that is in the database's published contents.
    #[test]
    fn every_published_network_is_where_it_is_published() {
        let geo = Geo::new(include_bytes!("../../testdata/geoip/GeoLite2-City-Test.mmdb").to_vec()).unwrap();
        let mut checked = 0;
        for line in include_str!("../../testdata/geoip/published.tsv").lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [network, country, region, city, latitude, longitude] = columns[..] else { panic!("{line}") };
            let place = geo.locate(network.split_once('/').unwrap().0.parse().unwrap());
            assert_eq!((&*place.country, &*place.region, &*place.city), (country, region, city), "{network}");
            assert_eq!(
                (place.latitude, place.longitude),
                (latitude.parse().unwrap(), longitude.parse().unwrap()),
                "{network}"
            );
            checked += 1;
        }
        assert!(checked >= 200, "{checked}");
    }

    #[test]
    fn another_file_is_refused_with_its_reason() {
        assert!(Geo::new(b"hello".to_vec()).unwrap_err().to_string().contains("not a MaxMind database"));
    }
}

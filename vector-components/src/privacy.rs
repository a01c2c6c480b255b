//! What the operator wants nowhere stored, taken out before the event goes anywhere: to Kafka no more
//! than to ClickHouse.

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use crate::{enrich::scrub::REPLACEMENT, event::Event};

/// Properties that are never for analytics; matched whole, without regard to case, `-` or `_`.
pub const REDACTED: [&str; 17] = [
    "accesstoken",
    "apikey",
    "authorization",
    "cardnumber",
    "clientsecret",
    "creditcard",
    "creditcardnumber",
    "cvc",
    "cvv",
    "iban",
    "idtoken",
    "passwd",
    "password",
    "pwd",
    "refreshtoken",
    "secret",
    "ssn",
];
/// Names that an operator can add.
pub const NAMES_MAX: usize = 200;

/// What becomes of a client's address. It is never stored in a row either way; it places the visitor
/// and tells visitors without ids apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressPolicy {
    /// Kept until the event is enriched.
    #[default]
    Keep,
    /// Its last part is set to zero at once: 8 bits of IPv4, 80 of IPv6, as Google Analytics did.
    Truncate,
    /// Not taken at all: no place, and visitors without ids are told apart by user agent alone.
    Drop,
}

impl FromStr for AddressPolicy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "keep" => Ok(Self::Keep),
            "truncate" => Ok(Self::Truncate),
            "drop" => Ok(Self::Drop),
            other => Err(format!("{other:?} is not known: keep, truncate or drop")),
        }
    }
}

/// The operator's choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Privacy {
    address: AddressPolicy,
    /// Names beyond [`REDACTED`], in their plain form.
    names: Vec<String>,
}

impl Privacy {
    /// `names` are of properties whose values are replaced beside the [`REDACTED`] ones.
    ///
    /// # Errors
    /// If they are more than [`NAMES_MAX`].
    pub fn new<'n>(address: AddressPolicy, names: impl IntoIterator<Item = &'n str>) -> Result<Self, String> {
        let names: Vec<String> = names
            .into_iter()
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(|name| plain(name).into_owned())
            .collect();
        if names.len() > NAMES_MAX {
            return Err(format!("{} names are given, at most {NAMES_MAX} are allowed", names.len()));
        }
        Ok(Self { address, names })
    }

    /// Takes out what must not be kept.
    pub fn apply(&self, event: &mut Event<'_>) {
        event.ip = event.ip.and_then(|ip| self.address.apply(ip));
        event.details.change_values(|name, value| {
            if !value.is_empty() && self.redacts(name) {
                *value = Cow::Borrowed(REPLACEMENT);
            }
        });
    }

    fn redacts(&self, name: &str) -> bool {
        let name = plain(name);
        REDACTED.contains(&&*name) || self.names.iter().any(|redacted| *redacted == name)
    }
}

impl AddressPolicy {
    /// The address, as far as it is kept.
    #[must_use]
    pub fn apply(self, ip: IpAddr) -> Option<IpAddr> {
        match (self, ip.to_canonical()) {
            (Self::Keep, _) => Some(ip),
            (Self::Drop, _) => None,
            (Self::Truncate, IpAddr::V4(ip)) => Some(Ipv4Addr::from_bits(ip.to_bits() & !0xff).into()),
            (Self::Truncate, IpAddr::V6(ip)) => Some(Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 80)).into()),
        }
    }
}

/// In lower case, without what separates words.
fn plain(name: &str) -> Cow<'_, str> {
    let is_plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    match is_plain {
        true => Cow::Borrowed(name),
        false => name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).flat_map(char::to_lowercase).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_cut_before_they_are_stored() {
        for (policy, ip, expected) in [
            ("keep", "203.0.113.77", Some("203.0.113.77")),
            ("truncate", "203.0.113.77", Some("203.0.113.0")),
            ("truncate", "::ffff:203.0.113.77", Some("203.0.113.0")),
            ("truncate", "2001:db8:1:2:3:4:5:6", Some("2001:db8:1::")),
            ("drop", "203.0.113.77", None),
        ] {
            let policy: AddressPolicy = policy.parse().unwrap();
            assert_eq!(policy.apply(ip.parse().unwrap()), expected.map(|ip| ip.parse().unwrap()), "{policy:?} {ip}");
        }
        assert_eq!("cut".parse::<AddressPolicy>().unwrap_err(), "\"cut\" is not known: keep, truncate or drop");
    }

    #[test]
    fn redacted_properties_keep_their_names() {
        let privacy = Privacy::new(AddressPolicy::Drop, ["Customer E-Mail", ""]).unwrap();
        let text = r#"{"v":1,"event_id":"018ee9a4-0000-7000-8000-000000000001","project":"app","type":"a","timestamp":"2024-04-17T05:00:00.000Z",
            "received_at":"2024-04-17T05:00:00.000Z","ip":"203.0.113.77",
            "details":{"API-Key":"k","customer_email":"a@b.c","keyboard":"us","password":"","plan":"pro"}}"#;
        let mut event: Event<'_> = serde_json::from_str(text).unwrap();
        privacy.apply(&mut event);
        let details: Vec<_> = event.details.iter().collect();
        assert_eq!(
            details,
            [
                ("API-Key", REPLACEMENT),
                ("customer_email", REPLACEMENT),
                ("keyboard", "us"),
                ("password", ""),
                ("plan", "pro")
            ]
        );
        assert_eq!(event.ip, None);
    }
}

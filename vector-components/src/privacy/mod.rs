//! What the operator wants nowhere stored, taken out before the event goes anywhere: to Kafka no more
//! than to ClickHouse.

mod address;
mod json;
mod names;

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

pub use names::{Names, REDACTED, SCRUBBED};

use crate::event::Event;
use address::{REPLACEMENT, Secrets, scrub_with};

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

/// A name that is not among the policies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not known: keep, truncate or drop")]
pub struct UnknownPolicy(String);

impl FromStr for AddressPolicy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        match text {
            "keep" => Ok(Self::Keep),
            "truncate" => Ok(Self::Truncate),
            "drop" => Ok(Self::Drop),
            other => Err(UnknownPolicy(other.to_owned())),
        }
    }
}

/// More names than [`NAMES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} names are given, at most {NAMES_MAX} are allowed")]
pub struct TooManyNames(usize);

/// The operator's choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Privacy {
    address: AddressPolicy,
    names: Names,
}

impl Privacy {
    /// `names` are of properties and parameters whose values are replaced beside the [`REDACTED`] ones.
    ///
    /// # Errors
    /// If they are more than [`NAMES_MAX`].
    pub fn new<'n>(address: AddressPolicy, names: impl IntoIterator<Item = &'n str>) -> Result<Self, TooManyNames> {
        let names = Names::new(names);
        if names.own_len() > NAMES_MAX {
            return Err(TooManyNames(names.own_len()));
        }
        Ok(Self { address, names })
    }

    /// The same, with another choice about addresses.
    #[must_use]
    pub fn with_address(&self, address: AddressPolicy) -> Self {
        Self { address, names: self.names.clone() }
    }

    /// What becomes of addresses.
    #[must_use]
    pub fn address(&self) -> AddressPolicy {
        self.address
    }

    /// Takes out what must not be kept.
    pub fn apply(&self, event: &mut Event<'_>) {
        event.ip = event.ip.and_then(|ip| self.address.apply(ip));
        for address in [&mut event.path, &mut event.url, &mut event.referrer] {
            replace(address, |text| scrub_with(text, of_address(&self.names)));
        }
        event.details.change_values(|name, value| {
            replace(value, |text| match text {
                "" => Cow::Borrowed(text),
                _ if self.names.is_property(name) => Cow::Owned(REPLACEMENT.to_owned()),
                _ => json::redact_value(text, &self.names, 0),
            });
        });
    }

    /// JSON, or a sentence that quotes from it, without what must not be kept: for an event that is none. What is no
    /// secret stays byte for byte.
    #[must_use]
    pub fn apply_to_text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        json::redact(text, &self.names, 0)
    }

    /// Whether a field of this name, in dotted form, holds what must not be kept.
    #[must_use]
    pub fn is_secret(&self, name: &str) -> bool {
        self.names.is_property(name)
    }
}

/// `address` with the values of secret parameters replaced, in path, query and fragment, and without
/// a user and password. Everything else stays byte for byte.
#[must_use]
pub fn scrub(address: &str) -> Cow<'_, str> {
    scrub_with(address, of_address(&Names::default()))
}

/// The secrets of an address that is no part of another text.
fn of_address(names: &Names) -> Secrets<'_> {
    Secrets { names, is_address: true, depth: 0, redact_json: json::redact_if_json }
}

/// In place; what stays as it is costs nothing.
fn replace(text: &mut Cow<'_, str>, change: impl FnOnce(&str) -> Cow<'_, str>) {
    if let Cow::Owned(changed) = change(text) {
        *text = Cow::Owned(changed);
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

#[cfg(test)]
mod tests;

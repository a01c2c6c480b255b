//! The transforms' options for data that must not be stored.

use vector_components::{Privacy, privacy::AddressPolicy};
use vector_lib::configurable::configurable_component;

/// What to remove from an event before anything else happens.
#[configurable_component]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct PrivacyConfig {
    /// How to treat the client's address. It is never part of a row, but determines the location, and
    /// distinguishes visitors without ids.
    pub client_addresses: ClientAddresses,

    /// Names of properties and parameters whose values are replaced with `REDACTED`, in addition to
    /// the built-in ones, such as `password` and `token`. At most 200.
    #[configurable(metadata(docs::examples = "customer_number"))]
    pub redact_properties: Vec<String>,
}

/// How to treat the client's address.
#[configurable_component]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ClientAddresses {
    /// Use it unchanged.
    #[default]
    Keep,

    /// Zero its last bits: 8 for IPv4, 80 for IPv6.
    Truncate,

    /// Ignore it: no location, and visitors without ids are distinguished by user agent only.
    Drop,
}

impl PrivacyConfig {
    /// Checks and converts the options.
    ///
    /// # Errors
    /// If there are too many names.
    pub fn checked(&self) -> Result<Privacy, String> {
        let address = match self.client_addresses {
            ClientAddresses::Keep => AddressPolicy::Keep,
            ClientAddresses::Truncate => AddressPolicy::Truncate,
            ClientAddresses::Drop => AddressPolicy::Drop,
        };
        let names = self.redact_properties.iter().map(String::as_str);
        Privacy::new(address, names).map_err(|error| format!("redact_properties: {error}"))
    }
}

//! What the operator wants nowhere stored, as options of the transforms.

use vector_components::{Privacy, privacy::AddressPolicy};
use vector_lib::configurable::configurable_component;

/// What is taken out of an event before anything else is done with it.
#[configurable_component]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct PrivacyConfig {
    /// What becomes of a client's address. It is never part of a row; it gives the place, and tells
    /// visitors without ids apart.
    pub client_addresses: ClientAddresses,

    /// Names of properties and parameters whose values are replaced by `REDACTED`, beside the ones
    /// that always are, such as `password` and `token`. At most 200.
    #[configurable(metadata(docs::examples = "customer_number"))]
    pub redact_properties: Vec<String>,
}

/// What becomes of a client's address.
#[configurable_component]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ClientAddresses {
    /// Used as it is.
    #[default]
    Keep,

    /// Its last part is set to zero: 8 bits of IPv4, 80 of IPv6.
    Truncate,

    /// Not used: no place, and visitors without ids are told apart by user agent alone.
    Drop,
}

impl PrivacyConfig {
    /// The same, checked.
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

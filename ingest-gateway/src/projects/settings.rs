//! What the operator decided about a project.

use std::collections::BTreeMap;

use vector_components::privacy::AddressPolicy;

use super::{
    keys::{Key, KeyHash, Kind},
    origins::Origins,
    quota::Quotas,
    reading::Reading,
};
use crate::limits::rate::Rate;

/// A hundred years.
pub const DAYS_MAX: u32 = 36_500;
/// Projects whose events are not kept for ever; each is a condition in the tables' TTL.
pub const RETENTIONS_MAX: usize = 1_000;

/// A project as it is configured.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Its name.
    pub name: String,
    /// Its name alone is enough to send for it, as in the article; otherwise a key is needed.
    pub by_name: bool,
    /// Its keys, revoked ones included.
    pub keys: Vec<Key>,
    /// Pages whose events are taken; none: of any page.
    pub origins: Option<Origins>,
    /// What becomes of addresses.
    pub client_ip: AddressPolicy,
    /// What becomes of programs' events.
    pub bots: BotPolicy,
    /// How old an event may be that comes without a secret key; 0: of any age.
    pub public_age_days_max: u32,
    /// How long its events are kept, 0 for ever; none: as it was set last.
    pub retention_days: Option<u32>,
    /// How its events are read; none: as it was set last.
    pub reading: Option<Reading>,
    /// How fast all may send.
    pub rate: Option<Rate>,
    /// How fast each address may send, without a secret key.
    pub address_rate: Option<Rate>,
    /// How much may be stored.
    pub quotas: Quotas,
}

/// How long events are kept, in days, of the projects whose settings say it; 0: for ever.
pub fn retention_days<'s>(all: impl IntoIterator<Item = &'s Settings>) -> BTreeMap<String, u32> {
    all.into_iter().filter_map(|settings| Some((settings.name.clone(), settings.retention_days?))).collect()
}

/// How events are read, of the projects whose settings say it.
pub fn readings<'s>(all: impl IntoIterator<Item = &'s Settings>) -> BTreeMap<String, Reading> {
    all.into_iter().filter_map(|settings| Some((settings.name.clone(), settings.reading.clone()?))).collect()
}

/// What becomes of programs' events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BotPolicy {
    /// They are stored and marked.
    #[default]
    Keep,
    /// They are not stored.
    Drop,
}

impl Settings {
    /// Of a project in the file, if it does not say otherwise: longer than any client keeps events for a better
    /// connection.
    pub const PUBLIC_AGE_DAYS_MAX: u32 = 30;

    /// Of a project that only has a name: everything is taken, as in the article.
    #[must_use]
    pub fn of_name(name: &str, client_ip: AddressPolicy) -> Self {
        Self {
            name: name.to_owned(),
            by_name: true,
            keys: Vec::new(),
            origins: None,
            client_ip,
            bots: BotPolicy::Keep,
            public_age_days_max: 0,
            retention_days: None,
            reading: None,
            rate: None,
            address_rate: None,
            quotas: Quotas::default(),
        }
    }

    /// Gives it one more secret key.
    pub fn add_secret(&mut self, key: &str) {
        let name = format!("key {}", self.keys.len() + 1);
        self.keys.push(Key { name, kind: Kind::Secret, hash: KeyHash::of(key), is_revoked: false });
    }
}

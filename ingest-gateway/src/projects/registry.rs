//! All projects at one moment: by name and by key.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use governor::clock::MonotonicClock;
use vector_components::{Privacy, privacy::AddressPolicy};

use super::{
    keys::{KEY_BYTES_MAX, KeyHash, Kind},
    project::Project,
    quota::Usages,
    reading::Reading,
    refusal::Refusal,
    settings::{Settings, readings, retention_days},
};
use crate::limits::rate::{AddressLimiter, Addresses, Limiter};

/// What projects share, whatever their settings are.
pub struct Parts {
    /// What is taken out of every event, whatever is done with addresses.
    pub privacy: Privacy,
    /// What is stored of their quotas.
    pub usages: Usages,
    /// The addresses that have sent lately.
    pub addresses: Addresses,
}

/// The projects.
pub struct Registry {
    by_name: BTreeMap<String, Arc<Project>>,
    by_key: HashMap<KeyHash, Holder>,
}

/// Whose a key is.
struct Holder {
    project: Arc<Project>,
    kind: Kind,
    is_revoked: bool,
}

impl Registry {
    /// Of these settings. A project that was there `before` goes on where it was: a change of one setting gives nobody
    /// a new burst.
    #[must_use]
    pub fn new(all: Vec<Settings>, parts: &Parts, before: Option<&Registry>) -> Self {
        let policies = [AddressPolicy::Keep, AddressPolicy::Truncate, AddressPolicy::Drop];
        let privacies = policies.map(|policy| Arc::new(parts.privacy.with_address(policy)));
        let mut registry = Self { by_name: BTreeMap::new(), by_key: HashMap::new() };
        for settings in all {
            let privacy = privacies.iter().find(|privacy| privacy.address() == settings.client_ip);
            let privacy = Arc::clone(privacy.unwrap_or(&privacies[0]));
            let before = before.and_then(|before| before.by_name(&settings.name));
            let project = Arc::new(project(settings, privacy, parts, before));
            for key in &project.settings.keys {
                let holder = Holder { project: Arc::clone(&project), kind: key.kind, is_revoked: key.is_revoked };
                registry.by_key.insert(key.hash.clone(), holder);
            }
            registry.by_name.insert(project.name().to_owned(), project);
        }
        registry
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// How long events are kept, in days, of the projects whose settings say it; 0: for ever.
    #[must_use]
    pub fn retention_days(&self) -> BTreeMap<String, u32> {
        retention_days(self.by_name.values().map(|project| &project.settings))
    }

    /// How events are read, of the projects whose settings say it.
    #[must_use]
    pub fn readings(&self) -> BTreeMap<String, Reading> {
        readings(self.by_name.values().map(|project| &project.settings))
    }

    /// The project of this name, exactly.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Arc<Project>> {
        self.by_name.get(name)
    }

    /// The project of a key, and who may know the key; none if there is no such key. It stands in this `field`.
    ///
    /// # Errors
    /// If it is revoked.
    pub fn by_key(&self, key: &str, field: &'static str) -> Result<Option<(&Arc<Project>, Kind)>, Refusal> {
        if key.is_empty() || key.len() > KEY_BYTES_MAX || self.by_key.is_empty() {
            return Ok(None);
        }
        match self.by_key.get(&KeyHash::of(key)) {
            Some(Holder { is_revoked: true, .. }) => Err(Refusal::RevokedKey { field }),
            Some(Holder { project, kind, .. }) => Ok(Some((project, *kind))),
            None => Ok(None),
        }
    }
}

fn project(settings: Settings, privacy: Arc<Privacy>, parts: &Parts, before: Option<&Arc<Project>>) -> Project {
    let limiter = settings.rate.map(|rate| {
        let kept = before.and_then(|before| before.limiter.as_ref()).filter(|limiter| limiter.rate() == rate);
        kept.map_or_else(|| Arc::new(Limiter::new(rate, MonotonicClock)), Arc::clone)
    });
    let address_limiter = settings.address_rate.map(|rate| {
        let kept = before.and_then(|before| before.address_limiter.as_ref()).filter(|limiter| limiter.rate() == rate);
        kept.map_or_else(|| Arc::new(AddressLimiter::new(rate, &parts.addresses, MonotonicClock)), Arc::clone)
    });
    let usage = (!settings.quotas.are_none()).then(|| parts.usages.of(&settings.name));
    Project { settings, privacy, limiter, address_limiter, usage }
}

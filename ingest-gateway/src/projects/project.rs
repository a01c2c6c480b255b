//! One project at work: whom it takes events from, how many, and which of them.

use std::{net::IpAddr, sync::Arc, time::Duration};

use vector_components::{
    Privacy,
    rejection::{Reason, Rejection, shown},
    timestamp,
};

use super::{
    quota::{Charge, Exceeded, Usage},
    refusal::Refusal,
    settings::{BotPolicy, Settings},
};
use crate::limits::rate::{AddressLimiter, Denied, Limiter, Rate};

const DAY_MS: i64 = 86_400_000;

/// A project, with what it has let pass.
pub struct Project {
    pub(super) settings: Settings,
    pub(super) privacy: Arc<Privacy>,
    pub(super) limiter: Option<Arc<Limiter>>,
    pub(super) address_limiter: Option<Arc<AddressLimiter>>,
    pub(super) usage: Option<Arc<Usage>>,
}

/// Who sends a request.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'h> {
    /// From which address.
    pub ip: IpAddr,
    /// From which page, if a browser says so.
    pub origin: Option<&'h str>,
    /// With a secret key.
    pub by_secret: bool,
    /// When, in milliseconds since 1970 UTC.
    pub now_ms: i64,
}

impl Project {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.settings.name
    }

    /// As it is configured.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What its events lose before they are stored.
    #[must_use]
    pub fn privacy(&self) -> &Privacy {
        &self.privacy
    }

    /// Whether programs' events are dropped.
    #[must_use]
    pub fn drops_bots(&self) -> bool {
        self.settings.bots == BotPolicy::Drop
    }

    /// Whether it takes so many events from this sender now: is the page one of its own, is there something left of its
    /// quotas, and do its rates let them pass.
    ///
    /// # Errors
    /// If it does not.
    pub fn admit(&self, sender: &Sender<'_>, events: u32) -> Result<(), Refusal> {
        self.check_origin(sender)?;
        if let Some(usage) = &self.usage {
            let quotas = &self.settings.quotas;
            usage.check(quotas, sender.now_ms).map_err(|exceeded| refusal(exceeded, sender.now_ms))?;
        }
        self.pass(sender, events, events)
    }

    /// Whether the sender's page is one of its own.
    ///
    /// # Errors
    /// If it is not.
    pub fn check_origin(&self, sender: &Sender<'_>) -> Result<(), Refusal> {
        match (&self.settings.origins, sender.origin) {
            (Some(origins), Some(origin)) if !sender.by_secret && !origins.allow(origin) => {
                Err(Refusal::Origin { project: self.name().to_owned(), origin: shown(origin) })
            }
            _ => Ok(()),
        }
    }

    /// As [`Project::admit`] of a request of which one event was admitted already, before it was known how many it has.
    ///
    /// # Errors
    /// If the others may not pass now, or the request never may.
    pub fn pass_rest(&self, sender: &Sender<'_>, events: u32) -> Result<(), Refusal> {
        self.pass(sender, events, events.saturating_sub(1))
    }

    /// Counts so many of the events of a request against the rates of the sender's address and of the project.
    fn pass(&self, sender: &Sender<'_>, events: u32, count: u32) -> Result<(), Refusal> {
        if let (Some(limiter), false) = (&self.address_limiter, sender.by_secret) {
            let rate = limiter.rate();
            check_burst(rate, events)?;
            limiter.take(sender.ip, count).map_err(|denied| refused(denied, rate, true, events))?;
        }
        if let Some(limiter) = &self.limiter {
            let rate = limiter.rate();
            check_burst(rate, events)?;
            limiter.take(count).map_err(|denied| refused(denied, rate, false, events))?;
        }
        Ok(())
    }

    /// Counts an event of so many bytes against the quotas; none if there are none.
    ///
    /// # Errors
    /// If one is used up.
    pub fn charge(&self, bytes: usize, now_ms: i64) -> Result<Option<Charge>, Rejection> {
        let Some(usage) = &self.usage else { return Ok(None) };
        let charge = usage.charge(&self.settings.quotas, bytes, now_ms);
        charge.map(Some).map_err(|exceeded| {
            Rejection::new(Reason::QuotaExceeded, exceeded.field, format!("project {}: {exceeded}", self.name()))
        })
    }

    /// Whether an event may have happened so long ago.
    ///
    /// # Errors
    /// If it may not.
    pub fn check_age(&self, timestamp_ms: i64, by_secret: bool, now_ms: i64) -> Result<(), Rejection> {
        let days = i64::from(self.settings.public_age_days_max);
        if days == 0 || by_secret || timestamp_ms >= now_ms.saturating_sub(days * DAY_MS) {
            return Ok(());
        }
        let message = format!(
            "timestamp {} is more than {days} days ago: older events need a secret key",
            timestamp::to_rfc3339(timestamp_ms)
        );
        Err(Rejection::new(Reason::TimestampOutOfRange, "timestamp", message))
    }
}

fn refusal(exceeded: Exceeded, now_ms: i64) -> Refusal {
    let wait_ms = u64::try_from(exceeded.until_ms.saturating_sub(now_ms)).unwrap_or(0);
    Refusal::Quota { exceeded, wait_s: seconds(Duration::from_millis(wait_ms)) }
}

/// A request with more events than pass at once would be told to come again for ever.
fn check_burst(rate: Rate, events: u32) -> Result<(), Refusal> {
    let events_max = rate.burst.get();
    if events > events_max { Err(Refusal::TooMany { events, events_max }) } else { Ok(()) }
}

fn refused(denied: Denied, rate: Rate, is_address: bool, events: u32) -> Refusal {
    match denied {
        Denied::For(wait) => Refusal::TooFast { is_address, per_s: rate.per_s.get(), wait_s: seconds(wait) },
        Denied::Always => Refusal::TooMany { events, events_max: rate.burst.get() },
    }
}

/// Whole seconds after which it is over.
fn seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

//! `Event → Row`: everything that can be derived from an event, each rule a module.

pub mod agents;
pub mod bot;
pub mod campaign;
pub mod channel;
pub mod client_hints;
pub mod geo;
pub mod path;
pub mod referrer;
pub mod source;
pub mod user_agent;
pub mod visitor;

use std::{
    borrow::Cow,
    sync::{Arc, PoisonError, RwLock},
};

pub use agents::UserAgents;
pub use geo::{Geo, Language};
pub use visitor::VisitorSalt;

use self::{
    agents::Agent,
    bot::BotVerdict,
    campaign::Campaign,
    channel::Touch,
    geo::Place,
    source::{Source, Sources},
};

use crate::{
    event::{ClientHeaders, Event},
    row::{Row, stored_event_id, url_rest},
    timestamp,
};

/// Derives a row from an event. Shared by all threads; owns the bounded caches.
#[derive(Debug)]
pub struct Enricher {
    user_agents: UserAgents,
    geo: RwLock<Option<Geo>>,
    sources: Sources,
    hosts: referrer::Hosts,
    nowhere: Arc<Place>,
}

impl Enricher {
    /// An enricher; without `geo` the place stays empty.
    #[must_use]
    pub fn new(user_agents: UserAgents, geo: Option<Geo>) -> Self {
        Self {
            user_agents,
            geo: RwLock::new(geo),
            sources: Sources::default(),
            hosts: referrer::Hosts::default(),
            nowhere: Arc::default(),
        }
    }

    /// Takes another database in place of the one before.
    pub fn set_geo(&self, geo: Geo) {
        // Dropped after the lock is free: it may take a while.
        let _before = self.geo.write().unwrap_or_else(PoisonError::into_inner).replace(geo);
    }

    fn place(&self, event: &Event<'_>) -> Arc<Place> {
        let geo = self.geo.read().unwrap_or_else(PoisonError::into_inner);
        let place = geo.as_ref().zip(event.ip).map(|(geo, ip)| geo.locate(ip));
        place.unwrap_or_else(|| Arc::clone(&self.nowhere))
    }

    /// Derives what can be derived. `salt` keys the visitor of an event that names nobody.
    #[must_use]
    pub fn enrich<'e>(&self, event: &'e Event<'e>, salt: &VisitorSalt) -> Enriched<'e> {
        self.enrich_as(event, self.visitor(event, salt))
    }

    /// As [`Enricher::enrich`] of an event whose visitor is known, as by the key of a Kafka message.
    #[must_use]
    pub fn enrich_as<'e>(&self, event: &'e Event<'e>, visitor: u64) -> Enriched<'e> {
        let agent = self.user_agents.parse(&client_hints::unfreeze_user_agent(&event.user_agent, &event.hints));
        let place = self.place(event);
        let arrived = self.arrived(&event.url, &event.referrer);
        let bot = self.user_agents.verdict(&agent, &event.hints, place.asn);
        let brand = client_hints::brand(&event.hints);
        let path = path::normalize(&event.path);
        Enriched { event, visitor, path, agent, brand, place, arrived, bot }
    }

    /// What the page's address and the one before tell.
    #[must_use]
    pub fn arrived<'e>(&self, url: &'e str, referrer: &str) -> Arrived<'e> {
        let campaign = campaign::parse(url);
        let hostname = self.hosts.of(url);
        let referrer_host = referrer::external(self.hosts.of(referrer), &hostname);
        let click = campaign::click_ids(url);
        let touch = Touch {
            campaign: &campaign,
            referrer_host: &referrer_host,
            has_gclid: click.google,
            has_msclkid: click.microsoft,
        };
        let (channel, source) = channel::channel(touch, &self.sources);
        Arrived { campaign, hostname, referrer_host, channel, source }
    }

    /// The verdict on what sent a header from the network `asn` (0 if it is not known).
    #[must_use]
    pub fn classify(&self, user_agent: &str, hints: &ClientHeaders<'_>, asn: u32) -> BotVerdict {
        let agent = self.user_agents.parse(&client_hints::unfreeze_user_agent(user_agent, hints));
        self.user_agents.verdict(&agent, hints, asn)
    }

    /// The verdict on who sent an event, as [`Enricher::enrich`] would store it.
    #[must_use]
    pub fn verdict(&self, event: &Event<'_>) -> BotVerdict {
        self.classify(&event.user_agent, &event.hints, self.place(event).asn)
    }

    /// The visitor of an event.
    #[must_use]
    pub fn visitor(&self, event: &Event<'_>, salt: &VisitorSalt) -> u64 {
        let without_ids = || visitor::visitor(event, &self.hosts.of(&event.url), salt);
        visitor::visitor_of_ids(event).unwrap_or_else(without_ids)
    }
}

/// An event with what was derived from it; shares what the caches hold.
#[derive(Debug)]
pub struct Enriched<'e> {
    event: &'e Event<'e>,
    visitor: u64,
    /// In its one form.
    path: Cow<'e, str>,
    agent: Arc<Agent>,
    /// A browser that the user agent does not name.
    brand: Option<(&'static str, String)>,
    place: Arc<Place>,
    arrived: Arrived<'e>,
    bot: BotVerdict,
}

/// How somebody came to a page.
#[derive(Clone, Debug)]
pub struct Arrived<'e> {
    /// The page's campaign parameters.
    pub campaign: Campaign<'e>,
    /// The page's host.
    pub hostname: Arc<str>,
    /// The other site's host; empty if there is none.
    pub referrer_host: Arc<str>,
    /// The channel, by its GA4 name.
    pub channel: &'static str,
    /// The source that decided it.
    pub source: Option<Source>,
}

impl Enriched<'_> {
    /// The row, which borrows every text.
    #[must_use]
    pub fn row(&self) -> Row<'_> {
        let (event, agent, place, arrived) = (self.event, &self.agent.user_agent, &*self.place, &self.arrived);
        let campaign = &arrived.campaign;
        let (browser, browser_version) = match &self.brand {
            Some((name, version)) => (*name, version.as_str()),
            None => (agent.browser(), agent.browser_version()),
        };
        let os_version = client_hints::os_version(&event.hints, agent.os());
        Row {
            project: &event.project,
            ts: timestamp::to_clickhouse(event.timestamp_ms),
            event: &event.event_type,
            visitor: self.visitor,
            session_id: &event.session_id,
            event_id: stored_event_id(&event.event_id),
            tie_order: event.tie_order,
            user_id: &event.user_id,
            anonymous_id: &event.anonymous_id,
            path: &self.path,
            hostname: &arrived.hostname,
            url_rest: url_rest(&event.url, &arrived.hostname, &self.path),
            title: &event.title,
            referrer: &event.referrer,
            referrer_host: &arrived.referrer_host,
            referrer_source: arrived.source.map_or("", |source| source.name),
            channel: arrived.channel,
            utm_source: &campaign.source,
            utm_medium: &campaign.medium,
            utm_campaign: &campaign.campaign,
            utm_term: &campaign.term,
            utm_content: &campaign.content,
            locale: &event.locale,
            app_version: &event.app_version,
            browser,
            browser_version,
            os: agent.os(),
            os_version: os_version.unwrap_or(agent.os_version()),
            device_type: agent.device_type().as_str(),
            device_brand: agent.device_brand(),
            device_model: agent.device_model(),
            bot: self.bot.verdict(),
            bot_score: self.bot.score,
            bot_reasons: &self.bot.reasons,
            country: &place.country,
            region: &place.region,
            city: &place.city,
            latitude: place.latitude,
            longitude: place.longitude,
            asn: place.asn,
            as_organization: &place.as_organization,
            screen_width: event.screen.map_or(0, |s| s.width),
            screen_height: event.screen.map_or(0, |s| s.height),
            revenue_amount: event.revenue.as_ref().map_or(0.0, |r| r.amount),
            revenue_currency: event.revenue.as_ref().map_or("", |r| &r.currency),
            properties: &event.details,
            delay_s: seconds(event.received_at_ms, event.timestamp_ms),
            clock_skew_s: event.sent_at_ms.map_or(0, |sent_at_ms| seconds(event.received_at_ms, sent_at_ms)),
        }
    }
}

/// To the arrival from an instant before, in whole seconds; within 68 years, which the limits of a
/// timestamp keep.
fn seconds(received_at_ms: i64, from_ms: i64) -> i32 {
    let seconds = received_at_ms.saturating_sub(from_ms).div_euclid(1000);
    i32::try_from(seconds).unwrap_or(if seconds < 0 { i32::MIN } else { i32::MAX })
}

#[cfg(test)]
mod tests;

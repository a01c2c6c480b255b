//! `Event → Row`: everything that can be derived from an event, each rule a module.

pub mod bot;
pub mod campaign;
pub mod channel;
pub mod client_hints;
pub mod geo;
pub mod referrer;
pub mod scrub;
pub mod source;
pub mod user_agent;
pub mod visitor;

use std::sync::{Arc, PoisonError, RwLock};

pub use geo::Geo;
pub use user_agent::UserAgents;
pub use visitor::VisitorSalt;

use self::{
    bot::{BotVerdict, Bots},
    campaign::Campaign,
    channel::Touch,
    geo::Place,
    source::{Source, Sources},
    user_agent::UserAgent,
};

use crate::{
    event::Event,
    row::{Row, stored_event_id, url_rest},
    timestamp,
};

/// Derives a row from an event. Shared by all threads; owns the bounded caches.
#[derive(Debug)]
pub struct Enricher {
    user_agents: UserAgents,
    geo: RwLock<Option<Geo>>,
    sources: Sources,
    bots: Bots,
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
            bots: Bots::default(),
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
        let agent = self.user_agents.parse(&client_hints::thawed(&event.user_agent, &event.hints));
        let place = self.place(event);
        let campaign = campaign::parse(&event.url);
        let hostname = self.hosts.of(&event.url);
        let referrer_host = referrer::external(self.hosts.of(&event.referrer), &hostname);
        let click = campaign::click_ids(&event.url);
        let touch = Touch {
            campaign: &campaign,
            referrer_host: &referrer_host,
            has_gclid: click.google,
            has_msclkid: click.microsoft,
        };
        let (channel, source) = channel::channel(touch, &self.sources);
        let bot = self.bots.with_hints(&agent, &event.hints, place.asn);
        let visitor = visitor::visitor(event, &hostname, salt);
        let brand = client_hints::brand(&event.hints);
        Enriched { event, visitor, agent, brand, place, campaign, hostname, referrer_host, channel, source, bot }
    }
}

/// An event with what was derived from it; shares what the caches hold.
#[derive(Debug)]
pub struct Enriched<'e> {
    event: &'e Event<'e>,
    visitor: u64,
    agent: Arc<UserAgent>,
    /// A browser that the user agent does not name.
    brand: Option<(&'static str, String)>,
    place: Arc<Place>,
    campaign: Campaign<'e>,
    hostname: Arc<str>,
    referrer_host: Arc<str>,
    channel: &'static str,
    source: Option<Source>,
    bot: BotVerdict,
}

impl Enriched<'_> {
    /// The row, which borrows every text.
    #[must_use]
    pub fn row(&self) -> Row<'_> {
        let (event, agent, place, campaign) = (self.event, &*self.agent, &*self.place, &self.campaign);
        let (browser, browser_version) = match &self.brand {
            Some((name, version)) => (*name, version.as_str()),
            None => (agent.browser.as_str(), agent.browser_version.as_str()),
        };
        let os_version = client_hints::windows_version(&event.hints).filter(|_| agent.os == "Windows");
        Row {
            project: &event.project,
            ts: timestamp::to_clickhouse(event.timestamp_ms),
            event: &event.event_type,
            visitor: self.visitor,
            session_id: &event.session_id,
            event_id: stored_event_id(&event.event_id),
            user_id: &event.user_id,
            anonymous_id: &event.anonymous_id,
            path: &event.path,
            hostname: &self.hostname,
            url_rest: url_rest(&event.url, &self.hostname, &event.path),
            title: &event.title,
            referrer: &event.referrer,
            referrer_host: &self.referrer_host,
            referrer_source: self.source.map_or("", |source| source.name),
            channel: self.channel,
            utm_source: &campaign.source,
            utm_medium: &campaign.medium,
            utm_campaign: &campaign.campaign,
            utm_term: &campaign.term,
            utm_content: &campaign.content,
            locale: &event.locale,
            app_version: &event.app_version,
            browser,
            browser_version,
            os: &agent.os,
            os_version: os_version.unwrap_or(&agent.os_version),
            device_type: agent.device_type.as_str(),
            device_brand: &agent.device_brand,
            device_model: &agent.device_model,
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
            delay_s: delay_s(event),
        }
    }
}

/// From the event to its arrival, in whole seconds; within 68 years, which the limits of a
/// timestamp keep.
fn delay_s(event: &Event<'_>) -> i32 {
    let seconds = event.received_at_ms.saturating_sub(event.timestamp_ms).div_euclid(1000);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

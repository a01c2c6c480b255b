//! `Event → Row`: everything that can be derived from an event, each rule a module.

pub mod bot;
pub mod campaign;
pub mod channel;
pub mod geo;
pub mod referrer;
pub mod scrub;
pub mod source;
pub mod user_agent;
pub mod visitor;

use std::sync::Arc;

use channel::Touch;
pub use geo::Geo;
use source::Sources;
pub use user_agent::UserAgents;
pub use visitor::VisitorSalt;

use crate::{event::Event, row::Row, timestamp};

/// Derives a row from an event. Shared by all threads; owns the bounded caches.
#[derive(Debug)]
pub struct Enricher {
    user_agents: UserAgents,
    geo: Option<Geo>,
    sources: Sources,
    hosts: referrer::Hosts,
}

impl Enricher {
    /// An enricher; without `geo` the place stays empty.
    #[must_use]
    pub fn new(user_agents: UserAgents, geo: Option<Geo>) -> Self {
        Self { user_agents, geo, sources: Sources::default(), hosts: referrer::Hosts::default() }
    }

    /// Derives the row. `salt` keys the visitor of an event that names nobody.
    #[must_use]
    pub fn enrich(&self, event: &Event, salt: &VisitorSalt) -> Row {
        let agent = self.user_agents.parse(&event.user_agent);
        let place = self.geo.as_ref().zip(event.ip).map(|(geo, ip)| geo.locate(ip)).unwrap_or_default();
        let campaign = campaign::parse(&event.url);
        let hostname = self.hosts.of(&event.url).to_string();
        let referrer_host = referrer::external(&self.hosts.of(&event.referrer), &hostname);
        let click = campaign::click_ids(&event.url);
        let touch = Touch {
            campaign: &campaign,
            referrer_host: &referrer_host,
            has_gclid: click.google,
            has_msclkid: click.microsoft,
        };
        let (channel, source) = channel::channel(touch, &self.sources);
        let bot = agent.bot.clone().with_hints(&event.hints, agent.claims_browser());
        Row {
            project: event.project.clone(),
            ts: timestamp::to_clickhouse(event.timestamp_ms),
            event: event.event_type.clone(),
            visitor: visitor::visitor(event, salt),
            session_id: event.session_id.clone(),
            event_id: event.event_id,
            user_id: event.user_id.clone(),
            anonymous_id: event.anonymous_id.clone(),
            path: event.path.clone(),
            referrer_source: source.map_or("", |source| source.name),
            channel,
            referrer_host,
            hostname,
            url: event.url.clone(),
            title: event.title.clone(),
            referrer: event.referrer.clone(),
            utm_source: campaign.source,
            utm_medium: campaign.medium,
            utm_campaign: campaign.campaign,
            utm_term: campaign.term,
            utm_content: campaign.content,
            locale: event.locale.clone(),
            app_version: event.app_version.clone(),
            browser: agent.browser.clone(),
            browser_version: agent.browser_version.clone(),
            os: agent.os.clone(),
            os_version: agent.os_version.clone(),
            device_type: agent.device_type.as_str(),
            device_brand: agent.device_brand.clone(),
            device_model: agent.device_model.clone(),
            bot: bot.verdict(),
            bot_score: bot.score,
            bot_reasons: bot.reasons,
            country: place.country.clone(),
            region: place.region.clone(),
            city: place.city.clone(),
            latitude: place.latitude,
            longitude: place.longitude,
            screen_width: event.screen.map_or(0, |s| s.width),
            screen_height: event.screen.map_or(0, |s| s.height),
            revenue_amount: event.revenue.as_ref().map_or(0.0, |r| r.amount),
            revenue_currency: event.revenue.as_ref().map_or_else(String::new, |r| r.currency.clone()),
            properties: event.details.clone(),
            received_at: timestamp::to_clickhouse(event.received_at_ms),
        }
    }

    /// The user-agent cache's hits and misses since the start.
    #[must_use]
    pub fn cache_hits_and_misses(&self) -> (u64, u64) {
        self.user_agents.hits_and_misses()
    }
}

/// An [`Enricher`] shared between threads.
pub type SharedEnricher = Arc<Enricher>;

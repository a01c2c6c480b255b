//! The synthetic people: their identity follows from a hash of seed, project and number, so
//! that a visit can be generated without knowing the others. The real enrichment interprets each
//! user agent, IP address and landing page once.

use std::path::Path;

use anyhow::{Context, anyhow};
use serde_json::{Value, json};
use vector_components::{
    Arrival, Enricher,
    enrich::{
        Geo, UserAgents, VisitorSalt,
        visitor::{IdKind, visitor_of_id},
    },
    validate,
};

use crate::traffic::{HOST, NETWORKS, PAGES, SOURCES, USER_AGENTS, address};

/// One in this many people has signed in, and is identified by a user id from then on.
const SIGNED_IN_OF: u64 = 5;

/// Everything a row is assembled from.
pub struct World {
    enricher: Enricher,
    /// The columns of each user agent.
    pub agents: Vec<Value>,
    /// The columns of each location, including its locale.
    pub places: Vec<Value>,
    /// The columns of each source: campaign, referrer, channel.
    pub sources: Vec<Value>,
}

/// The person behind a visit.
pub struct Person {
    /// As in `analytics.events`.
    pub visitor: u64,
    /// The user's number, once signed in.
    pub user: Option<u64>,
    /// The device's id, formatted in hexadecimal; 0 once signed in.
    pub anonymous: u64,
    /// Index in [`World::agents`].
    pub agent: u8,
    /// Index in [`World::places`].
    pub place: u8,
}

/// Pages that visitors browse.
#[expect(clippy::cast_possible_truncation, reason = "a short list")]
pub const PAGE_COUNT: u8 = PAGES.len() as u8;
/// After the pages, in [`paths`].
pub const SIGN_UP: u8 = PAGE_COUNT;
/// As above.
pub const CHECKOUT: u8 = PAGE_COUNT + 1;
const PRICING: &str = "/pricing";

/// All paths, by a row's index.
#[must_use]
pub fn paths() -> [&'static str; PAGES.len() + 3] {
    let mut out = [""; PAGES.len() + 3];
    out[..PAGES.len()].copy_from_slice(&PAGES);
    out[PAGES.len()..].copy_from_slice(&["/sign-up", "/checkout/done", PRICING]);
    out
}

impl World {
    /// Runs the real enrichment on every part.
    ///
    /// # Errors
    /// If the repository's GeoIP test database is missing.
    pub fn new(geoip: &Path) -> anyhow::Result<Self> {
        let bytes = std::fs::read(geoip).with_context(|| format!("cannot read {}", geoip.display()))?;
        let geo = Geo::new(bytes).map_err(|e| anyhow!(e))?;
        let enricher = Enricher::new(UserAgents::new().map_err(|e| anyhow!(e))?, Some(geo));
        let mut world = Self { enricher, agents: vec![], places: vec![], sources: vec![] };
        for agent in USER_AGENTS {
            world.agents.push(world.row(&json!({"type": "x"}), None, agent)?);
        }
        for (network, locale) in NETWORKS {
            let ip = address(network, |low, _| low);
            world.places.push(world.row(&json!({"type": "x", "locale": locale}), Some(&ip), "")?);
        }
        for (query, referrer) in SOURCES {
            let event = json!({"type": "x", "url": format!("{HOST}/{query}"), "referrer": referrer});
            world.sources.push(world.row(&event, None, "")?);
        }
        Ok(world)
    }

    fn row(&self, event: &Value, ip: Option<&str>, user_agent: &str) -> anyhow::Result<Value> {
        let arrival = Arrival {
            project: "website".to_owned(),
            received_at_ms: 1_767_225_600_000,
            sent_at_ms: None,
            ip: ip.map(str::parse).transpose()?,
            user_agent: user_agent.to_owned(),
            hints: Default::default(),
        };
        let raw = serde_json::value::to_raw_value(event)?;
        let event = validate(&raw, &arrival).map_err(|e| anyhow!("{}", e.message))?;
        Ok(serde_json::to_value(self.enricher.enrich(&event, &VisitorSalt([0; 16])).row())?)
    }

    /// The person with this number.
    pub fn person(&self, project: &str, seed: u64, number: u64) -> Person {
        let draw = mix(seed ^ mix(number));
        let signed_in = draw.is_multiple_of(SIGNED_IN_OF);
        let (user, anonymous) = if signed_in { (Some(number), 0) } else { (None, mix(draw)) };
        let visitor = match user {
            Some(user) => visitor_of_id(project, IdKind::User, &format!("u{user}")),
            None => visitor_of_id(project, IdKind::Anonymous, &format!("{anonymous:016x}")),
        };
        // One visitor in 50 is the crawler at the end of the list.
        let agents = self.agents.len() - 1;
        let agent = if (draw >> 8).is_multiple_of(50) { agents } else { at(draw >> 16, agents) };
        let small = |index: usize| u8::try_from(index).unwrap_or(0);
        Person { visitor, user, anonymous, agent: small(agent), place: small(at(draw >> 32, self.places.len())) }
    }
}

/// A page's title.
#[must_use]
pub fn title(path: &str) -> String {
    match path {
        "/" => "Shop".to_owned(),
        path => format!("{} · Shop", path.trim_start_matches('/').replace(['/', '-'], " ")),
    }
}

/// Splitmix64: a pseudo-random number, the same for the same input.
pub fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[expect(clippy::cast_possible_truncation, reason = "an index below the length")]
fn at(draw: u64, length: usize) -> usize {
    (draw % length.max(1) as u64) as usize
}

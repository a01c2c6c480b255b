//! The made-up people: who they are follows from a hash of seed, project and number, so
//! that a visit can be made without knowing the others. What a user agent, an address and
//! a landing page mean is said by the real enrichment, once each.

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

/// One in so many people has signed in, and is known by a user id from then on.
const SIGNED_IN_OF: u64 = 5;

/// Everything a row is put together from.
pub struct World {
    enricher: Enricher,
    /// The columns of each user agent.
    pub agents: Vec<Value>,
    /// The columns of each place, its locale among them.
    pub places: Vec<Value>,
    /// The columns of each source: campaign, referrer, channel.
    pub sources: Vec<Value>,
}

/// Who pays a visit.
pub struct Person {
    /// As in `analytics.events`.
    pub visitor: u64,
    /// The user's number, once signed in.
    pub user: Option<u64>,
    /// The device's id, in hexadecimal digits; 0 once signed in.
    pub anonymous: u64,
    /// An index of [`World::agents`].
    pub agent: u8,
    /// An index of [`World::places`].
    pub place: u8,
}

/// Pages that visitors walk through.
#[expect(clippy::cast_possible_truncation, reason = "a short list")]
pub const PAGE_COUNT: u8 = PAGES.len() as u8;
/// Beside the pages, in [`paths`].
pub const SIGN_UP: u8 = PAGE_COUNT;
/// Likewise.
pub const CHECKOUT: u8 = PAGE_COUNT + 1;
const PRICING: &str = "/pricing";

/// All paths, by the index that rows have.
#[must_use]
pub fn paths() -> [&'static str; PAGES.len() + 3] {
    let mut out = [""; PAGES.len() + 3];
    out[..PAGES.len()].copy_from_slice(&PAGES);
    out[PAGES.len()..].copy_from_slice(&["/sign-up", "/checkout/done", PRICING]);
    out
}

impl World {
    /// Asks the real enrichment for the meaning of every part.
    ///
    /// # Errors
    /// If the repository's test database of places is missing.
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

    /// The person of this number.
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

/// Splitmix64: a number that looks random, the same for the same number.
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

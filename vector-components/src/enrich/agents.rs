//! What a `User-Agent` header says: browser, system, device, and whether it identifies itself as a bot. Results
//! are cached, since a few thousand headers make up nearly all of a site's traffic.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use quick_cache::sync::Cache;

use super::{
    bot::{BotVerdict, Bots, HeaderSigns},
    user_agent::{Parser, RulesError, UserAgent, Word},
};
use crate::event::ClientHeaders;

/// Cached headers, at most; about 300 bytes each.
pub const CACHE_ENTRIES_MAX: usize = 65_536;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Browser, system and device.
    pub user_agent: UserAgent,
    /// Whether it identifies itself as a bot.
    pub signs: HeaderSigns,
}

/// The parser and the lists of bots, behind a cache.
pub struct UserAgents {
    parser: Parser,
    bots: Bots,
    cache: Cache<String, Arc<Agent>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl UserAgents {
    /// Compiles the rules; takes a fraction of a second, once.
    ///
    /// # Errors
    /// Only if the compiled-in rules cannot be read, which the tests exclude.
    pub fn new() -> Result<Self, RulesError> {
        let bots = Bots::default();
        let words = bots.texts().map(|(text, is_of_model)| Word::new(text, is_of_model));
        Ok(Self {
            parser: Parser::new(words)?,
            bots,
            cache: Cache::new(CACHE_ENTRIES_MAX),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        })
    }

    /// What `header` says; an empty header says nothing.
    #[must_use]
    pub fn parse(&self, header: &str) -> Arc<Agent> {
        if let Some(known) = self.cache.get(header) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return known;
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let parsed = Arc::new(self.read(header));
        self.cache.insert(header.to_owned(), Arc::clone(&parsed));
        parsed
    }

    /// As [`UserAgents::parse`], without the cache.
    #[must_use]
    pub fn read(&self, header: &str) -> Agent {
        let parsed = self.parser.parse(header);
        let signs = self.bots.of_header(header, &parsed.agent, parsed.words());
        Agent { user_agent: parsed.agent, signs }
    }

    /// The verdict on a client, given its other headers and network (`asn`, 0 if unknown).
    #[must_use]
    pub fn verdict(&self, agent: &Agent, hints: &ClientHeaders<'_>, asn: u32) -> BotVerdict {
        self.bots.verdict(&agent.signs, hints, asn)
    }

    /// Cache hits and misses since the start.
    #[must_use]
    pub fn hits_and_misses(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }
}

impl std::fmt::Debug for UserAgents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserAgents").field("cached", &self.cache.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_seen_again_comes_from_the_cache() {
        let agents = UserAgents::new().unwrap();
        let first = agents.parse("curl/8.5.0");
        assert!(Arc::ptr_eq(&first, &agents.parse("curl/8.5.0")));
        assert_eq!(agents.hits_and_misses(), (1, 1));
    }
}

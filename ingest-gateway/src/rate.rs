//! How many events one client sends: a hint for the verdict on bots, never a reason to refuse.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use quick_cache::sync::Cache;

/// Clients that are counted at once; the least used ones are forgotten.
const CLIENTS_MAX: usize = 65_536;
const WINDOW_MS: i64 = 10_000;
/// Of a counter: the window's number above, the count below.
const COUNT_BITS: u32 = 32;

/// Counts by address and user agent.
pub struct Rates(Cache<u64, Arc<AtomicU64>>);

impl Default for Rates {
    fn default() -> Self {
        Self(Cache::new(CLIENTS_MAX))
    }
}

impl Rates {
    /// Adds a request's events; returns how many the client has sent in the ten seconds that run.
    pub fn add(&self, ip: IpAddr, user_agent: &str, now_ms: i64, events: usize) -> u32 {
        let mut hasher = DefaultHasher::new();
        (ip, user_agent).hash(&mut hasher);
        let Ok(counter) = self.0.get_or_insert_with(&hasher.finish(), || Ok::<_, ()>(Arc::default())) else { return 0 };
        let window = now_ms.div_euclid(WINDOW_MS).cast_unsigned() << COUNT_BITS;
        let added = u64::try_from(events).unwrap_or(u64::MAX).min(u64::from(u32::MAX >> 1));
        let add = |counter: u64| {
            let is_same = counter >> COUNT_BITS == window >> COUNT_BITS;
            let count = if is_same { counter & u64::from(u32::MAX) } else { 0 };
            window | (count + added).min(u64::from(u32::MAX))
        };
        let before = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |counter| Some(add(counter)));
        // The closure always returns a value.
        u32::try_from(add(before.unwrap_or_default()) & u64::from(u32::MAX)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_has_its_own_count_for_ten_seconds() {
        let rates = Rates::default();
        let (a, b): (IpAddr, IpAddr) = ("203.0.113.7".parse().unwrap(), "203.0.113.8".parse().unwrap());
        assert_eq!(rates.add(a, "x", 1_000, 5), 5);
        assert_eq!(rates.add(a, "x", 9_999, 7), 12);
        assert_eq!((rates.add(b, "x", 9_999, 1), rates.add(a, "y", 9_999, 1)), (1, 1));
        assert_eq!(rates.add(a, "x", 10_000, 1), 1);
        for _ in 0..3 {
            rates.add(a, "x", 10_001, usize::MAX);
        }
        assert_eq!(rates.add(a, "x", 10_001, 1), u32::MAX, "it stops at the top");
    }
}

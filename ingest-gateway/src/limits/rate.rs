//! How fast events and requests may come, by the generic cell rate algorithm (the crate `governor`): so many a
//! second, and so many at once after a pause.
//!
//! All addresses of all projects share one cache of fixed size: a flood of addresses takes no memory, it only
//! makes the gateway forget those that sent nothing for longest, which begin anew.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use governor::{
    InsufficientCapacity, NotUntil, Quota, RateLimiter,
    clock::{Clock, MonotonicClock, Reference},
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed, StateStore},
};
use quick_cache::sync::Cache;

/// Addresses that are remembered at once, of all projects together.
pub const ADDRESSES_MAX: usize = 131_072;
/// A household or a machine has the lower half of an IPv6 address for itself.
const IPV6_BITS: u32 = 64;

/// So many a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// In the long run.
    pub per_s: NonZeroU32,
    /// At once, after a pause; no request may hold more.
    pub burst: NonZeroU32,
}

/// Why something may not pass now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// It may after so long.
    For(Duration),
    /// It never may: it is more than passes at once.
    Always,
}

/// One rate for everybody.
pub struct Limiter<C: Clock = MonotonicClock> {
    rate: Rate,
    inner: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
}

/// A rate for each address.
pub struct AddressLimiter<C: Clock = MonotonicClock> {
    rate: Rate,
    inner: RateLimiter<IpAddr, OfOne, C, NoOpMiddleware<C::Instant>>,
}

/// What all addresses have sent lately.
#[derive(Clone)]
pub struct Addresses {
    states: Arc<Cache<(u64, IpAddr), Arc<InMemoryState>>>,
    limiters: Arc<AtomicU64>,
}

/// The part of one limiter.
struct OfOne {
    addresses: Addresses,
    number: u64,
}

impl<C: Clock> Limiter<C> {
    /// Nothing has passed yet.
    pub fn new(rate: Rate, clock: C) -> Self {
        Self { rate, inner: RateLimiter::new(rate.quota(), InMemoryState::default(), clock) }
    }

    /// What it keeps.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Lets `count` pass, all of them or none.
    ///
    /// # Errors
    /// If they may not now.
    pub fn take(&self, count: u32) -> Result<(), Denied> {
        let Some(count) = NonZeroU32::new(count) else { return Ok(()) };
        decided(self.inner.check_n(count), self.inner.clock().now())
    }
}

impl<C: Clock> AddressLimiter<C> {
    /// Nothing has passed yet.
    pub fn new(rate: Rate, addresses: &Addresses, clock: C) -> Self {
        let number = addresses.limiters.fetch_add(1, Ordering::Relaxed);
        let state = OfOne { addresses: addresses.clone(), number };
        Self { rate, inner: RateLimiter::new(rate.quota(), state, clock) }
    }

    /// What it keeps.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// As [`Limiter::take`], for one address.
    ///
    /// # Errors
    /// As there.
    pub fn take(&self, ip: IpAddr, count: u32) -> Result<(), Denied> {
        let Some(count) = NonZeroU32::new(count) else { return Ok(()) };
        decided(self.inner.check_key_n(&network(ip), count), self.inner.clock().now())
    }
}

impl Rate {
    fn quota(self) -> Quota {
        Quota::per_second(self.per_s).allow_burst(self.burst)
    }
}

impl Default for Addresses {
    fn default() -> Self {
        Self { states: Arc::new(Cache::new(ADDRESSES_MAX)), limiters: Arc::default() }
    }
}

impl StateStore for OfOne {
    type Key = IpAddr;

    fn measure_and_replace<T, F, E>(&self, ip: &IpAddr, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let state = self.addresses.states.get_or_insert_with(&(self.number, *ip), || Ok::<_, E>(Arc::default()))?;
        state.measure_and_replace(&NotKeyed::NonKey, f)
    }
}

fn decided<P: Reference>(
    decision: Result<Result<(), NotUntil<P>>, InsufficientCapacity>,
    now: P,
) -> Result<(), Denied> {
    match decision {
        Ok(Ok(())) => Ok(()),
        Ok(Err(not_until)) => Err(Denied::For(not_until.wait_time_from(now))),
        Err(InsufficientCapacity(_)) => Err(Denied::Always),
    }
}

/// What counts as one address.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << IPV6_BITS)).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;
    use proptest::prelude::*;

    use super::*;

    fn rate(per_s: u32, burst: u32) -> Rate {
        Rate { per_s: NonZeroU32::new(per_s).unwrap(), burst: NonZeroU32::new(burst).unwrap() }
    }

    #[test]
    fn so_many_at_once_and_then_so_many_a_second() {
        let clock = FakeRelativeClock::default();
        let limiter = Limiter::new(rate(10, 50), clock.clone());
        assert_eq!((limiter.take(0), limiter.take(50)), (Ok(()), Ok(())));
        assert_eq!(limiter.take(1), Err(Denied::For(Duration::from_millis(100))));
        assert_eq!(limiter.take(20), Err(Denied::For(Duration::from_secs(2))), "none of them passed");
        assert_eq!(limiter.take(51), Err(Denied::Always));
        clock.advance(Duration::from_secs(1));
        assert_eq!((limiter.take(10), limiter.take(1).is_err()), (Ok(()), true));
        clock.advance(Duration::from_secs(3_600));
        assert_eq!(
            (limiter.take(50), limiter.take(1).is_err()),
            (Ok(()), true),
            "a pause saves up no more than a burst"
        );
    }

    #[test]
    fn each_address_has_its_own_rate_and_an_ipv6_network_is_one() {
        let (clock, addresses) = (FakeRelativeClock::default(), Addresses::default());
        let limiter = AddressLimiter::new(rate(1, 2), &addresses, clock.clone());
        let other = AddressLimiter::new(rate(1, 2), &addresses, clock);
        let take = |limiter: &AddressLimiter<_>, ip: &str| limiter.take(ip.parse().unwrap(), 2).is_ok();
        assert!(take(&limiter, "203.0.113.7") && take(&limiter, "203.0.113.8") && take(&other, "203.0.113.7"));
        assert!(!take(&limiter, "203.0.113.7") && !take(&limiter, "::ffff:203.0.113.7"));
        assert!(take(&limiter, "2001:db8:1:2::1") && !take(&limiter, "2001:db8:1:2:ffff::9"));
        assert!(take(&limiter, "2001:db8:1:3::1"));
    }

    #[test]
    fn a_flood_of_addresses_takes_no_more_memory() {
        let addresses = Addresses::default();
        let limiter = AddressLimiter::new(rate(1, 1), &addresses, FakeRelativeClock::default());
        for n in 0..u32::try_from(3 * ADDRESSES_MAX).unwrap() {
            limiter.take(IpAddr::from(n.to_be_bytes()), 1).unwrap();
        }
        assert!(addresses.states.len() <= ADDRESSES_MAX, "{} addresses", addresses.states.len());
    }

    proptest! {
        /// Whatever comes when: never more than the burst and what the time since has added.
        #[test]
        fn no_more_pass_than_the_rate_allows(
            per_s in 1..2_000_u32,
            burst in 1..500_u32,
            steps in prop::collection::vec((0..600_u32, 0..400_u64), 1..60),
        ) {
            let clock = FakeRelativeClock::default();
            let limiter = Limiter::new(rate(per_s, burst), clock.clone());
            let (mut passed, mut elapsed_ms) = (0_u64, 0_u64);
            for (count, pause_ms) in steps {
                clock.advance(Duration::from_millis(pause_ms));
                elapsed_ms += pause_ms;
                let was_let = match limiter.take(count) {
                    Ok(()) => true,
                    Err(Denied::Always) => { prop_assert!(count > burst); false }
                    Err(Denied::For(wait)) => {
                        prop_assert!(!wait.is_zero());
                        clock.advance(wait);
                        elapsed_ms += u64::try_from(wait.as_millis()).unwrap() + 1;
                        prop_assert_eq!(limiter.take(count), Ok(()), "after the wait that it was told");
                        true
                    }
                };
                passed += if was_let { u64::from(count) } else { 0 };
                // An interval is rounded down to whole nanoseconds.
                let allowed = u64::from(burst) + (elapsed_ms + 1) * u64::from(per_s) / 1_000 + 1;
                prop_assert!(passed <= allowed, "{passed} passed, {allowed} are allowed");
            }
        }
    }
}

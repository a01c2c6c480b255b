//! Events that were stored a short while ago, by what identifies their rows: one that comes again, as its client had no
//! answer, is known to be durable, and costs Kafka and ClickHouse nothing.
//!
//! Of so many events the last half is known at least. It is in memory alone: after a restart, and for what comes later,
//! the event is stored again, as the same row.

use std::{
    collections::HashSet,
    hash::Hasher,
    sync::{Mutex, MutexGuard, PoisonError},
};

use siphasher::sip128::{Hasher128, SipHasher24};

use crate::sink::Identified;

/// What identifies a row, as a hash. Nobody can make two events that have the same, as the key is random.
pub type Key = u128;

/// The memory.
pub struct Recent {
    events_max: usize,
    key: [u8; 16],
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    younger: HashSet<Key>,
    older: HashSet<Key>,
}

/// The memory while a request looks into it.
pub struct Looking<'a> {
    recent: &'a Recent,
    generations: MutexGuard<'a, Generations>,
}

impl Recent {
    /// Of so many events; 0: of none.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn new(events_max: usize) -> anyhow::Result<Self> {
        let mut key = [0; 16];
        getrandom::fill(&mut key).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        Ok(Self { events_max, key, generations: Mutex::default() })
    }

    /// Looks into it; none if it is off.
    pub fn look(&self) -> Option<Looking<'_>> {
        let is_on = self.events_max > 0;
        is_on.then(|| Looking { recent: self, generations: self.lock() })
    }

    /// These are durable now.
    pub fn stored(&self, keys: impl Iterator<Item = Key>) {
        if self.events_max == 0 {
            return;
        }
        let mut generations = self.lock();
        for key in keys {
            if generations.younger.len() >= self.events_max.div_ceil(2) {
                generations.older = std::mem::take(&mut generations.younger);
            }
            generations.younger.insert(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Looking<'_> {
    /// What identifies the event's row, and whether it is known to be stored.
    pub fn knows(&self, of: &Identified<'_>) -> (Key, bool) {
        let mut hasher = SipHasher24::new_with_key(&self.recent.key);
        hasher.write(of.event.event_id.as_bytes());
        hasher.write(&of.event.timestamp_ms.to_le_bytes());
        hasher.write(&of.visitor.to_le_bytes());
        hasher.write(of.event.project.as_bytes());
        let key = hasher.finish128().into();
        (key, self.generations.younger.contains(&key) || self.generations.older.contains(&key))
    }
}

#[cfg(test)]
mod tests {
    use vector_components::Event;

    use super::*;

    fn at(timestamp_ms: i64) -> Identified<'static> {
        let event = r#"{"v":1,"event_id":"018ee9a4-0000-7000-8000-000000000001","project":"app","type":"a","timestamp":"2024-04-17T05:00:00.000Z","received_at":"2026-01-01T00:00:00.000Z"}"#;
        let event: Event<'_> = serde_json::from_str(event).unwrap();
        Identified { event: Event { timestamp_ms, ..event }, visitor: 7 }
    }

    fn knows(recent: &Recent, of: &Identified<'_>) -> bool {
        recent.look().is_some_and(|looking| looking.knows(of).1)
    }

    #[test]
    fn the_last_half_is_known_and_no_more_than_all_are_kept() {
        let recent = Recent::new(100).unwrap();
        for n in 0..1_000 {
            let event = at(n);
            assert!(!knows(&recent, &event));
            let key = recent.look().unwrap().knows(&event).0;
            recent.stored([key].into_iter());
            let known = (0..=n).filter(|n| knows(&recent, &at(*n))).count();
            assert!(known <= 100 && known >= usize::try_from(n + 1).unwrap().min(50), "{known} after {n}");
        }
    }

    #[test]
    fn each_part_of_the_row_s_identity_counts() {
        let recent = Recent::new(100).unwrap();
        let event = at(5);
        let key = recent.look().unwrap().knows(&event).0;
        recent.stored([key].into_iter());
        assert!(knows(&recent, &event));
        let Identified { event, visitor } = event;
        for (other, visitor) in [
            (Event { project: "ap".into(), ..event.clone() }, visitor),
            (Event { event_id: uuid::Uuid::nil(), ..event.clone() }, visitor),
            (Event { timestamp_ms: 6, ..event.clone() }, visitor),
            (event.clone(), 8),
        ] {
            assert!(!knows(&recent, &Identified { event: other, visitor }));
        }
        let off = Recent::new(0).unwrap();
        off.stored([1].into_iter());
        assert!(off.look().is_none());
    }
}

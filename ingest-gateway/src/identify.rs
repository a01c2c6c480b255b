//! What identifies an event as it is stored: project, day, visitor, time and id. What the client
//! did not send of it comes from the event's first arrival, which [`Arrivals`] remembers.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
    hash::Hasher,
};

use serde::Deserialize;
use serde_json::value::RawValue;
use siphasher::sip128::{Hasher128, SipHasher24};
use uuid::{NoContext, Timestamp, Uuid};
use vector_components::{
    Arrival, Event, Privacy,
    enrich::{referrer::Hosts, visitor},
    validate::{Received, receive},
};

use crate::{
    arrivals::{Arrivals, Asked, Given},
    recent::{self, Recent},
    salt::SaltKeeper,
    sink::{Identified, NotDurable, Refused},
};

const DAY_MS: i64 = 86_400_000;
const KEY: [u8; 16] = *b"footfall.arrival";

/// Assigns each event its visitor, and what else its first arrival decided.
pub struct Identifier {
    salts: SaltKeeper,
    hosts: Hosts,
    arrivals: Arrivals,
    recent: Option<Recent>,
}

/// An event with its place among the outcomes.
pub struct Judged<'a> {
    /// The place.
    pub at: usize,
    /// The event, and what of its identity the client gave.
    pub received: Received<'a>,
}

/// Events to be stored, and places of those that are stored already.
#[derive(Default)]
pub struct Sorted<'a> {
    /// To be stored.
    pub events: Vec<Identified<'a>>,
    /// For each of them, its place among the outcomes.
    pub at: Vec<usize>,
    /// Places of those that are known to be durable since an earlier request.
    pub known: Vec<usize>,
    /// To be told to [`Identifier::stored`], with the index of the event.
    keys: Vec<(usize, u128)>,
    /// For each of the events, what identifies its row; empty if that is not remembered.
    rows: Vec<recent::Key>,
}

/// What of an event that is dropped says who did it.
#[derive(Default, Deserialize)]
struct Readable<'a> {
    #[serde(borrow, default)]
    user_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    anonymous_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    session_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    url: Option<&'a RawValue>,
}

impl<'a> Readable<'a> {
    fn of(raw: &'a RawValue) -> Self {
        serde_json::from_str(raw.get()).unwrap_or_default()
    }

    /// An event of nothing but that.
    fn everything(&self) -> Box<RawValue> {
        let Self { user_id, anonymous_id, session_id, url } = self;
        event_of([("user_id", user_id), ("anonymous_id", anonymous_id), ("session_id", session_id), ("url", url)])
    }

    fn url(&self) -> Box<RawValue> {
        event_of([("url", &self.url)])
    }
}

fn event_of<const N: usize>(fields: [(&str, &Option<&RawValue>); N]) -> Box<RawValue> {
    let mut json = r#"{"type":"dropped""#.to_owned();
    for (name, value) in fields {
        if let Some(value) = value {
            // Writing into a string cannot fail.
            let _ = write!(json, ",\"{name}\":{value}");
        }
    }
    json.push('}');
    RawValue::from_string(json).unwrap_or_default()
}

/// Whether the memory of arrivals has to do with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// Its identity is the client's alone, or it is another event each time.
    Nothing,
    /// If an earlier arrival was on another day, it was kept; this one need not be.
    Look,
    /// A later arrival would give it another time or visitor.
    Keep,
}

impl Identifier {
    /// With the keeper of salts and the memory of arrivals.
    #[must_use]
    pub fn new(salts: SaltKeeper, arrivals: Arrivals) -> Self {
        Self { salts, hosts: Hosts::default(), arrivals, recent: None }
    }

    /// With a memory of events that were stored a short while ago.
    #[must_use]
    pub fn with_recent(self, recent: Recent) -> Self {
        Self { recent: Some(recent), ..self }
    }

    /// The id of an event that has neither id nor time: another one each time it arrives.
    #[must_use]
    pub fn new_id(arrived_ms: i64) -> Uuid {
        let (seconds, ms) = (arrived_ms.div_euclid(1000), arrived_ms.rem_euclid(1000));
        // Neither is negative after 1970, and nanoseconds fit.
        let nanoseconds = u32::try_from(ms).unwrap_or(0) * 1_000_000;
        Uuid::new_v7(Timestamp::from_unix(NoContext, u64::try_from(seconds).unwrap_or(0), nanoseconds))
    }

    /// Completes the events' identities, and sorts out those that are stored already.
    ///
    /// # Errors
    /// If that cannot be done with certainty; nothing may be stored then.
    pub async fn identify<'a>(&self, judged: Vec<Judged<'a>>) -> Result<Sorted<'a>, NotDurable> {
        let mut asked = Vec::new();
        let mut events = Vec::with_capacity(judged.len());
        for Judged { at, received } in judged {
            let need = self.need(&received);
            let event = received.event;
            let visitor = self.visitor(&event)?;
            if need != Need::Nothing {
                let given = Given { timestamp_ms: event.timestamp_ms, visitor };
                let own_time = received.has_own_time.then_some(event.timestamp_ms);
                asked.push((events.len(), Asked { key: key(&event, own_time), given, is_kept: need == Need::Keep }));
            }
            events.push((at, Identified { event, visitor }));
        }
        let first = self.arrivals.first(asked.iter().map(|(_, asked)| *asked).collect()).await?;
        let mut sorted = Sorted::default();
        let mut known = asked.into_iter().zip(first).peekable();
        let looking = self.recent.as_ref().and_then(Recent::look);
        for (index, (at, mut identified)) in events.into_iter().enumerate() {
            if let Some(((_, asked), first)) = known.next_if(|((of, _), _)| *of == index) {
                if first.is_stored {
                    sorted.known.push(at);
                    continue;
                }
                identified.event.timestamp_ms = first.given.timestamp_ms;
                identified.visitor = first.given.visitor;
                if asked.is_kept {
                    sorted.keys.push((sorted.events.len(), asked.key));
                }
            }
            if let Some(looking) = &looking {
                let (row, is_stored) = looking.knows(&identified);
                if is_stored {
                    sorted.keys.pop_if(|(index, _)| *index == sorted.events.len());
                    sorted.known.push(at);
                    continue;
                }
                sorted.rows.push(row);
            }
            sorted.at.push(at);
            sorted.events.push(identified);
        }
        number_ties(&mut sorted.events);
        Ok(sorted)
    }

    /// The events were stored, but for those that were `refused`.
    pub fn stored(&self, sorted: &Sorted<'_>, refused: &[Refused]) {
        let refused: HashSet<usize> = refused.iter().map(|refused| refused.index).collect();
        let is_stored = |(index, _): &&(usize, u128)| !refused.contains(index);
        self.arrivals.stored(sorted.keys.iter().filter(is_stored).map(|(_, key)| *key).collect());
        if let Some(recent) = &self.recent {
            let is_stored = |(index, _): &(usize, &recent::Key)| !refused.contains(index);
            recent.stored(sorted.rows.iter().enumerate().filter(is_stored).map(|(_, row)| *row));
        }
    }

    /// The visitor of an event that is dropped, as far as it can be read; 0 if there is no salt.
    pub fn visitor_of_dropped(&self, raw: &RawValue, arrival: &Arrival, privacy: &Privacy) -> u64 {
        let readable = Readable::of(raw);
        // Of one that names nobody, or names them in no valid way, address and user agent are left.
        [readable.everything(), readable.url()]
            .iter()
            .find_map(|json| self.visitor_of(json, arrival, privacy))
            .unwrap_or(0)
    }

    fn visitor_of(&self, json: &RawValue, arrival: &Arrival, privacy: &Privacy) -> Option<u64> {
        let mut received = receive(json, arrival, Uuid::nil).ok()?;
        privacy.apply(&mut received.event);
        self.visitor(&received.event).ok()
    }

    /// Writes what is left.
    pub async fn close(self) {
        self.arrivals.close().await;
    }

    fn need(&self, received: &Received<'_>) -> Need {
        let event = &received.event;
        if !received.has_own_time {
            return if received.has_own_id { Need::Keep } else { Need::Nothing };
        }
        let has_actor = !(event.user_id.is_empty() && event.anonymous_id.is_empty() && event.session_id.is_empty());
        if has_actor {
            return Need::Nothing;
        }
        let (day, today) = (event.timestamp_ms.div_euclid(DAY_MS), event.received_at_ms.div_euclid(DAY_MS));
        if day > today {
            self.arrivals.keeps_early(event.timestamp_ms);
        }
        // The id holds address and user agent if the client sent none, and its day's salt is kept for
        // as long as it may be sent again: then every arrival leads to the same visitor.
        match received.has_own_id || day != today {
            true => Need::Keep,
            false if self.arrivals.may_know(event.timestamp_ms) => Need::Look,
            false => Need::Nothing,
        }
    }

    fn visitor(&self, event: &Event<'_>) -> Result<u64, NotDurable> {
        let salt = self.salts.salt_of(event.timestamp_ms, event.received_at_ms).map_err(|error| {
            tracing::error!(error = %format!("{error:#}"), "no visitor salt");
            NotDurable::Salt
        })?;
        Ok(visitor::visitor(event, &self.hosts.of(&event.url), &salt))
    }
}

/// A hash of what the client sent to identify the event.
fn key(event: &Event<'_>, own_time_ms: Option<i64>) -> u128 {
    let mut hasher = SipHasher24::new_with_key(&KEY);
    hasher.write(event.event_id.as_bytes());
    hasher.write(&own_time_ms.unwrap_or(i64::MIN).to_le_bytes());
    hasher.write(event.project.as_bytes());
    hasher.finish128().into()
}

/// The order of two events is one number with the flag of a path's anchor below it, which leaves 15 bits.
const TIE_ORDER_MAX: u16 = i16::MAX as u16;

/// Events of one request and one millisecond keep the order in which they were sent.
fn number_ties(events: &mut [Identified<'_>]) {
    if events.len() < 2 {
        return;
    }
    let mut counts: HashMap<i64, u16> = HashMap::with_capacity(events.len());
    for Identified { event, .. } in events {
        let count = counts.entry(event.timestamp_ms).or_default();
        event.tie_order = *count;
        *count = TIE_ORDER_MAX.min(*count + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(timestamp_ms: i64) -> Identified<'static> {
        let event = r#"{"v":1,"event_id":"018ee9a4-0000-7000-8000-000000000001","project":"app","type":"a","timestamp":"2024-04-17T05:00:00.000Z","received_at":"2026-01-01T00:00:00.000Z"}"#;
        let event: Event<'_> = serde_json::from_str(event).unwrap();
        Identified { event: Event { timestamp_ms, ..event }, visitor: 7 }
    }

    #[test]
    fn events_of_one_millisecond_keep_their_order() {
        let mut events: Vec<_> = [5, 6, 5, 5, 6].map(at).into();
        number_ties(&mut events);
        assert_eq!(events.iter().map(|of| of.event.tie_order).collect::<Vec<_>>(), [0, 0, 1, 2, 1]);
        let mut many: Vec<_> = (0..70_000).map(|_| at(5)).collect();
        number_ties(&mut many);
        assert_eq!(many[69_999].event.tie_order, TIE_ORDER_MAX);
    }

    #[test]
    fn new_ids_differ_and_hold_the_arrival() {
        let (a, b) = (Identifier::new_id(1_772_388_000_123), Identifier::new_id(1_772_388_000_123));
        assert_ne!(a, b);
        assert_eq!((a.get_version_num(), a.as_u128() >> 80), (7, 1_772_388_000_123));
    }
}

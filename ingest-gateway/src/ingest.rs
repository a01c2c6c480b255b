//! The events of one request: judged, identified, stored, each with one outcome. In which format they
//! came is of no importance here.

use std::{collections::HashSet, sync::Arc, time::Instant};

use tokio::sync::{Semaphore, SemaphorePermit};
use vector_components::{Arrival, Privacy, validate::receive};

use crate::{
    config::Limits,
    dead_letters::{DeadLetter, DeadLetters},
    identify::{Identifier, Judged},
    in_flight::{EVENT_OVERHEAD_BYTES, Held, InFlight},
    ledger::Counts,
    metrics::Metrics,
    outcome::{Answer, Outcome, RequestError},
    sink::{NotDurable, NotReady, Sink},
    wire::Batch,
};

/// So much of the pending events' room is reserved for requests whose events are being parsed already:
/// a new request is refused before that work, not after.
const PENDING_RESERVE: usize = 8;

/// Room for the events of one request; given back when it is dropped, with the answer.
pub struct Admitted<'i> {
    held: Held,
    _permit: SemaphorePermit<'i>,
}

/// What becomes of events, from their JSON to their outcomes.
pub struct Ingest {
    limits: Limits,
    privacy: Privacy,
    identifier: Identifier,
    sink: Sink,
    pending: Semaphore,
    in_flight: InFlight,
    dead_letters: Option<DeadLetters>,
    metrics: Arc<Metrics>,
}

impl Ingest {
    /// Into `sink`.
    #[must_use]
    pub fn new(limits: Limits, privacy: Privacy, identifier: Identifier, sink: Sink, metrics: Arc<Metrics>) -> Self {
        let gauge = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
        metrics.pending_max.set(gauge(limits.pending_events_max));
        metrics.in_flight_bytes_max.set(gauge(limits.in_flight_bytes_max));
        Self {
            limits,
            privacy,
            identifier,
            sink,
            pending: Semaphore::new(limits.pending_events_max.min(Semaphore::MAX_PERMITS)),
            in_flight: InFlight::new(limits.in_flight_bytes_max),
            dead_letters: None,
            metrics,
        }
    }

    /// Keeps dropped events.
    #[must_use]
    pub fn with_dead_letters(self, dead_letters: Option<DeadLetters>) -> Self {
        Self { dead_letters, ..self }
    }

    /// Whether there is room for the events of another request: asked before its body is read, and
    /// again before it is parsed, as refusing must be cheap when there is much to refuse.
    ///
    /// # Errors
    /// If there is none.
    pub fn check_room(&self) -> Result<(), RequestError> {
        if self.pending.available_permits() < self.limits.pending_events_max.div_ceil(PENDING_RESERVE) {
            return Err(RequestError::Busy(self.limits.pending_events_max));
        }
        Ok(())
    }

    /// The memory that requests share.
    #[must_use]
    pub fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    /// Room for a request's events, beside the memory that its body holds.
    ///
    /// # Errors
    /// If there is none.
    pub fn admit(&self, events: usize, mut held: Held) -> Result<Admitted<'_>, RequestError> {
        held.grow(events * EVENT_OVERHEAD_BYTES)?;
        let permit = u32::try_from(events).ok().and_then(|events| self.pending.try_acquire_many(events).ok());
        let permit = permit.ok_or(RequestError::Busy(self.limits.pending_events_max))?;
        Ok(Admitted { held, _permit: permit })
    }

    /// Judge → identify → store → one outcome per event, in order.
    ///
    /// # Errors
    /// If nothing is stored, or it is not certain that all is.
    pub async fn take(
        &self,
        batch: &Batch<'_>,
        arrival: &Arrival,
        mut admitted: Admitted<'_>,
        deadline: Instant,
    ) -> Result<Answer, RequestError> {
        let entry = self.metrics.ledger.open(&arrival.project, batch.events.len());
        let arrivals = batch.arrivals(arrival);
        let (mut outcomes, judged) = self.judge(batch, arrival, &arrivals);
        let time_max = self.limits.request_time_max;
        let storing = self.store(judged, &mut outcomes, &mut admitted.held);
        let stored = tokio::time::timeout_at(deadline.into(), storing).await;
        let stored = stored.unwrap_or(Err(NotDurable::TimedOut(time_max.as_secs())));
        entry.close(&settled(&outcomes, stored.is_ok()));
        stored?;
        self.keep_dropped(batch, arrival, &arrivals, &outcomes);
        Ok(Answer::new(outcomes))
    }

    /// Whether the sink can take events now.
    ///
    /// # Errors
    /// What is missing.
    pub async fn ready(&self) -> Result<(), NotReady> {
        self.sink.ready().await
    }

    /// Sets the gauges that are read and not counted.
    pub fn observe(&self) {
        self.metrics.in_flight_bytes.set(i64::try_from(self.in_flight.bytes()).unwrap_or(i64::MAX));
    }

    /// Ends after everything taken is durable or answered as failed.
    pub async fn close(self) {
        self.sink.close().await;
        if let Some(dead_letters) = self.dead_letters {
            dead_letters.close().await;
        }
        self.identifier.close().await;
    }

    /// An outcome for each event, in order, and those that are to be stored.
    fn judge<'a>(
        &self,
        batch: &'a Batch<'_>,
        arrival: &'a Arrival,
        of_each: &'a [Arrival],
    ) -> (Vec<Outcome>, Vec<Judged<'a>>) {
        let mut seen = HashSet::with_capacity(batch.events.len());
        let mut judged = Vec::with_capacity(batch.events.len());
        let mut outcomes = Vec::with_capacity(batch.events.len());
        for (at, raw) in batch.events.iter().enumerate() {
            let arrival = of_each.get(at).unwrap_or(arrival);
            let received = receive(raw, arrival, || Identifier::new_id(arrival.received_at_ms));
            outcomes.push(match received {
                Err(rejection) => Outcome::Dropped(rejection),
                Ok(received) if !seen.insert(received.event.event_id) => {
                    Outcome::Duplicate { event_id: received.event.event_id }
                }
                Ok(mut received) => {
                    let event_id = received.event.event_id;
                    self.privacy.apply(&mut received.event);
                    judged.push(Judged { at, received });
                    Outcome::Accepted { event_id }
                }
            });
        }
        (outcomes, judged)
    }

    /// The dropped events become dead letters. Not those of a request that is to be sent again: they come once more.
    fn keep_dropped(&self, batch: &Batch<'_>, arrival: &Arrival, of_each: &[Arrival], outcomes: &[Outcome]) {
        let Some(dead_letters) = &self.dead_letters else { return };
        for (at, outcome) in outcomes.iter().enumerate() {
            let Outcome::Dropped(rejection) = outcome else { continue };
            let arrival = of_each.get(at).unwrap_or(arrival);
            dead_letters.keep(|policy| {
                let raw = &batch.events[at];
                let visitor = self.identifier.visitor_of_dropped(raw, arrival, &self.privacy);
                DeadLetter::of_event(raw, arrival, rejection, visitor, &self.privacy, policy)
            });
        }
    }

    /// Makes what was judged good durable, and says of the rest why it is not stored.
    async fn store(
        &self,
        judged: Vec<Judged<'_>>,
        outcomes: &mut [Outcome],
        held: &mut Held,
    ) -> Result<(), NotDurable> {
        let sorted = self.identifier.identify(judged).await?;
        for at in &sorted.known {
            outcomes[*at].become_duplicate();
        }
        if sorted.events.is_empty() {
            return Ok(());
        }
        let refused = self.sink.store(&sorted.events, held).await?;
        self.identifier.stored(&sorted, &refused);
        for refused in refused {
            outcomes[sorted.at[refused.index]] = Outcome::Dropped(refused.rejection);
        }
        Ok(())
    }
}

/// The outcomes as they are told to the sender; accepted events failed if they are not durable.
fn settled(outcomes: &[Outcome], is_stored: bool) -> Counts {
    let mut counts = Counts::default();
    for outcome in outcomes {
        match outcome {
            Outcome::Accepted { .. } if is_stored => counts.stored += 1,
            Outcome::Accepted { .. } => counts.failed += 1,
            Outcome::Duplicate { .. } => counts.duplicate += 1,
            Outcome::Dropped(rejection) => {
                counts.dropped += 1;
                *counts.dropped_by_reason.entry(rejection.reason).or_default() += 1;
            }
        }
    }
    counts
}

//! The events of one request: judged, identified, stored, each with one outcome. In which format they
//! came is of no importance here.

use std::{collections::HashSet, sync::Arc, time::Instant};

use serde_json::value::RawValue;
use tokio::sync::{Semaphore, SemaphorePermit};
use vector_components::{
    Enricher,
    event::ClientHeaders,
    rejection::{Reason, Rejection},
    validate::{Received, receive},
};

use crate::{
    config::Limits,
    dead_letters::{DeadLetter, DeadLetters},
    identify::{Identifier, Judged},
    in_flight::{EVENT_OVERHEAD_BYTES, Held, InFlight},
    ledger::Settled,
    metrics::Metrics,
    outcome::{Answer, Outcome, RequestError},
    projects::quota::Charge,
    sender::{Party, Sending},
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
    /// Tells programs from people; none if no project can ask for it.
    judge_of_bots: Option<Arc<Enricher>>,
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
    pub fn new(
        limits: Limits,
        judge_of_bots: Option<Arc<Enricher>>,
        identifier: Identifier,
        sink: Sink,
        metrics: Arc<Metrics>,
    ) -> Self {
        let gauge = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
        metrics.pending_max.set(gauge(limits.pending_events_max));
        metrics.in_flight_bytes_max.set(gauge(limits.in_flight_bytes_max));
        Self {
            limits,
            judge_of_bots,
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
        sending: &Sending,
        mut admitted: Admitted<'_>,
        deadline: Instant,
    ) -> Result<Answer, RequestError> {
        let entry = match sending.only() {
            Some(party) => self.metrics.ledger.open(party.named.project.name(), batch.events.len()),
            None => self.metrics.ledger.open_each((0..batch.events.len()).map(|at| sending.project(at))),
        };
        let Verdict { mut outcomes, judged, charges } = self.judge(batch, sending);
        let time_max = self.limits.request_time_max;
        let storing = self.store(judged, &mut outcomes, &mut admitted.held);
        let stored = tokio::time::timeout_at(deadline.into(), storing).await;
        let stored = stored.unwrap_or(Err(NotDurable::TimedOut(time_max.as_secs())));
        entry.close(&settled(&outcomes, stored.is_ok()));
        stored?;
        for (charge, outcome) in charges.into_iter().zip(&outcomes) {
            if let (Some(charge), Outcome::Accepted { .. }) = (charge, outcome) {
                charge.keep();
            }
        }
        self.keep_dropped(batch, sending, &outcomes);
        Ok(Answer::new(outcomes))
    }

    /// What would become of the events. Nothing is stored, and nothing is counted.
    #[must_use]
    pub fn rehearse(&self, batch: &Batch<'_>, sending: &Sending) -> Answer {
        Answer::new(self.judge(batch, sending).outcomes)
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

    fn judge<'a>(&self, batch: &'a Batch<'_>, sending: &'a Sending) -> Verdict<'a> {
        let count = batch.events.len();
        let mut seen = HashSet::with_capacity(count);
        let mut verdict =
            Verdict { outcomes: Vec::with_capacity(count), judged: Vec::with_capacity(count), charges: Vec::new() };
        for (at, raw) in batch.events.iter().enumerate() {
            let judged = match batch.refused.get(&at) {
                Some(rejection) => Err(rejection.clone()),
                None => self.judge_one(raw, at, sending),
            };
            let (outcome, charge) = match judged {
                Err(rejection) => (Outcome::Dropped(rejection), None),
                Ok(Good { received, project, charge }) => {
                    let event_id = received.event.event_id;
                    if seen.insert((event_id, project)) {
                        verdict.judged.push(Judged { at, received });
                        (Outcome::Accepted { event_id }, charge)
                    } else {
                        (Outcome::Duplicate { event_id }, None)
                    }
                }
            };
            verdict.outcomes.push(outcome);
            if charge.is_some() || !verdict.charges.is_empty() {
                verdict.charges.resize_with(at, || None);
                verdict.charges.push(charge);
            }
        }
        verdict
    }

    /// The contract, the project's own rules, its quotas; in between, what is not to be stored is taken out.
    fn judge_one<'a>(&self, raw: &'a RawValue, at: usize, sending: &'a Sending) -> Result<Good<'a>, Rejection> {
        let party = sending.party(at).map_err(Clone::clone)?;
        let arrival = sending.arrival(at, party);
        let now_ms = arrival.received_at_ms;
        let mut received = receive(raw, arrival, || Identifier::new_id(now_ms))?;
        let Party { named, .. } = party;
        if received.has_own_time {
            named.project.check_age(received.event.timestamp_ms, named.by_secret, now_ms)?;
        }
        if named.by_secret {
            believe(&mut received);
        }
        named.project.privacy().apply(&mut received.event);
        if named.project.drops_bots()
            && let Some(judge) = &self.judge_of_bots
        {
            let verdict = judge.verdict(&received.event);
            if !verdict.verdict().is_empty() {
                let message = format!("a program sent it: {}, by {}", verdict.verdict(), verdict.reasons.join(", "));
                return Err(Rejection::new(Reason::Bot, "", message));
            }
        }
        let charge = named.project.charge(raw.get().len(), now_ms)?;
        Ok(Good { received, project: named.project.name(), charge })
    }

    /// The dropped events become dead letters. Not those of a request that is to be sent again: they come once more.
    /// Nor those that name no project of ours.
    fn keep_dropped(&self, batch: &Batch<'_>, sending: &Sending, outcomes: &[Outcome]) {
        let Some(dead_letters) = &self.dead_letters else { return };
        for (at, outcome) in outcomes.iter().enumerate() {
            let (Outcome::Dropped(rejection), Ok(party)) = (outcome, sending.party(at)) else { continue };
            let (arrival, privacy) = (sending.arrival(at, party), party.named.project.privacy());
            dead_letters.keep(|policy| {
                let raw = &batch.events[at];
                let visitor = self.identifier.visitor_of_dropped(raw, arrival, privacy);
                DeadLetter::of_event(raw, arrival, rejection, visitor, privacy, policy)
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

/// What was decided about the events of a request before they are stored.
struct Verdict<'a> {
    /// For each event, in order.
    outcomes: Vec<Outcome>,
    /// Those to be stored.
    judged: Vec<Judged<'a>>,
    /// For each event what it uses up of its project's quotas; empty if nothing does.
    charges: Vec<Option<Charge>>,
}

/// An event that may be stored.
struct Good<'a> {
    received: Received<'a>,
    project: &'a str,
    charge: Option<Charge>,
}

/// A server's event is of the person that it names, by address or user agent; the request's own are the server's.
fn believe(received: &mut Received<'_>) {
    if let Some(said) = received.said.take() {
        received.event.ip = said.ip;
        received.event.user_agent = said.user_agent;
        received.event.hints = ClientHeaders::default();
    }
}

/// The outcomes as they are told to the sender; accepted events failed if they are not durable.
fn settled(outcomes: &[Outcome], is_stored: bool) -> Vec<Settled> {
    let settled = |outcome: &Outcome| match outcome {
        Outcome::Accepted { .. } if is_stored => Settled::Stored,
        Outcome::Accepted { .. } => Settled::Failed,
        Outcome::Duplicate { .. } => Settled::Duplicate,
        Outcome::Dropped(rejection) => Settled::Dropped(rejection.reason),
    };
    outcomes.iter().map(settled).collect()
}

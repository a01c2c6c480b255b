//! Produce to Kafka, keyed by visitor so that a visitor's events stay in order; while Kafka is away, or always if
//! so configured, by way of the journal.

mod message;
mod producing;
mod spill;

use std::{sync::Arc, time::Duration};

use vector_components::{Reason, Rejection};

use super::{Identified, NotDurable, NotReady, Refused};
use crate::{dead_letters::DeadLetters, in_flight::Held, journal::Journal, metrics::Metrics, options::DurableIn};
use message::Message;
use producing::{Producing, delivered, is_too_large};
use spill::Spill;

/// A message is delivered within this time or has failed; a request with less time than that gives less, so
/// that nothing is left in the queue of which nobody knows.
const DELIVERY_TIME_MAX: Duration = Duration::from_secs(20);
/// The same where the journal takes what has failed: the client waits no longer than this.
const SPILL_AFTER: Duration = Duration::from_secs(5);

/// How events get into Kafka.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "as the options of the same names")]
pub struct Settings {
    pub brokers: String,
    pub topic: String,
    pub message_bytes_max: usize,
    pub durable_in: DurableIn,
}

/// The sink.
pub struct Kafka {
    producing: Arc<Producing>,
    spill: Option<Spill>,
    message_bytes_max: usize,
    metrics: Arc<Metrics>,
}

/// What became of messages.
#[derive(Default)]
struct Deliveries {
    /// Their batch was too large for the broker.
    too_large: Vec<usize>,
    failed: Vec<usize>,
    /// Why.
    error: Option<NotDurable>,
}

impl Kafka {
    /// Makes the producer; it connects in the background. With a journal it begins with what that holds.
    ///
    /// # Errors
    /// If librdkafka refuses the settings.
    pub fn start(
        settings: &Settings,
        request_time_max: Duration,
        journal: Option<Journal>,
        dead_letters: Option<DeadLetters>,
        metrics: Arc<Metrics>,
    ) -> anyhow::Result<Self> {
        let time_max = if journal.is_some() { SPILL_AFTER } else { DELIVERY_TIME_MAX };
        let time_max = request_time_max.min(time_max);
        let producing = Arc::new(Producing::start(settings, time_max, dead_letters, Arc::clone(&metrics))?);
        let spill = journal.map(|journal| Spill::start(journal, settings.durable_in, Arc::clone(&producing)));
        Ok(Self { producing, spill, message_bytes_max: settings.message_bytes_max, metrics })
    }

    /// Makes every event durable. An event that Kafka will never take is refused, alone.
    pub(super) async fn store(&self, events: &[Identified<'_>], held: &mut Held) -> Result<Vec<Refused>, NotDurable> {
        #[expect(clippy::cast_precision_loss, reason = "a histogram's value")]
        self.metrics.insert_rows.observe(events.len() as f64);
        let mut refused = Vec::new();
        if let Some(spill) = self.spill.as_ref().filter(|spill| spill.is_active()) {
            self.append(spill, 0..events.len(), events, held, &mut refused).await?;
            return Ok(refused);
        }
        let deliveries = self.deliver(events, held, &mut refused).await?;
        match (&self.spill, deliveries.error) {
            (_, None) => {}
            (None, Some(error)) => return Err(error),
            (Some(spill), Some(error)) => {
                tracing::warn!(%error, "Kafka does not take events; they go into the journal");
                self.append(spill, deliveries.failed.into_iter(), events, held, &mut refused).await?;
            }
        }
        for index in deliveries.too_large {
            let mut value = Vec::new();
            let message = Message::encode(&events[index], &mut value)?;
            if self.producing.is_too_large_alone(message).await? {
                refused.push(self.refuse(index, message.bytes()));
            }
        }
        Ok(refused)
    }

    /// With a journal as long as that takes events, whatever Kafka does.
    pub(super) async fn ready(&self) -> Result<(), NotReady> {
        match &self.spill {
            Some(spill) => Ok(spill.check()?),
            None => self.producing.ready().await,
        }
    }

    pub(super) async fn close(self) {
        if let Some(spill) = self.spill {
            spill.close().await;
        }
        self.producing.flush().await;
    }

    async fn deliver(
        &self,
        events: &[Identified<'_>],
        held: &mut Held,
        refused: &mut Vec<Refused>,
    ) -> Result<Deliveries, NotDurable> {
        let mut deliveries = Deliveries::default();
        let mut sent = Vec::with_capacity(events.len());
        let mut value = Vec::new();
        for (index, identified) in events.iter().enumerate() {
            let message = Message::encode(identified, &mut value)?;
            if message.bytes() > self.message_bytes_max {
                refused.push(self.refuse(index, message.bytes()));
                continue;
            }
            // The producer's queue has a copy.
            held.grow(message.bytes())?;
            match self.producing.send(message) {
                Ok(delivery) => sent.push((index, delivery)),
                Err(error) => deliveries.fail(index, error),
            }
        }
        for (index, delivery) in sent {
            match delivered(delivery).await {
                Ok(()) => {}
                Err(error) if is_too_large(&error) => deliveries.too_large.push(index),
                Err(error) => deliveries.fail(index, error),
            }
        }
        Ok(deliveries)
    }

    /// Some of the events into the journal.
    async fn append(
        &self,
        spill: &Spill,
        indices: impl Iterator<Item = usize>,
        events: &[Identified<'_>],
        held: &mut Held,
        refused: &mut Vec<Refused>,
    ) -> Result<(), NotDurable> {
        let (mut record, mut value, mut count) = (Vec::new(), Vec::new(), 0);
        for index in indices {
            let message = Message::encode(&events[index], &mut value)?;
            if message.bytes() > self.message_bytes_max {
                refused.push(self.refuse(index, message.bytes()));
                continue;
            }
            held.grow(message.bytes())?;
            message.write(&mut record);
            count += 1;
        }
        if count == 0 { Ok(()) } else { spill.append(count, record).await }
    }

    /// It is too large for Kafka whenever it is sent.
    fn refuse(&self, index: usize, bytes: usize) -> Refused {
        let message = format!(
            "the event takes {bytes} bytes as a message of Kafka, at most {} are allowed by KAFKA_MESSAGE_BYTES_MAX, or less by the topic",
            self.message_bytes_max
        );
        Refused { index, rejection: Rejection::new(Reason::TooLarge, "", message) }
    }
}

impl Deliveries {
    fn fail(&mut self, index: usize, error: NotDurable) {
        self.failed.push(index);
        self.error = Some(error);
    }
}

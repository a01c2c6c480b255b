//! Produce to Kafka: idempotent, `acks=all`, answered after delivery.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::Context;
use rdkafka::{
    ClientConfig,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{FutureProducer, FutureRecord, Producer, future_producer::DeliveryFuture},
};
use vector_components::{Reason, Rejection};

use super::{Identified, NotDurable, NotReady, Refused};
use crate::{in_flight::Held, metrics::Metrics};

/// librdkafka's own queue; the gateway's limits on pending events and their bytes come first.
const QUEUE_EVENTS_MAX: &str = "200000";
const QUEUE_KIB_MAX: &str = "1048576";
/// One message is delivered within so many milliseconds or has failed; a request with less time
/// than that leaves less, so that nothing is left in the queue of which nobody knows.
const DELIVERY_MS_MAX: u128 = 20_000;
const LINGER_MS: &str = "2";
const METADATA_TIME_MAX: Duration = Duration::from_secs(2);
const FLUSH_TIME_MAX: Duration = Duration::from_secs(5);
/// What Kafka adds to key and value of a message that is alone in its batch, generously.
const MESSAGE_OVERHEAD_BYTES: usize = 512;

/// The producer.
pub struct Kafka {
    producer: FutureProducer,
    /// Sends each message in a batch of its own; made when it is needed.
    lone: OnceLock<FutureProducer>,
    settings: ClientConfig,
    topic: String,
    message_bytes_max: usize,
    metrics: Arc<Metrics>,
}

impl Kafka {
    /// Makes the producer; it connects in the background.
    ///
    /// # Errors
    /// If librdkafka refuses the settings.
    pub fn start(
        brokers: &str,
        topic: String,
        message_bytes_max: usize,
        request_time_max: Duration,
        metrics: Arc<Metrics>,
    ) -> anyhow::Result<Self> {
        let mut settings = ClientConfig::new();
        settings
            .set("bootstrap.servers", brokers)
            .set("client.id", "footfall-ingest-gateway")
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", "zstd")
            .set("linger.ms", LINGER_MS)
            .set("message.max.bytes", message_bytes_max.to_string())
            .set("delivery.timeout.ms", request_time_max.as_millis().min(DELIVERY_MS_MAX).to_string())
            .set("queue.buffering.max.messages", QUEUE_EVENTS_MAX)
            .set("queue.buffering.max.kbytes", QUEUE_KIB_MAX);
        let producer = settings.create().context("KAFKA_BROKERS or KAFKA_MESSAGE_BYTES_MAX")?;
        Ok(Self { producer, lone: OnceLock::new(), settings, topic, message_bytes_max, metrics })
    }

    /// Produces every event, keyed by visitor so that a visitor's events stay in order,
    /// and waits for all deliveries. An event that Kafka will never take is refused, alone.
    pub(super) async fn store(&self, events: &[Identified<'_>], held: &mut Held) -> Result<Vec<Refused>, NotDurable> {
        #[expect(clippy::cast_precision_loss, reason = "a histogram's value")]
        self.metrics.insert_rows.observe(events.len() as f64);
        let mut refused = Vec::new();
        let mut deliveries = Vec::with_capacity(events.len());
        let mut value = Vec::new();
        for (index, identified) in events.iter().enumerate() {
            let bytes = encode(identified, &mut value)?;
            if bytes > self.message_bytes_max {
                refused.push(self.refuse(index, bytes));
                continue;
            }
            // The producer's queue has a copy.
            held.grow(bytes)?;
            deliveries.push((index, self.produce(&self.producer, identified, &value)?));
        }
        let mut too_large = Vec::new();
        let mut failed = None;
        for (index, delivery) in deliveries {
            match delivered(delivery).await {
                Ok(()) => {}
                Err(error) if is_too_large(&error) => too_large.push(index),
                Err(error) => failed = Some(error),
            }
        }
        if let Some(failed) = failed {
            return Err(failed);
        }
        for index in too_large {
            refused.extend(self.store_alone(index, &events[index]).await?);
        }
        Ok(refused)
    }

    /// The broker found a batch too large, of which this event was a part: whether it is the event
    /// that is too large shows when it is sent alone.
    async fn store_alone(&self, index: usize, identified: &Identified<'_>) -> Result<Option<Refused>, NotDurable> {
        let producer = match self.lone.get() {
            Some(producer) => producer,
            None => {
                let made = self.settings.clone().set("batch.num.messages", "1").create().map_err(NotDurable::Kafka)?;
                self.lone.get_or_init(|| made)
            }
        };
        let mut value = Vec::new();
        let bytes = encode(identified, &mut value)?;
        match delivered(self.produce(producer, identified, &value)?).await {
            Ok(()) => Ok(None),
            Err(error) if is_too_large(&error) => Ok(Some(self.refuse(index, bytes))),
            Err(error) => Err(error),
        }
    }

    fn produce(
        &self,
        producer: &FutureProducer,
        Identified { event, visitor }: &Identified<'_>,
        value: &[u8],
    ) -> Result<DeliveryFuture, NotDurable> {
        let mut digits = itoa::Buffer::new();
        // Kafka deletes by this time: that of arrival, or a backfill would be gone unread.
        let record =
            FutureRecord::to(&self.topic).key(digits.format(*visitor)).payload(value).timestamp(event.received_at_ms);
        producer.send_result(record).map_err(|(error, _)| not_durable(error))
    }

    /// It is too large for Kafka whenever it is sent.
    fn refuse(&self, index: usize, bytes: usize) -> Refused {
        let message = format!(
            "the event takes {bytes} bytes as a message of Kafka, at most {} are allowed by KAFKA_MESSAGE_BYTES_MAX, or less by the topic",
            self.message_bytes_max
        );
        Refused { index, rejection: Rejection::new(Reason::TooLarge, "", message) }
    }

    pub(super) async fn ready(&self) -> Result<(), NotReady> {
        let (producer, topic) = (self.producer.clone(), self.topic.clone());
        let asked = tokio::task::spawn_blocking(move || {
            let metadata =
                producer.client().fetch_metadata(Some(&topic), METADATA_TIME_MAX).map_err(NotReady::Kafka)?;
            let is_missing = metadata.topics().iter().all(|t| t.partitions().is_empty());
            if is_missing { Err(NotReady::NoTopic(topic)) } else { Ok(()) }
        });
        asked.await.unwrap_or(Err(NotReady::Internal))
    }

    pub(super) async fn close(self) {
        let flushed = tokio::task::spawn_blocking(move || self.producer.flush(FLUSH_TIME_MAX)).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::error!("Kafka did not take everything in {} s; the senders are told", FLUSH_TIME_MAX.as_secs());
        }
    }
}

/// Writes the value of an event's message; returns its size in Kafka, in bytes.
fn encode(identified: &Identified<'_>, value: &mut Vec<u8>) -> Result<usize, NotDurable> {
    const KEY_BYTES_MAX: usize = 20;
    value.clear();
    serde_json::to_writer(&mut *value, &identified.event).map_err(|e| NotDurable::Encoding(e.to_string()))?;
    Ok(KEY_BYTES_MAX + value.len() + MESSAGE_OVERHEAD_BYTES)
}

async fn delivered(delivery: DeliveryFuture) -> Result<(), NotDurable> {
    match delivery.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err((error, _))) => Err(not_durable(error)),
        Err(_) => Err(NotDurable::Stopping),
    }
}

fn not_durable(error: KafkaError) -> NotDurable {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => NotDurable::KafkaQueueFull,
        _ => NotDurable::Kafka(error),
    }
}

fn is_too_large(error: &NotDurable) -> bool {
    let too_large = [RDKafkaErrorCode::MessageSizeTooLarge, RDKafkaErrorCode::InvalidMessageSize];
    matches!(error, NotDurable::Kafka(error) if error.rdkafka_error_code().is_some_and(|code| too_large.contains(&code)))
}

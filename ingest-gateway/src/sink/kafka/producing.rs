//! librdkafka's producers: idempotent, `acks=all`, done after delivery.

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

use super::{
    super::{NotDurable, NotReady},
    Settings,
    message::Message,
};
use crate::{
    dead_letters::{DeadLetter, DeadLetters},
    metrics::Metrics,
};

/// librdkafka's own queue; the gateway's limits on pending events and their bytes come first.
const QUEUE_EVENTS_MAX: &str = "200000";
const QUEUE_KIB_MAX: &str = "1048576";
/// Requests that arrive within this time share batches, which halves what each costs here and in Kafka.
const LINGER_MS: &str = "5";
const METADATA_TIME_MAX: Duration = Duration::from_secs(2);
const FLUSH_TIME_MAX: Duration = Duration::from_secs(5);

/// The producers of a topic.
pub struct Producing {
    producer: FutureProducer,
    /// Sends each message in a batch of its own; made when it is needed.
    lone: OnceLock<FutureProducer>,
    settings: ClientConfig,
    topic: String,
    dead_letters: Option<DeadLetters>,
    metrics: Arc<Metrics>,
}

impl Producing {
    /// Makes the producer; it connects in the background. A message is delivered in `delivery_time_max` or has failed.
    ///
    /// # Errors
    /// If librdkafka refuses the settings.
    pub fn start(
        to: &Settings,
        delivery_time_max: Duration,
        dead_letters: Option<DeadLetters>,
        metrics: Arc<Metrics>,
    ) -> anyhow::Result<Self> {
        let mut settings = ClientConfig::new();
        settings
            .set("bootstrap.servers", &to.brokers)
            .set("client.id", "footfall-ingest-gateway")
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", "zstd")
            .set("linger.ms", LINGER_MS)
            .set("message.max.bytes", to.message_bytes_max.to_string())
            .set("delivery.timeout.ms", delivery_time_max.as_millis().to_string())
            .set("queue.buffering.max.messages", QUEUE_EVENTS_MAX)
            .set("queue.buffering.max.kbytes", QUEUE_KIB_MAX);
        let producer = settings.create().context("KAFKA_BROKERS or KAFKA_MESSAGE_BYTES_MAX")?;
        Ok(Self { producer, lone: OnceLock::new(), settings, topic: to.topic.clone(), dead_letters, metrics })
    }

    /// Hands a message to librdkafka.
    ///
    /// # Errors
    /// If its queue is full.
    pub fn send(&self, message: Message<'_>) -> Result<DeliveryFuture, NotDurable> {
        self.send_by(&self.producer, message)
    }

    /// Delivers messages; returns the indices of those whose batch was too large for the broker.
    ///
    /// # Errors
    /// If it is not certain that all others are delivered.
    pub async fn deliver(&self, messages: &[Message<'_>]) -> Result<Vec<usize>, NotDurable> {
        let deliveries: Result<Vec<_>, _> = messages.iter().map(|message| self.send(*message)).collect();
        let mut too_large = Vec::new();
        for (index, delivery) in deliveries?.into_iter().enumerate() {
            match delivered(delivery).await {
                Ok(()) => {}
                Err(error) if is_too_large(&error) => too_large.push(index),
                Err(error) => return Err(error),
            }
        }
        Ok(too_large)
    }

    /// The broker found a batch too large, of which this message was a part: whether it is the message
    /// that is too large shows when it is sent alone.
    ///
    /// # Errors
    /// If it is neither too large nor delivered.
    pub async fn is_too_large_alone(&self, message: Message<'_>) -> Result<bool, NotDurable> {
        let producer = match self.lone.get() {
            Some(producer) => producer,
            None => {
                let made = self.settings.clone().set("batch.num.messages", "1").create().map_err(NotDurable::Kafka)?;
                self.lone.get_or_init(|| made)
            }
        };
        match delivered(self.send_by(producer, message)?).await {
            Ok(()) => Ok(false),
            Err(error) if is_too_large(&error) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// A message that was answered as stored turns out to be too large for the topic.
    pub fn drop_too_large(&self, message: Message<'_>) {
        let bytes = message.bytes();
        tracing::error!(
            bytes,
            topic = self.topic,
            "an event of the journal is larger than the topic allows and becomes a dead letter: lower KAFKA_MESSAGE_BYTES_MAX to max.message.bytes of the topic"
        );
        self.metrics.journal_refused.inc();
        if let Some(dead_letters) = &self.dead_letters {
            let detail = format!(
                "the event takes {bytes} bytes as a message of Kafka, more than the topic {} allows",
                self.topic
            );
            dead_letters.keep(|policy| {
                DeadLetter::of_message(message.value, message.visitor, message.received_at_ms, detail, policy)
            });
        }
    }

    /// Whether Kafka answers and has the topic.
    ///
    /// # Errors
    /// What is missing.
    pub async fn ready(&self) -> Result<(), NotReady> {
        let (producer, topic) = (self.producer.clone(), self.topic.clone());
        let asked = tokio::task::spawn_blocking(move || {
            let metadata =
                producer.client().fetch_metadata(Some(&topic), METADATA_TIME_MAX).map_err(NotReady::Kafka)?;
            let is_missing = metadata.topics().iter().all(|t| t.partitions().is_empty());
            if is_missing { Err(NotReady::NoTopic(topic)) } else { Ok(()) }
        });
        asked.await.unwrap_or(Err(NotReady::Internal))
    }

    /// Waits for what librdkafka holds.
    pub async fn flush(&self) {
        let producer = self.producer.clone();
        let flushed = tokio::task::spawn_blocking(move || producer.flush(FLUSH_TIME_MAX)).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::error!("Kafka did not take everything in {} s; the senders are told", FLUSH_TIME_MAX.as_secs());
        }
    }

    fn send_by(&self, producer: &FutureProducer, message: Message<'_>) -> Result<DeliveryFuture, NotDurable> {
        let mut digits = itoa::Buffer::new();
        let key = digits.format(message.visitor);
        let record = FutureRecord::to(&self.topic).key(key).payload(message.value).timestamp(message.received_at_ms);
        producer.send_result(record).map_err(|(error, _)| not_durable(error))
    }
}

/// Waits for the broker's word on a message.
///
/// # Errors
/// If it is not certain that it is delivered.
pub async fn delivered(delivery: DeliveryFuture) -> Result<(), NotDurable> {
    match delivery.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err((error, _))) => Err(not_durable(error)),
        Err(_) => Err(NotDurable::Stopping),
    }
}

/// Whether the batch of a message, or the message, is larger than the topic allows.
pub fn is_too_large(error: &NotDurable) -> bool {
    let too_large = [RDKafkaErrorCode::MessageSizeTooLarge, RDKafkaErrorCode::InvalidMessageSize];
    matches!(error, NotDurable::Kafka(error) if error.rdkafka_error_code().is_some_and(|code| too_large.contains(&code)))
}

fn not_durable(error: KafkaError) -> NotDurable {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => NotDurable::KafkaQueueFull,
        _ => NotDurable::Kafka(error),
    }
}

//! Produce to Kafka: idempotent, `acks=all`, answered after delivery.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use rdkafka::{
    ClientConfig,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{FutureProducer, FutureRecord, Producer},
};
use vector_components::{
    Event,
    enrich::{referrer::Hosts, visitor},
};

use crate::{metrics::Metrics, salt::SaltKeeper};

/// librdkafka's own queue; the gateway's limit on pending events comes first.
const QUEUE_EVENTS_MAX: &str = "200000";
const QUEUE_KIB_MAX: &str = "1048576";
/// One message is delivered within so many milliseconds or has failed.
const DELIVERY_MS_MAX: &str = "20000";
const LINGER_MS: &str = "2";
const METADATA_TIME_MAX: Duration = Duration::from_secs(2);
const FLUSH_TIME_MAX: Duration = Duration::from_secs(5);

/// The producer.
pub struct Kafka {
    producer: FutureProducer,
    topic: String,
    salts: SaltKeeper,
    hosts: Hosts,
    metrics: Arc<Metrics>,
}

impl Kafka {
    /// Makes the producer; it connects in the background.
    ///
    /// # Errors
    /// If librdkafka refuses the settings.
    pub fn start(brokers: &str, topic: String, salts: SaltKeeper, metrics: Arc<Metrics>) -> anyhow::Result<Self> {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("client.id", "footfall-ingest-gateway")
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", "zstd")
            .set("linger.ms", LINGER_MS)
            .set("delivery.timeout.ms", DELIVERY_MS_MAX)
            .set("queue.buffering.max.messages", QUEUE_EVENTS_MAX)
            .set("queue.buffering.max.kbytes", QUEUE_KIB_MAX)
            .create()?;
        Ok(Self { producer, topic, salts, hosts: Hosts::default(), metrics })
    }

    /// Produces every event, keyed by visitor so that a visitor's events stay in order,
    /// and waits for all deliveries.
    pub(super) async fn store(&self, events: &[Event<'static>]) -> Result<(), String> {
        #[expect(clippy::cast_precision_loss, reason = "a histogram's value")]
        self.metrics.insert_rows.observe(events.len() as f64);
        let mut deliveries = Vec::with_capacity(events.len());
        for event in events {
            let salt = self.salts.salt_of(event.timestamp_ms, event.received_at_ms).map_err(|e| e.to_string())?;
            let key = visitor::visitor(event, &self.hosts.of(&event.url), &salt).to_string();
            let value = serde_json::to_string(event).map_err(|e| e.to_string())?;
            // Kafka deletes by this time: that of arrival, or a backfill would be gone unread.
            let record = FutureRecord::to(&self.topic).key(&key).payload(&value).timestamp(event.received_at_ms);
            deliveries.push(self.producer.send_result(record).map_err(|(error, _)| reason(&error))?);
        }
        for delivery in join_all(deliveries).await {
            match delivery {
                Ok(Ok(_)) => {}
                Ok(Err((error, _))) => return Err(reason(&error)),
                Err(_) => return Err("the gateway is stopping".into()),
            }
        }
        Ok(())
    }

    pub(super) async fn ready(&self) -> Result<(), String> {
        let (producer, topic) = (self.producer.clone(), self.topic.clone());
        let asked = tokio::task::spawn_blocking(move || {
            let metadata = producer.client().fetch_metadata(Some(&topic), METADATA_TIME_MAX).map_err(|e| reason(&e))?;
            let missing = metadata.topics().iter().all(|t| t.partitions().is_empty());
            if missing {
                Err(format!("Kafka has no topic {topic}: create it as provisioning/kafka says"))
            } else {
                Ok(())
            }
        });
        asked.await.unwrap_or_else(|e| Err(e.to_string()))
    }

    pub(super) async fn close(self) {
        let flushed = tokio::task::spawn_blocking(move || self.producer.flush(FLUSH_TIME_MAX)).await;
        if !matches!(flushed, Ok(Ok(()))) {
            tracing::error!("Kafka did not take everything in {} s; the senders are told", FLUSH_TIME_MAX.as_secs());
        }
    }
}

fn reason(error: &KafkaError) -> String {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => "the queue to Kafka is full".into(),
        Some(code) => format!("Kafka: {code}"),
        None => format!("Kafka: {error}"),
    }
}

//! Why a sink has not taken events, or cannot take any.

use rdkafka::error::KafkaError;

use crate::{arrivals::ArrivalsError, in_flight::NoRoom, journal::JournalError};

/// Why it is not certain that the events are durable: some may be, and all must be sent again.
#[derive(Clone, Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says it")]
pub enum NotDurable {
    #[error("{0}")]
    NoRoom(#[from] NoRoom),
    #[error("too many requests wait for ClickHouse")]
    QueueFull,
    #[error("ClickHouse did not take them")]
    ClickHouse,
    #[error("the queue to Kafka is full")]
    KafkaQueueFull,
    #[error("Kafka: {0}")]
    Kafka(KafkaError),
    #[error("an event could not be encoded: {0}")]
    Encoding(String),
    #[error("no salt for visitors without ids: the gateway's log says why")]
    Salt,
    #[error("{0}")]
    Journal(#[from] JournalError),
    #[error("{0}")]
    Arrivals(#[from] ArrivalsError),
    #[error("no answer in {0} s")]
    TimedOut(u64),
    #[error("the gateway is stopping")]
    Stopping,
}

/// Why the sink cannot take events now.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message says it")]
pub enum NotReady {
    #[error("{0}")]
    Journal(#[from] JournalError),
    #[error("the table analytics.events is missing: run `ingest-gateway migrate`")]
    NoTable,
    #[error("ClickHouse: {0}")]
    ClickHouse(#[source] clickhouse::error::Error),
    #[error("ClickHouse did not answer in {0} s")]
    NoAnswer(u64),
    #[error("Kafka: {}", kafka_reason(.0))]
    Kafka(#[source] KafkaError),
    #[error("Kafka has no topic {0}: create it as provisioning/kafka says")]
    NoTopic(String),
    #[error("an internal error")]
    Internal,
}

fn kafka_reason(error: &KafkaError) -> String {
    error.rdkafka_error_code().map_or_else(|| error.to_string(), |code| code.to_string())
}

//! Where events become durable. A sink answers once it is certain, or says why not.

mod block;
pub mod direct;
mod insert;
pub mod kafka;

use vector_components::{Event, Rejection};

use crate::{
    arrivals::ArrivalsError,
    in_flight::{Held, NoRoom},
};

/// An event with the visitor that it is stored under.
#[derive(Debug)]
pub struct Identified<'a> {
    /// The event, its time included.
    pub event: Event<'a>,
    /// The visitor.
    pub visitor: u64,
}

/// An event that the sink will never take, at its index.
#[derive(Debug, PartialEq)]
pub struct Refused {
    /// The index among the events that were to be stored.
    pub index: usize,
    /// Why.
    pub rejection: Rejection,
}

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
    Kafka(rdkafka::error::KafkaError),
    #[error("an event could not be encoded: {0}")]
    Encoding(String),
    #[error("no salt for visitors without ids: the gateway's log says why")]
    Salt,
    #[error("{0}")]
    Arrivals(#[from] ArrivalsError),
    #[error("no answer in {0} s")]
    TimedOut(u64),
    #[error("the gateway is stopping")]
    Stopping,
    #[error("an internal error")]
    Internal,
}

/// The configured sink.
pub enum Sink {
    /// Into ClickHouse.
    Direct(Box<direct::Direct>),
    /// Into Kafka.
    Kafka(kafka::Kafka),
}

impl Sink {
    /// Makes the events durable, all but those that it will never take. What it encodes is held
    /// in `held` for as long.
    ///
    /// # Errors
    /// If that is not certain: some may be durable, and all must be sent again.
    pub async fn store(&self, events: &[Identified<'_>], held: &mut Held) -> Result<Vec<Refused>, NotDurable> {
        match self {
            Sink::Direct(direct) => direct.store(events, held).await.map(|()| Vec::new()),
            Sink::Kafka(kafka) => kafka.store(events, held).await,
        }
    }

    /// Whether the sink can take events now.
    ///
    /// # Errors
    /// Says what is missing.
    pub async fn ready(&self) -> Result<(), String> {
        match self {
            Sink::Direct(direct) => direct.ready().await,
            Sink::Kafka(kafka) => kafka.ready().await,
        }
    }

    /// Ends after everything taken is durable or answered as failed.
    pub async fn close(self) {
        match self {
            Sink::Direct(direct) => direct.close().await,
            Sink::Kafka(kafka) => kafka.close().await,
        }
    }
}

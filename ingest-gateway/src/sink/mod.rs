//! Where events become durable. A sink answers once it is certain, or says why not.

mod block;
pub mod direct;
mod drain;
mod error;
mod insert;
pub mod kafka;
mod lane;

use vector_components::{Event, Rejection};

use crate::in_flight::Held;
pub use error::{NotDurable, NotReady};

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
    /// What is missing.
    pub async fn ready(&self) -> Result<(), NotReady> {
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

//! Where events become durable. A sink answers once it is certain, or says why not.

pub mod direct;
pub mod kafka;

use vector_components::Event;

/// The configured sink.
pub enum Sink {
    /// Into ClickHouse.
    Direct(Box<direct::Direct>),
    /// Into Kafka.
    Kafka(kafka::Kafka),
}

impl Sink {
    /// Makes the events durable, all of them.
    ///
    /// # Errors
    /// If that is not certain: some may be durable, and all must be sent again.
    pub async fn store(&self, events: Vec<Event<'static>>) -> Result<(), String> {
        match self {
            Sink::Direct(direct) => direct.store(&events).await,
            Sink::Kafka(kafka) => kafka.store(&events).await,
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

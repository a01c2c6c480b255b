//! The limit: librdkafka's own rate, for messages that are made beforehand.

use std::time::Duration;

use rdkafka::{
    ClientConfig,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseProducer, BaseRecord, Producer},
};

use crate::usage::{cpu_s, per_second};

const FLUSH_TIME_MAX: Duration = Duration::from_secs(60);
/// About what an event is in the topic.
const MESSAGE_BYTES: usize = 500;

/// Events per second of this process' CPU time, acknowledged by all replicas.
///
/// # Errors
/// If Kafka does not take them.
pub fn events_per_cpu_s(brokers: &str, events: usize) -> anyhow::Result<f64> {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("enable.idempotence", "true")
        .set("linger.ms", "5")
        .create()?;
    let message: String = ('a'..='z').cycle().take(MESSAGE_BYTES).collect();
    let before_s = cpu_s(std::process::id())?;
    for n in 0..events {
        let key = (n / 8).to_string();
        loop {
            match producer.send(BaseRecord::to("analytics").key(&key).payload(&message)) {
                Ok(()) => break,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                    producer.poll(Duration::from_millis(50));
                }
                Err((error, _)) => return Err(error.into()),
            }
        }
    }
    producer.flush(FLUSH_TIME_MAX)?;
    Ok(per_second(u64::try_from(events)?, cpu_s(std::process::id())? - before_s))
}

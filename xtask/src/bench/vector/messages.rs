//! The messages, as the gateway would have written them.

use std::time::Duration;

use anyhow::Context;
use rdkafka::{
    ClientConfig,
    error::{KafkaError, RDKafkaErrorCode},
    producer::{BaseProducer, BaseRecord, Producer},
};
use vector_components::{Arrival, event::ClientHeaders, validate};

use crate::{
    bench::page_view::{FIRST_MS, page_view, visit, visitor_ip},
    traffic::USER_AGENTS,
};

const FLUSH_TIME_MAX: Duration = Duration::from_secs(60);

/// Writes the given number of messages to the topic.
pub fn produce(brokers: &str, events: u64) -> anyhow::Result<()> {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("compression.type", "zstd")
        .set("linger.ms", "20")
        .set("queue.buffering.max.messages", "200000")
        .create()?;
    for n in 0..usize::try_from(events)? {
        let (message, key) = (message(n)?, (visit(n) + 1).to_string());
        loop {
            let record = BaseRecord::to("analytics").key(&key).payload(&message);
            match producer.send(record) {
                Ok(()) => break,
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                    producer.poll(Duration::from_millis(50));
                }
                Err((error, _)) => return Err(error.into()),
            }
        }
    }
    producer.flush(FLUSH_TIME_MAX)?;
    Ok(())
}

fn message(n: usize) -> anyhow::Result<Vec<u8>> {
    let visit = visit(n);
    let agent = USER_AGENTS[visit % USER_AGENTS.len()].replace("124.0.0.0", &format!("124.0.{}.0", visit % 3_000));
    let arrival = Arrival {
        project: "website".into(),
        received_at_ms: i64::try_from(FIRST_MS + 3_600_000)?,
        sent_at_ms: None,
        ip: visitor_ip(visit).parse().ok(),
        user_agent: agent,
        hints: ClientHeaders { observed: true, accept_language: "en".into(), ..ClientHeaders::default() },
    };
    let mut raw = page_view(n);
    raw["title"] = "Footfall".into();
    let raw = serde_json::value::to_raw_value(&raw)?;
    let event = validate(&raw, &arrival).context("a message is not a valid event")?;
    Ok(serde_json::to_vec(&event)?)
}

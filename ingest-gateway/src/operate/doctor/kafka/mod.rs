//! Kafka, its topic and the topic's consumers.

mod lag;

use rdkafka::{
    ClientConfig,
    admin::{AdminClient, AdminOptions, ConfigEntry, ResourceSpecifier},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
};

use super::{ANSWER_TIME_MAX, finding::Finding};
use lag::Lag;

/// The brokers, the topic, and how far its consumers are behind.
pub async fn check(brokers: &str, topic: &str, group: &str) -> Vec<Finding> {
    let retention_ms = retention(brokers, topic).await;
    let (brokers, topic, group) = (brokers.to_owned(), topic.to_owned(), group.to_owned());
    let looked = tokio::task::spawn_blocking(move || topic_and_lag(&brokers, &topic, &group, retention_ms)).await;
    looked.unwrap_or_else(|error| vec![Finding::fail("kafka", error.to_string(), "this is a defect")])
}

/// Whether the brokers answer and have a topic.
pub async fn has_topic(check: &'static str, brokers: &str, topic: &str) -> Finding {
    let (brokers, topic) = (brokers.to_owned(), topic.to_owned());
    let asked = tokio::task::spawn_blocking(move || {
        let consumer: Result<BaseConsumer, _> = ClientConfig::new().set("bootstrap.servers", &brokers).create();
        match consumer.and_then(|consumer| consumer.fetch_metadata(Some(&topic), ANSWER_TIME_MAX)) {
            Err(error) => Finding::fail(check, error.to_string(), "is the broker up, and KAFKA_BROKERS its address?"),
            Ok(metadata) if metadata.topics().iter().all(|topic| topic.partitions().is_empty()) => Finding::fail(
                check,
                format!("there is no topic {topic}"),
                "create it: provisioning/kafka/create-topics.sh",
            ),
            Ok(_) => Finding::ok(check, topic),
        }
    });
    asked.await.unwrap_or_else(|error| Finding::fail(check, error.to_string(), "this is a defect"))
}

/// The topic's retention in milliseconds; negative for ever.
async fn retention(brokers: &str, topic: &str) -> Option<i64> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", brokers).create().ok()?;
    let options = AdminOptions::new().request_timeout(Some(ANSWER_TIME_MAX));
    let described = admin.describe_configs([&ResourceSpecifier::Topic(topic)], &options).await.ok()?;
    let resource = described.into_iter().next()?.ok()?;
    let is_retention = |entry: &&ConfigEntry| entry.name == "retention.ms";
    resource.entries.iter().find(is_retention)?.value.as_ref()?.parse().ok()
}

fn topic_and_lag(brokers: &str, topic: &str, group: &str, retention_ms: Option<i64>) -> Vec<Finding> {
    let consumer: Result<BaseConsumer, _> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .create();
    let consumer = match consumer {
        Ok(consumer) => consumer,
        Err(error) => return vec![Finding::fail("kafka", error.to_string(), "check KAFKA_BROKERS")],
    };
    let metadata = match consumer.fetch_metadata(Some(topic), ANSWER_TIME_MAX) {
        Ok(metadata) => metadata,
        Err(error) => {
            return vec![Finding::fail("kafka", error.to_string(), "is the broker up, and KAFKA_BROKERS its address?")];
        }
    };
    let mut findings = vec![Finding::ok("kafka", format!("{} brokers", metadata.brokers().len()))];
    let partitions: Vec<i32> = metadata.topics().iter().flat_map(|t| t.partitions()).map(|p| p.id()).collect();
    if partitions.is_empty() {
        findings.push(Finding::fail(
            "kafka topic",
            format!("there is no topic {topic}"),
            "create it: provisioning/kafka/create-topics.sh",
        ));
        return findings;
    }
    let retention = match retention_ms {
        Some(ms) if ms >= 0 => format!("kept for {} h", ms / 3_600_000),
        Some(_) => "kept for ever".to_owned(),
        None => "retention unknown".to_owned(),
    };
    findings.push(Finding::ok("kafka topic", format!("{topic}: {} partitions, {retention}", partitions.len())));
    findings.push(match Lag::measure(&consumer, topic, &partitions) {
        Ok(lag) => lag.judge(group, retention_ms),
        Err(_) => Finding::warn(
            "kafka consumers",
            format!("the offsets of {group} cannot be read"),
            "is --kafka-group Vector's group_id?",
        ),
    });
    findings
}

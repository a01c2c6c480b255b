//! Retries and oversized events in the topic.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use rdkafka::{
    ClientConfig, Message,
    admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
};
use serde_json::{Value, json};

use super::TOPIC;

const READ_TIME_MAX: Duration = Duration::from_secs(20);
/// The topic's limit for the test, in bytes.
const TOPIC_MESSAGE_BYTES_MAX: &str = "50000";

/// Sends each kind of event that can be retried, twice, from two addresses: what identifies
/// a row must be the same in all of its messages.
pub async fn are_the_same_events(client: &reqwest::Client, url: &str, broker: &str) -> anyhow::Result<()> {
    let now_ms = chrono::Utc::now().timestamp_millis();
    let id = uuid::Uuid::new_v4;
    let shapes = [
        json!({"type": "retry-id", "event_id": id(), "user_id": "1"}),
        json!({"type": "retry-id-of-nobody", "event_id": id()}),
        json!({"type": "retry-id-and-time-of-nobody", "event_id": id(), "timestamp": now_ms}),
        json!({"type": "retry-id-and-old-time-of-nobody", "event_id": id(), "timestamp": now_ms - 5 * 86_400_000}),
        json!({"type": "retry-id-with-a-time", "event_id": uuid::Uuid::now_v7(), "user_id": "1"}),
        json!({"type": "retry-time", "timestamp": now_ms, "user_id": "1"}),
        json!({"sent_at": now_ms + 300_000, "events": [{"type": "retry-fast-clock", "timestamp": now_ms, "user_id": "1"}]}),
        json!([{"type": "retry-of-an-array", "event_id": id()}]),
    ];
    for address in ["81.2.69.160", "89.160.20.130"] {
        for body in &shapes {
            let request = client.post(format!("{url}/v1/events")).header("X-App", "app");
            let answer = request.header("X-Forwarded-For", address).json(body).send().await?;
            ensure!(answer.status() == 201, "{body} got status {}", answer.status());
        }
        // Without an id or time, each one is a new event.
        let answer = client.post(format!("{url}/v1/events")).header("X-App", "app").json(&json!({"type": "new"}));
        ensure!(answer.send().await?.status() == 201, "an event without id and time was rejected");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let broker = broker.to_owned();
    let expected = shapes.len() + 1;
    let read = tokio::task::spawn_blocking(move || identities(&broker, expected)).await??;
    for (kind, identities) in &read {
        let wanted = if kind == "new" { 2 } else { 1 };
        ensure!(identities.len() == wanted, "{kind} is {} events in Kafka: {identities:?}", identities.len());
    }
    ensure!(read.len() == expected, "{} kinds of events were sent, {} are in Kafka", expected, read.len());
    Ok(())
}

/// The parts of a row's key: the message's key, the event's timestamp and id.
type Identity = (String, String, String);

/// The identities by event type.
fn identities(broker: &str, kinds: usize) -> anyhow::Result<HashMap<String, HashSet<Identity>>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", broker)
        .set("group.id", "retries")
        .set("auto.offset.reset", "earliest")
        .create()?;
    consumer.subscribe(&[TOPIC])?;
    let started = Instant::now();
    let mut found: HashMap<String, HashSet<_>> = HashMap::new();
    let mut silent_since = Instant::now();
    // Read to the end: until nothing more arrives.
    while started.elapsed() < READ_TIME_MAX && (found.len() < kinds || silent_since.elapsed() < Duration::from_secs(2))
    {
        let Some(message) = consumer.poll(Duration::from_millis(200)) else { continue };
        let message = message?;
        silent_since = Instant::now();
        let event: Value = serde_json::from_slice(message.payload().context("no payload")?)?;
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let kind = text("type");
        if kind == "new" || kind.starts_with("retry-") {
            let key = String::from_utf8(message.key().context("no key")?.to_vec())?;
            found.entry(kind).or_default().insert((key, text("timestamp"), text("event_id")));
        }
    }
    Ok(found)
}

/// An event that is too large for the topic, but not for the gateway, is dropped permanently, on its own.
pub async fn too_large_is_one_event(client: &reqwest::Client, url: &str, broker: &str) -> anyhow::Result<()> {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new().set("bootstrap.servers", broker).create()?;
    let change = AlterConfig::new(ResourceSpecifier::Topic(TOPIC)).set("max.message.bytes", TOPIC_MESSAGE_BYTES_MAX);
    for result in admin.alter_configs(&[change], &AdminOptions::new()).await? {
        result.map_err(|(_, error)| anyhow::anyhow!("cannot alter the topic: {error}"))?;
    }
    // Digits that do not compress: the broker measures what arrives.
    let mut random = SmallRng::seed_from_u64(7);
    let mut digits = || (0..4_000).map(|_| format!("{:02x}", random.random::<u8>())).collect::<String>();
    let details: serde_json::Map<String, Value> = (0..40).map(|n| (format!("d{n}"), digits().into())).collect();
    let events = json!([
        {"type": "small", "user_id": "1", "timestamp": 1},
        {"type": "small", "user_id": "1", "timestamp": 1_767_225_600_000_i64},
        {"type": "large", "user_id": "1", "timestamp": 1_767_225_600_001_i64, "details": details},
        {"type": "small", "user_id": "1", "timestamp": 1_767_225_600_002_i64},
    ]);
    for _ in 0..2 {
        let answer = client.post(format!("{url}/v1/events")).header("X-App", "app").json(&events).send().await?;
        let status = answer.status();
        let answer: Value = answer.json().await?;
        let outcomes: Vec<_> = answer["outcomes"].as_array().context("no outcomes")?.iter().collect();
        let names: Vec<_> = outcomes.iter().filter_map(|outcome| outcome["outcome"].as_str()).collect();
        ensure!(
            status == 201 && names == ["dropped", "accepted", "dropped", "accepted"],
            "a large event next to others got status {status}: {answer}"
        );
        ensure!(outcomes[2]["reason"] == "too_large", "the large event was dropped as {}", outcomes[2]);
    }
    Ok(())
}

//! Dropped events of a gateway with Kafka: in the topic of dead letters, in Vector's form, and sent again after a fix.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use rdkafka::{
    ClientConfig, Message,
    admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier},
    client::DefaultClientContext,
    consumer::{BaseConsumer, Consumer},
    message::{Header, Headers, OwnedHeaders, OwnedMessage},
    producer::{BaseProducer, BaseRecord, Producer},
};
use serde_json::Value;

use super::TOPIC;
use crate::bin;

const LETTERS: &str = "analytics.dead-letter";
const TIME_MAX: Duration = Duration::from_secs(30);
const SILENCE: Duration = Duration::from_secs(2);
const OF_VECTOR: &str = r#"{"v":1,"event_id":"018ee9a4-0000-7000-8000-000000000009","project":"app","type":"of-vector","timestamp":"2026-01-01T00:00:05.000Z","received_at":"2026-01-01T00:00:05.000Z"}"#;

/// What the step before left: twice a bad time, and twice an event that the topic does not take.
pub async fn are_kept_and_sent_again(broker: &str, folder: &Path) -> anyhow::Result<()> {
    let (address, expected) = (broker.to_owned(), 4);
    let letters = tokio::task::spawn_blocking(move || read(&address, LETTERS, "letters", expected)).await??;
    ensure!(letters.len() == expected, "{} dead letters are there, {expected} expected", letters.len());
    for letter in &letters {
        let (reason, origin) = (header(letter, "footfall-reason"), header(letter, "footfall-origin"));
        ensure!(["too_large", "timestamp_out_of_range"].contains(&reason.as_str()), "a letter for {reason}");
        ensure!(origin == "gateway" && header(letter, "footfall-project") == "app", "a letter from {origin}");
        ensure!(!header(letter, "footfall-detail").is_empty(), "a letter without a sentence");
        let body = std::str::from_utf8(letter.payload().unwrap_or_default())?;
        ensure!(
            serde_json::from_str::<Value>(body).is_ok() && !body.contains("\"ip\""),
            "not what was sent: {body:.200}"
        );
        ensure!(letter.key().is_some_and(|key| std::str::from_utf8(key).is_ok_and(|key| key.parse::<u64>().is_ok())));
    }
    produce_as_vector(broker)?;
    let list = command(broker, folder, &["list", "--json", "--project", "app"])?;
    let reasons = list.lines().map(serde_json::from_str::<Value>).collect::<Result<Vec<_>, _>>()?;
    let count = |reason: &str| reasons.iter().filter(|letter| letter["reason"] == reason).count();
    ensure!(
        (count("too_large"), count("timestamp_out_of_range"), count("newer_version")) == (2, 2, 1),
        "the list has {list:.2000}"
    );

    // Nothing is fixed; then the topic's limit is raised, and the time is set.
    let unfixed = command(broker, folder, &["resend", "--reason", "too_large"])?;
    ensure!(unfixed.contains("of which 0 are stored") && unfixed.contains("2 not: too_large"), "{unfixed}");
    raise_the_limit(broker).await?;
    let set = ["resend", "--reason", "timestamp_out_of_range", "--set", "timestamp=1767225600007"];
    for _ in 0..2 {
        for arguments in [&["resend", "--reason", "too_large"][..], &set, &["resend", "--reason", "newer_version"]] {
            let sent = command(broker, folder, arguments)?;
            ensure!(!sent.contains("of which 0") && !sent.contains("not:"), "{arguments:?}: {sent}");
        }
    }
    let address = broker.to_owned();
    let messages = tokio::task::spawn_blocking(move || read(&address, TOPIC, "sent-again", usize::MAX)).await??;
    let mut rows: HashMap<String, HashSet<_>> = HashMap::new();
    for message in &messages {
        let event: Value = serde_json::from_slice(message.payload().context("no payload")?)?;
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        let (kind, time) = (text("type"), text("timestamp"));
        if kind == "large" || kind == "of-vector" || time == "2026-01-01T00:00:00.007Z" {
            rows.entry(kind).or_default().insert((message.key().map(<[u8]>::to_vec), time, text("event_id")));
        }
    }
    for kind in ["large", "of-vector", "small"] {
        let found = rows.get(kind).map_or(0, HashSet::len);
        ensure!(found == 1, "sent again twice, {kind} is {found} rows");
    }
    Ok(())
}

fn command(broker: &str, folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let mut program = Command::new(bin("ingest-gateway"));
    program
        .arg("dead-letters")
        .args(arguments)
        .env("KAFKA_BROKERS", broker)
        .env("FOOTFALL_DATA", folder.join("gateway"));
    let output = program.output()?;
    ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

async fn raise_the_limit(broker: &str) -> anyhow::Result<()> {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new().set("bootstrap.servers", broker).create()?;
    let change = AlterConfig::new(ResourceSpecifier::Topic(TOPIC)).set("max.message.bytes", "1048588");
    for result in admin.alter_configs(&[change], &AdminOptions::new()).await? {
        result.map_err(|(_, error)| anyhow::anyhow!("cannot alter the topic: {error}"))?;
    }
    Ok(())
}

/// A letter as `footfall-vector` writes it: a message of the topic of events.
fn produce_as_vector(broker: &str) -> anyhow::Result<()> {
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", broker).create()?;
    let headers = [
        ("footfall-reason", "newer_version"),
        ("footfall-field", ""),
        ("footfall-detail", "its version"),
        ("footfall-origin", "analytics/0/1"),
    ];
    let headers = headers
        .iter()
        .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: Some(*value) }));
    producer.send(BaseRecord::to(LETTERS).key("7").payload(OF_VECTOR).headers(headers)).map_err(|(error, _)| error)?;
    Ok(producer.flush(TIME_MAX)?)
}

/// Messages from the beginning, until there are so many or nothing more comes.
fn read(broker: &str, topic: &str, group: &str, count: usize) -> anyhow::Result<Vec<OwnedMessage>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", broker)
        .set("group.id", group)
        .set("auto.offset.reset", "earliest")
        .create()?;
    consumer.subscribe(&[topic])?;
    let (started, mut messages, mut heard) = (Instant::now(), Vec::new(), None::<Instant>);
    while messages.len() < count
        && started.elapsed() < TIME_MAX
        && (count != usize::MAX || heard.is_none_or(|at| at.elapsed() < SILENCE))
    {
        if let Some(message) = consumer.poll(Duration::from_millis(200)) {
            messages.push(message?.detach());
            heard = Some(Instant::now());
        }
    }
    Ok(messages)
}

fn header(letter: &OwnedMessage, name: &str) -> String {
    let headers = letter.headers();
    let value = headers.and_then(|headers| headers.iter().find(|header| header.key == name)?.value);
    value.map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

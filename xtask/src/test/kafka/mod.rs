//! Gateway → Apache Kafka → read back, with Kafka's own broker from its own jars.

mod away;
mod dead_letters;
mod retries;

use std::{collections::HashSet, path::Path, process::Command, time::Duration};

use anyhow::{Context, ensure};
use rdkafka::{
    ClientConfig, Message, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier},
    client::DefaultClientContext,
    consumer::{BaseConsumer, CommitMode, Consumer},
};
use serde_json::{Value, json};

use crate::{bin, broker::Broker, chaos, process::Process};

const TOPIC: &str = "analytics";
const PARTITIONS: u32 = 3;
const BATCHES: usize = 50;
const BATCH_EVENTS: usize = 100;
const READ_TIME_MAX: Duration = Duration::from_secs(30);
/// `cargo xtask chaos` takes a minute.
const AWAY: Duration = Duration::from_secs(9);

/// Start a broker, create the topic, send, read back, compare; then stop the broker.
pub async fn run(folder: &Path) -> anyhow::Result<&'static str> {
    std::fs::create_dir_all(folder)?;
    let mut broker = Broker::start(folder).await?;
    broker.create_topics(folder, PARTITIONS)?;
    let environment = [
        ("KAFKA_BROKERS", broker.address.clone()),
        ("FOOTFALL_LISTEN", "127.0.0.1:0".to_owned()),
        ("FOOTFALL_DATA", folder.join("gateway").display().to_string()),
        ("FOOTFALL_REQUEST_MS_MAX", "5000".to_owned()),
        // What is sent again has to arrive in the topic again.
        ("FOOTFALL_RECENT_EVENTS_MAX", "0".to_owned()),
    ];
    let gateway = Process::start(&bin("ingest-gateway"), &[], &environment, &folder.join("gateway.log")).await?;
    let url = gateway.first_line.clone();
    let client = reqwest::Client::new();
    let ready = client.get(format!("{url}/readyz")).send().await?;
    ensure!(ready.status() == 200, "not ready: {}", ready.text().await?);

    let sent = send(&client, &url).await?;
    let address = broker.address.clone();
    let read = tokio::task::spawn_blocking(move || read_back(&address)).await??;
    ensure!(
        read.len() == BATCHES * BATCH_EVENTS,
        "{} events were sent, {} read back",
        BATCHES * BATCH_EVENTS,
        read.len()
    );
    ensure!(sent == read.iter().map(|(id, ..)| id.clone()).collect(), "the events read back differ from those sent");
    in_order_by_visitor(&read)?;
    doctor(&broker.address, folder).await?;
    retries::are_the_same_events(&client, &url, &broker.address).await?;
    retries::too_large_is_one_event(&client, &url, &broker.address).await?;

    dead_letters::are_kept_and_sent_again(&broker.address, folder).await?;
    away::loses_nothing(&mut broker, folder).await?;
    let outcome = chaos::kafka_away(&mut broker, folder, AWAY).await?;
    let violations = outcome.found.violations(outcome.acknowledged);
    ensure!(violations.is_empty(), "Kafka away under load: {}", violations.join("; "));
    ensure!(outcome.acknowledged > 100 && outcome.retries > 0, "{} events in all", outcome.acknowledged);
    gateway.stop().await?;
    Ok(
        "Apache Kafka 4.1: topics from provisioning/kafka; 5,000 events read back once each, in order by visitor; retries are the same event; an oversized one dropped on its own; dead letters kept, and sent again after a fix; while the broker was away and the gateway was killed every event was accepted, and is in the topic in order, also under load with the gateway killed twice; the doctor on topic, lag and retention",
    )
}

/// The doctor on a healthy topic, a missing one, and a group that is slower
/// than the topic's retention.
async fn doctor(brokers: &str, folder: &Path) -> anyhow::Result<()> {
    let ask = |topic: &str, group: &str| -> anyhow::Result<Vec<Value>> {
        let output = Command::new(bin("ingest-gateway"))
            .args(["doctor", "--json", "--kafka-group", group])
            .env("KAFKA_BROKERS", brokers)
            .env("KAFKA_TOPIC", topic)
            .env("CLICKHOUSE_URL", "http://127.0.0.1:1")
            .env("FOOTFALL_DATA", folder.join("doctor"))
            .output()?;
        Ok(serde_json::from_slice(&output.stdout)?)
    };
    let expect = |findings: &[Value], check: &str, state: &str, seen: &str| {
        let found = findings.iter().any(|f| {
            f["check"] == check && f["state"] == state && f["seen"].as_str().is_some_and(|text| text.contains(seen))
        });
        ensure!(found, "the doctor does not report {check} {state} {seen}: {findings:?}");
        Ok(())
    };
    let healthy = ask(TOPIC, "read-back")?;
    expect(&healthy, "kafka", "ok", "1 brokers")?;
    expect(&healthy, "kafka topic", "ok", "3 partitions, kept for 168 h")?;
    expect(&healthy, "kafka consumers", "ok", "0 events behind")?;
    expect(&ask(TOPIC, "nobody")?, "kafka consumers", "warn", "never read")?;
    expect(&ask("elsewhere", "nobody")?, "kafka topic", "fail", "no topic elsewhere")?;

    let slow: BaseConsumer = ClientConfig::new().set("bootstrap.servers", brokers).set("group.id", "slow").create()?;
    let mut offsets = TopicPartitionList::new();
    (0..3).try_for_each(|partition| offsets.add_partition_offset(TOPIC, partition, Offset::Offset(1)))?;
    slow.commit(&offsets, CommitMode::Sync)?;
    expect(&ask(TOPIC, "slow")?, "kafka consumers", "ok", "slow is 4997 events behind")?;
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new().set("bootstrap.servers", brokers).create()?;
    let short = AlterConfig::new(ResourceSpecifier::Topic(TOPIC)).set("retention.ms", "1000");
    for result in admin.alter_configs(&[short], &AdminOptions::new()).await? {
        result.map_err(|(_, error)| anyhow::anyhow!("cannot alter the topic: {error}"))?;
    }
    expect(&ask(TOPIC, "slow")?, "kafka consumers", "fail", "4997 events behind")?;
    let long = AlterConfig::new(ResourceSpecifier::Topic(TOPIC)).set("retention.ms", "604800000");
    for result in admin.alter_configs(&[long], &AdminOptions::new()).await? {
        result.map_err(|(_, error)| anyhow::anyhow!("cannot alter the topic: {error}"))?;
    }
    Ok(())
}

async fn send(client: &reqwest::Client, url: &str) -> anyhow::Result<HashSet<String>> {
    let mut ids = HashSet::new();
    for batch in 0..BATCHES {
        let events: Vec<Value> = (0..BATCH_EVENTS)
            .map(|n| json!({"type": "click", "user_id": n % 7, "timestamp": 1_713_326_652_000_i64 + (batch * BATCH_EVENTS + n) as i64, "details": {"n": n}}))
            .collect();
        let answer = client.post(format!("{url}/v1/events")).header("X-App", "app").json(&events).send().await?;
        ensure!(answer.status() == 201, "the gateway responded {}", answer.status());
        let answer: Value = answer.json().await?;
        let outcomes = answer["outcomes"].as_array().context("no outcomes")?;
        ids.extend(outcomes.iter().filter_map(|o| o["event_id"].as_str().map(str::to_owned)));
    }
    Ok(ids)
}

/// Event id, user id and timestamp of every message, per partition in order.
fn read_back(address: &str) -> anyhow::Result<Vec<(String, String, String)>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", address)
        .set("group.id", "read-back")
        .set("auto.offset.reset", "earliest")
        .create()?;
    consumer.subscribe(&[TOPIC])?;
    let started = std::time::Instant::now();
    let mut read = Vec::new();
    while started.elapsed() < READ_TIME_MAX && read.len() < BATCHES * BATCH_EVENTS {
        let Some(message) = consumer.poll(Duration::from_millis(200)) else { continue };
        let message = message?;
        let event: Value = serde_json::from_slice(message.payload().context("no payload")?)?;
        ensure!(
            event["v"] == 1 && event["project"] == "app" && event["type"] == "click",
            "not the documented format: {event}"
        );
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        read.push((text("event_id"), text("user_id"), text("timestamp")));
    }
    // Poll once more: nothing may arrive twice.
    if let Some(Ok(_)) = consumer.poll(Duration::from_secs(1)) {
        anyhow::bail!("more events were read back than were sent");
    }
    Ok(read)
}

fn in_order_by_visitor(read: &[(String, String, String)]) -> anyhow::Result<()> {
    for user in 0..7 {
        let user = user.to_string();
        let times: Vec<&String> = read.iter().filter(|(_, id, _)| *id == user).map(|(.., time)| time).collect();
        ensure!(times.is_sorted(), "the events of visitor {user} are out of order");
    }
    Ok(())
}

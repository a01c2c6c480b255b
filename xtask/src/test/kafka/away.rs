//! Kafka is away for a while, and the gateway is killed meanwhile: what was answered is in the topic afterwards, in order.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use rdkafka::{
    ClientConfig, Message,
    consumer::{BaseConsumer, Consumer},
};
use reqwest::Client;
use serde_json::{Value, json};

use super::TOPIC;
use crate::{bin, broker::Broker, gateway, process::Process};

const VISITORS: usize = 5;
/// Events before, without Kafka, after the gateway's restart, and after Kafka's return.
const SHARE: usize = 40;
const ARRIVE_TIME_MAX: Duration = Duration::from_secs(60);

/// Sends around a broker that is killed and comes back, and a gateway that is killed in between.
pub async fn loses_nothing(broker: &mut Broker, folder: &Path) -> anyhow::Result<()> {
    let client = Client::new();
    let gateway = start(broker, folder).await?;
    send(&client, &gateway.first_line, 0..SHARE).await?;
    broker.kill()?;
    send(&client, &gateway.first_line, SHARE..2 * SHARE).await?;
    let ready = client.get(format!("{}/readyz", gateway.first_line)).send().await?;
    ensure!(ready.status() == 200, "it accepts events without Kafka, and /readyz says {}", ready.status());
    gateway.kill().await?;

    let gateway = start(broker, folder).await?;
    send(&client, &gateway.first_line, 2 * SHARE..3 * SHARE).await?;
    broker.restart().await?;
    gateway::settle(&gateway.first_line).await?;
    send(&client, &gateway.first_line, 3 * SHARE..4 * SHARE).await?;
    gateway.stop().await?;

    let address = broker.address.clone();
    let read = tokio::task::spawn_blocking(move || by_visitor(&address)).await??;
    for visitor in 0..VISITORS {
        let sent: Vec<usize> = (0..4 * SHARE).filter(|n| n % VISITORS == visitor).collect();
        ensure!(
            read.get(&visitor) == Some(&sent),
            "visitor {visitor} sent {sent:?}, and Kafka has {:?}",
            read.get(&visitor)
        );
    }
    Ok(())
}

async fn start(broker: &Broker, folder: &Path) -> anyhow::Result<Process> {
    let environment = [
        ("KAFKA_BROKERS", broker.address.clone()),
        ("FOOTFALL_LISTEN", "127.0.0.1:0".to_owned()),
        ("FOOTFALL_DATA", folder.join("away").display().to_string()),
    ];
    Process::start(&bin("ingest-gateway"), &[], &environment, &folder.join("away.log")).await
}

/// One after another, each of which has to be accepted.
async fn send(client: &Client, url: &str, range: std::ops::Range<usize>) -> anyhow::Result<()> {
    for n in range {
        let event = json!({"type": "away", "user_id": (n % VISITORS).to_string(), "details": {"n": n.to_string()},
            "timestamp": 1_790_000_000_000_i64 + n as i64});
        let answer = client.post(format!("{url}/v1/events")).header("X-App", "app").json(&event).send().await?;
        ensure!(answer.status() == 201, "event {n} was answered {}", answer.status());
    }
    Ok(())
}

/// Each visitor's events, in the topic's order; one that was delivered again counts where it came first.
fn by_visitor(address: &str) -> anyhow::Result<BTreeMap<usize, Vec<usize>>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", address)
        .set("group.id", "read-away")
        .set("auto.offset.reset", "earliest")
        .create()?;
    consumer.subscribe(&[TOPIC])?;
    let mut read: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let started = Instant::now();
    while started.elapsed() < ARRIVE_TIME_MAX && read.values().map(Vec::len).sum::<usize>() < 4 * SHARE {
        let Some(message) = consumer.poll(Duration::from_millis(200)) else { continue };
        let event: Value = serde_json::from_slice(message?.payload().context("no payload")?)?;
        if event["type"] != "away" {
            continue;
        }
        let number = |value: &Value| value.as_str().and_then(|text| text.parse().ok()).context("not a number");
        let (visitor, n) = (number(&event["user_id"])?, number(&event["details"]["n"])?);
        let events = read.entry(visitor).or_default();
        if !events.contains(&n) {
            events.push(n);
        }
    }
    Ok(read)
}

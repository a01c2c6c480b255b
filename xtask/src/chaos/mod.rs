//! `cargo xtask chaos`: Kafka is killed and away for a minute while events are sent, and the gateway is killed twice
//! meanwhile. Afterwards the topic holds what was acknowledged: all of it, in order per visitor, each event as one.

mod senders;
mod topic;

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::ensure;
use clap::Args;
use serde_json::json;

use crate::{
    bin,
    broker::Broker,
    cargo, gateway,
    process::{Process, free_port, run_to_end},
    root,
};
use senders::Senders;
use topic::Found;

/// The topic, as provisioning/kafka creates it.
const TOPIC: &str = "analytics";
const PARTITIONS: u32 = 3;
/// Load before and after.
const CALM: Duration = Duration::from_secs(3);

/// Options for the chaos.
#[derive(Args)]
pub struct Options {
    /// How long Kafka is away, in seconds.
    #[arg(long, default_value_t = 60)]
    away_s: u64,
}

/// What came of it.
pub struct Outcome {
    /// Events that were answered 201.
    pub acknowledged: usize,
    /// Requests that had to be sent again.
    pub retries: usize,
    /// What is in the topic.
    pub found: Found,
}

/// Runs it and prints one line of JSON.
///
/// # Errors
/// If an event is lost, out of order, or stored as two.
pub async fn run(options: Options) -> anyhow::Result<()> {
    run_to_end(cargo().args(["build", "--release", "--bin", "ingest-gateway"]))?;
    let folder = root().join("target/xtask-chaos");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let mut broker = Broker::start(&folder).await?;
    broker.create_topics(&folder, PARTITIONS)?;
    let away = Duration::from_secs(options.away_s);
    let outcome = kafka_away(&mut broker, &folder, away).await?;
    let violations = outcome.found.violations(outcome.acknowledged);
    println!(
        "{}",
        json!({"name": "chaos", "ok": violations.is_empty(), "ratios": {}, "peers": {}, "figures": {
            "away_s": options.away_s, "acknowledged_events": outcome.acknowledged, "retries": outcome.retries,
            "repeated_messages": outcome.found.repeated, "violations": violations.len()}})
    );
    ensure!(violations.is_empty(), "{}", violations.join("; "));
    Ok(())
}

/// Load → Kafka dies → the gateway dies, twice → Kafka returns → everything is read.
///
/// # Errors
/// If a process does not start or stop.
pub async fn kafka_away(broker: &mut Broker, folder: &Path, away: Duration) -> anyhow::Result<Outcome> {
    let listen = format!("127.0.0.1:{}", free_port()?);
    let url = format!("http://{listen}");
    let mut gateway = start(broker, &listen, folder).await?;
    let senders = Arc::new(Senders::start(&url));
    tokio::time::sleep(CALM).await;
    broker.kill()?;
    for _ in 0..2 {
        tokio::time::sleep(away / 3).await;
        gateway.kill().await?;
        gateway = start(broker, &listen, folder).await?;
    }
    tokio::time::sleep(away / 3).await;
    broker.restart().await?;
    tokio::time::sleep(CALM).await;
    let (acknowledged, retries) = senders.stop().await?;
    gateway::settle(&url).await?;
    gateway.stop().await?;
    let address = broker.address.clone();
    let found = tokio::task::spawn_blocking(move || topic::read(&address)).await??;
    Ok(Outcome { acknowledged, retries, found })
}

async fn start(broker: &Broker, listen: &str, folder: &Path) -> anyhow::Result<Process> {
    let environment = [
        ("KAFKA_BROKERS", broker.address.clone()),
        ("FOOTFALL_LISTEN", listen.to_owned()),
        ("FOOTFALL_DATA", folder.join("chaos").display().to_string()),
    ];
    Process::start(&bin("ingest-gateway"), &[], &environment, &folder.join("chaos.log")).await
}

//! No events lost or duplicated, whichever process is killed; and the same rows as the gateway's direct sink.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use reqwest::Client;
use serde_json::Value;

use super::{
    Ground, number,
    sent::{BATCH_EVENTS, send},
};
use crate::{
    clickhouse::{Server, ask},
    gateway::Gateway,
    vector::{Place, Vector},
};

/// Batches to send while Vector is killed twice.
const BATCHES: usize = 2_000;
/// Batches to send while two Vectors share the topic.
const SHARED_BATCHES: usize = 600;
const ARRIVE_TIME_MAX: Duration = Duration::from_secs(180);
/// Enough time for two group members to share the partitions.
const JOIN_TIME: Duration = Duration::from_secs(10);
const STORED: &str = "SELECT count() FROM analytics.events";
const STORED_ONCE: &str = "SELECT count() FROM analytics.events FINAL";
/// Number of rows whose identity occurs more than once.
const DOUBLED: &str =
    "SELECT count() - uniqExact(project, ts, event, visitor, session_id, event_id) FROM analytics.events FINAL";
/// These depend on the time of arrival, which differs between gateways.
const OF_THE_ARRIVAL: [&str; 2] = ["delay_s", "clock_skew_s"];

/// `VECTOR_BATCHES` overrides the default.
fn batches() -> usize {
    std::env::var("VECTOR_BATCHES").ok().and_then(|n| n.parse().ok()).unwrap_or(BATCHES)
}

/// Sends to both gateways, kills Vector twice on the way, and compares what is stored.
pub async fn through_two_kills(ground: &Ground<'_>, direct: &Gateway) -> anyhow::Result<String> {
    let place = ground.place("vector")?;
    let batches = batches();
    let events = (batches * BATCH_EVENTS) as u64;
    let start = || Vector::start(ground.program, &place.folder, "footfall.yaml");
    let sending = send(&ground.gateway.first_line, 0..batches);
    let killing = async {
        let mut vector = start()?;
        for share in [4, 2] {
            arrived(ground, &mut vector, events / share).await?;
            vector.kill()?;
            vector = start()?;
        }
        anyhow::Ok(vector)
    };
    let (sent, vector) = tokio::join!(sending, killing);
    sent?;
    let mut vector = vector?;
    arrived(ground, &mut vector, events).await?;
    send(&direct.url, 0..batches).await?;
    unique(&ground.clickhouse, events).await?;
    unique(&direct.clickhouse, events).await?;
    let (ours, theirs) = (columns(&ground.clickhouse).await?, columns(&direct.clickhouse).await?);
    ensure!(ours.len() > 40, "only {} columns were compared", ours.len());
    for (name, sum) in &theirs {
        ensure!(ours.get(name) == Some(sum), "column {name} differs from the gateway's direct sink");
    }
    vector.stop()?;
    Ok(format!(
        "{events} events, Vector killed twice with -9: none lost, none duplicated, {} columns equal the gateway's direct sink",
        ours.len()
    ))
}

/// Two Vectors in one group; one is killed on the way.
pub async fn two_in_a_group(ground: &Ground<'_>) -> anyhow::Result<String> {
    let before = number(&ground.clickhouse, STORED_ONCE).await?;
    let places = [ground.place("first")?, ground.place("second")?];
    let [first, second] = [0, 1].map(|at: usize| Vector::start(ground.program, &places[at].folder, "footfall.yaml"));
    let (first, mut second) = (first?, second?);
    // Until both have their partitions.
    tokio::time::sleep(JOIN_TIME).await;
    let range = batches()..batches() + SHARED_BATCHES;
    let half = range.start + SHARED_BATCHES / 2;
    send(&ground.gateway.first_line, range.start..half).await?;
    let half_sent = before + (SHARED_BATCHES / 2 * BATCH_EVENTS) as u64;
    arrived_final(ground, &mut second, half_sent).await?;
    for place in &places {
        ensure!(received(place).await? > 0.0, "{} received no events", place.folder.display());
    }
    let sending = send(&ground.gateway.first_line, half..range.end);
    let killing = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        first.kill()
    };
    let (sent, killed) = tokio::join!(sending, killing);
    sent?;
    killed?;
    let all = before + (SHARED_BATCHES * BATCH_EVENTS) as u64;
    arrived_final(ground, &mut second, all).await?;
    unique(&ground.clickhouse, all).await?;
    second.stop()?;
    Ok("two Vectors in a group shared the topic, and one continued when the other was killed".to_owned())
}

/// Waits until the given number of rows is stored, counting duplicates.
async fn arrived(ground: &Ground<'_>, vector: &mut Vector, rows: u64) -> anyhow::Result<()> {
    wait(ground, vector, STORED, rows).await
}

/// The same, without duplicates.
async fn arrived_final(ground: &Ground<'_>, vector: &mut Vector, rows: u64) -> anyhow::Result<()> {
    wait(ground, vector, STORED_ONCE, rows).await
}

async fn wait(ground: &Ground<'_>, vector: &mut Vector, sql: &str, rows: u64) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        vector.check()?;
        let stored = number(&ground.clickhouse, sql).await?;
        if stored >= rows {
            return Ok(());
        }
        ensure!(started.elapsed() < ARRIVE_TIME_MAX, "{stored} of {rows} rows arrived");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Exactly the given number, without duplicates. Redelivered rows may still be in flight.
pub async fn unique(clickhouse: &Server, rows: u64) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let stored = number(clickhouse, STORED_ONCE).await?;
        ensure!(stored <= rows, "{rows} events were sent and {stored} are stored");
        if stored == rows {
            break;
        }
        ensure!(started.elapsed() < ARRIVE_TIME_MAX, "{rows} events were sent and {stored} are stored");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let doubled = number(clickhouse, DOUBLED).await?;
    ensure!(doubled == 0, "{doubled} rows are duplicated");
    Ok(())
}

/// For each column, a sum over hashes of row and value.
async fn columns(clickhouse: &Server) -> anyhow::Result<BTreeMap<String, String>> {
    let client = Client::new();
    let names =
        "SELECT name FROM system.columns WHERE database = 'analytics' AND table = 'events' AND default_kind != 'ALIAS'";
    let names = ask(&client, clickhouse, names, &[]).await?;
    let names = names.lines().filter(|name| !OF_THE_ARRIVAL.contains(name));
    let sums: Vec<_> = names
        .map(|name| format!("toString(sum(sipHash64(visitor, ts, event_id, toString(`{name}`)))) AS `sum_{name}`"))
        .collect();
    let sql = format!("SELECT {} FROM analytics.events FINAL FORMAT JSONEachRow", sums.join(", "));
    let sums: BTreeMap<String, Value> = serde_json::from_str(&ask(&client, clickhouse, &sql, &[]).await?)?;
    Ok(sums.into_iter().map(|(name, sum)| (name, sum.to_string())).collect())
}

/// Events read by a Vector, from its own metrics.
async fn received(place: &Place) -> anyhow::Result<f64> {
    let text = reqwest::get(format!("{}/metrics", place.metrics)).await?.text().await?;
    let is_of_source = |line: &&str| {
        line.starts_with("vector_component_received_events_total{") && line.contains("component_id=\"events\"")
    };
    let Some(line) = text.lines().find(is_of_source) else { return Ok(0.0) };
    Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
}

//! How long it takes from a client's request until a query returns the event: gateway → Kafka → Vector → ClickHouse.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::ensure;
use reqwest::Client;
use serde_json::json;

use crate::{
    bin,
    broker::Broker,
    clickhouse::{Server, ask},
    process::Process,
    vector::{self, Vector},
};

const EVENTS: usize = 40;
const TIME_MAX: Duration = Duration::from_secs(60);

/// Measures single events, one after another, on the shipped configuration.
pub async fn p99_ms(program: &Path, folder: &Path, broker: &Broker, clickhouse: &Server) -> anyhow::Result<f64> {
    let place =
        vector::place(&folder.join("visible"), &["footfall.yaml", "metrics.yaml"], &broker.address, clickhouse)?;
    let file = place.folder.join("footfall.yaml");
    // Skip the messages of the other runs.
    let text = std::fs::read_to_string(&file)?.replace("auto_offset_reset: earliest", "auto_offset_reset: latest");
    std::fs::write(&file, text)?;
    let environment = [
        ("KAFKA_BROKERS", broker.address.clone()),
        ("FOOTFALL_LISTEN", "127.0.0.1:0".to_owned()),
        ("FOOTFALL_DATA", folder.join("gateway").display().to_string()),
        ("PROJECTS", "visible".to_owned()),
    ];
    let gateway = Process::start(&bin("ingest-gateway"), &[], &environment, &folder.join("gateway.log")).await?;
    let mut vector = Vector::start(program, &place.folder, "footfall.yaml")?;
    tokio::time::sleep(Duration::from_secs(8)).await;
    let client = Client::new();
    let mut times = Vec::with_capacity(EVENTS);
    for n in 0..EVENTS {
        vector.check()?;
        let started = Instant::now();
        let event = json!({"type": format!("visible-{n}"), "user_id": n});
        let answer =
            client.post(format!("{}/v1/events", gateway.first_line)).header("X-App", "visible").json(&event).send();
        ensure!(answer.await?.status() == 201, "the gateway did not accept the event");
        let sql = format!("SELECT count() FROM analytics.events WHERE project = 'visible' AND event = 'visible-{n}'");
        while ask(&client, clickhouse, &sql, &[]).await? == "0" {
            ensure!(started.elapsed() < TIME_MAX, "event {n} is not visible after {TIME_MAX:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    vector.stop()?;
    times.sort_by(f64::total_cmp);
    Ok(times[(EVENTS * 99 / 100).min(EVENTS - 1)])
}

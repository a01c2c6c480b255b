//! Several gateways at once: what they agree on through a shared folder, and what each has for itself.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use common::{
    Gateway, Program,
    beside::{beside, kill},
};
use reqwest::Client;
use serde_json::json;

async fn send(gateway: &Program, project: &str, address: &str, n: usize) {
    let event = json!({"type": "view", "path": format!("/{n}"), "timestamp": chrono::Utc::now().timestamp_millis()});
    let request = Client::new().post(format!("{}/v1/events", gateway.url)).header("X-App", project);
    let answer = request.header("X-Forwarded-For", address).json(&event).send().await.unwrap();
    assert_eq!(answer.status(), 201);
}

async fn visitors(engine: &Gateway, project: &str) -> String {
    engine.sql(format!("SELECT uniqExact(visitor) FROM analytics.events FINAL WHERE project = '{project}'")).await
}

/// Sends each visitor's events to the gateways in turn, and waits for them.
async fn spread(engine: &Gateway, gateways: &[Program], project: &str) {
    for n in 0..12 {
        send(&gateways[n % gateways.len()], project, ["81.2.69.160", "89.160.20.130", "2.125.160.216"][n / 4], n).await;
    }
    for gateway in gateways {
        let settle = || async { reqwest::get(format!("{}/metrics", gateway.url)).await.unwrap().text().await.unwrap() };
        while !settle().await.contains("footfall_journal_events 0\n") {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
    let rows = engine.sql(format!("SELECT count() FROM analytics.events FINAL WHERE project = '{project}'")).await;
    assert!(rows.parse::<u64>().unwrap() >= 12, "{rows}");
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_share_a_folder_count_a_visitor_without_ids_once() {
    let (engine_data, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = Gateway::start(engine_data.path());
    let mut replicas = vec![beside(&engine, shared.path(), &[]), beside(&engine, shared.path(), &[])];
    spread(&engine, &replicas, "app").await;
    assert_eq!(visitors(&engine, "app").await, "3");
    // One is killed and comes again, and a third joins: they are still the same three.
    kill(&mut replicas[0]);
    replicas[0] = beside(&engine, shared.path(), &[]);
    replicas.push(beside(&engine, shared.path(), &[]));
    spread(&engine, &replicas, "app").await;
    assert_eq!(visitors(&engine, "app").await, "3");

    // Without a shared folder each replica has salts of its own, and counts for itself: docs/gateway.md says so.
    let alone = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let apart = [beside(&engine, alone[0].path(), &[]), beside(&engine, alone[1].path(), &[])];
    spread(&engine, &apart, "website").await;
    assert_eq!(visitors(&engine, "website").await, "6");
}

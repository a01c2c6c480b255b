//! The embedded engine is closed: the gateway's own commands have its password from the data
//! folder, and nobody learns it from the gateway.

#![allow(clippy::unwrap_used, reason = "a failed step here is a failed test")]

mod common;

use std::process::Command;

use common::Gateway;
use serde_json::Value;

#[tokio::test]
async fn commands_find_the_running_engine_by_its_folder() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let doctor = |folder: &std::path::Path| {
        Command::new(env!("CARGO_BIN_EXE_ingest-gateway"))
            .args(["doctor", "--json", "--disk-free-bytes-min", "1"])
            .env("FOOTFALL_DATA", folder)
            .env("FOOTFALL_ENGINE_LISTEN", gateway.clickhouse.strip_prefix("http://").unwrap())
            .env_remove("CLICKHOUSE_URL")
            .env_remove("KAFKA_BROKERS")
            .output()
            .unwrap()
    };
    let found = doctor(data.path());
    let findings: Value = serde_json::from_slice(&found.stdout).unwrap();
    let clickhouse = findings.as_array().unwrap().iter().find(|finding| finding["check"] == "clickhouse").unwrap();
    assert_eq!(clickhouse["state"], "ok", "{findings}");
    let said = String::from_utf8_lossy(&found.stderr).into_owned() + &findings.to_string();
    assert!(!said.contains(&gateway.password));

    // Another folder has other passwords, and its own engine cannot have the address.
    let other = tempfile::tempdir().unwrap();
    assert!(!doctor(other.path()).status.success());

    let stranger = reqwest::Client::new().post(&gateway.clickhouse).body("SELECT 1").send().await.unwrap();
    assert_eq!(stranger.status(), 403);
    let metrics = reqwest::get(format!("{}/metrics", gateway.url)).await.unwrap().text().await.unwrap();
    assert!(!metrics.contains(&gateway.password));
    assert!(gateway.stop());
}

//! The oldest supported ClickHouse, as the engine of PyPI's chdb: the real gateway migrates
//! its tables and stores events, rows arrive in the form of Vector's sink, and the real
//! data source runs every query type. The results must equal those of the current engine.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, ensure};
use reqwest::Client;
use serde_json::{Value, json};

use super::replay;
use crate::{
    bin,
    clickhouse::{Server, ask},
    gateway,
    plugin::{Plugin, Rows},
    process::Process,
    root,
};

/// The chdb release that contains it.
const CHDB: &str = "chdb==3.7.2";
/// The version named in the documentation.
const VERSION: &str = "25.8.";
const PROJECT: &str = "app";
/// 2026-01-10 08:00 UTC, a Saturday.
const BEGIN_MS: i64 = 1_768_032_000_000;
const HOUR_MS: i64 = 3_600_000;
const VISITORS: i64 = 30;
/// As sent by Vector 0.57's clickhouse sink.
const INSERT: &str = "INSERT INTO {database:Identifier}.{table:Identifier} FORMAT JSONEachRow";

/// Install → both engines → gateway, rows and data source on each → compare results.
pub async fn run(folder: &Path) -> anyhow::Result<&'static str> {
    fs::create_dir_all(folder)?;
    let (old, process) = start(folder).await?;
    let client = Client::new();
    let version = ask(&client, &old, "SELECT version()", &[]).await?;
    ensure!(version.starts_with(VERSION), "{CHDB} is ClickHouse {version}, not {VERSION}");
    let then = answers(&folder.join("then"), Some(&old)).await.with_context(|| format!("on ClickHouse {version}"))?;
    let now = answers(&folder.join("now"), None).await.context("on the current engine")?;
    ensure!(then.len() == now.len(), "not every query ran on both");
    for ((query, then), (_, now)) in then.iter().zip(&now) {
        ensure!(then == now, "{query} returns on ClickHouse {version}\n{then:?}\nand on the current engine\n{now:?}");
        ensure!(!now.is_empty(), "{query} has no rows");
    }
    process.stop().await?;
    Ok(
        "ClickHouse 25.8 (chdb): migrations, the gateway's and Vector's inserts, every query type with the current engine's results",
    )
}

/// Installs only the engine's module, without its package's dependencies for data frames.
async fn start(folder: &Path) -> anyhow::Result<(Server, Process)> {
    let venv = folder.join("venv");
    crate::process::run_to_end(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    crate::process::run_to_end(Command::new(venv.join("bin/pip")).args(["install", "--quiet", "--no-deps", CHDB]))?;
    let python = venv.join("bin/python");
    let place =
        Command::new(&python).args(["-c", "import sysconfig; print(sysconfig.get_path('platlib'))"]).output()?;
    let chdb = Path::new(String::from_utf8(place.stdout)?.trim()).join("chdb").display().to_string();
    let server = root().join("tests/oldest-clickhouse/server.py").display().to_string();
    let data = folder.join("clickhouse").display().to_string();
    let process = Process::start(&python, &[&server, &chdb, &data], &[], &folder.join("server.log")).await?;
    Ok((Server::without_user(&process.first_line), process))
}

/// The data source's results after the same events and rows.
async fn answers(folder: &Path, server: Option<&Server>) -> anyhow::Result<Vec<(Value, Rows)>> {
    let gateway = gateway::start(folder, PROJECT, server).await?;
    let client = Client::new();
    for visitor in 0..VISITORS {
        let request = client.post(format!("{}/v1/events", gateway.url)).header("X-App", PROJECT);
        let request = request.header("X-Forwarded-For", if visitor % 3 == 0 { "81.2.69.160" } else { "89.160.20.112" });
        let events = visit(visitor);
        let answer: Value = request.json(&events).send().await?.json().await?;
        ensure!(answer["accepted"] == events.len(), "the gateway responded {answer}");
    }
    gateway::settle(&gateway.url).await?;
    let rows = golden_rows()?;
    let parameters = [
        ("query", INSERT),
        ("param_database", "analytics"),
        ("param_table", "events"),
        ("input_format_import_nested_json", "1"),
        ("input_format_skip_unknown_fields", "0"),
        ("date_time_input_format", "best_effort"),
    ];
    ask(&client, &gateway.clickhouse, &rows, &parameters).await.context("the rows of Vector's sink")?;

    let plugin = Plugin::start(&bin("gpx_footfall"), &gateway.clickhouse, PROJECT, &folder.join("plugin.log")).await?;
    plugin.health().await?;
    let mut out = Vec::new();
    for query in queries() {
        // The golden rows are from 2024.
        let from_ms = BEGIN_MS - if query["rawSql"].is_null() { 24 } else { 24 * 1_000 } * HOUR_MS;
        let rows = plugin.query(&query, from_ms, BEGIN_MS + 10 * 24 * HOUR_MS).await;
        out.push((query.clone(), rows.with_context(|| query.to_string())?));
    }
    plugin.query(&json!({"queryType": "live"}), BEGIN_MS, BEGIN_MS + HOUR_MS).await.context("live")?;
    gateway.stop().await?;
    Ok(out)
}

/// Fewer and fewer get further; the ids make the events the same on both engines.
fn visit(visitor: i64) -> Vec<Value> {
    let steps = [
        ("page_view", "/"),
        ("page_view", "/pricing"),
        ("click", "/pricing"),
        ("sign_up", "/join"),
        ("purchase", "/paid"),
    ];
    let length = usize::try_from(visitor % 5).unwrap_or(0) + 1;
    let mut out = Vec::new();
    for day in 0..=visitor % 3 {
        for (at, (name, path)) in (0_i64..).zip(&steps[..length]) {
            let timestamp = BEGIN_MS + (day * 24 + visitor % 7) * HOUR_MS + at * 90_000;
            let mut event = json!({
                "event_id": uuid::Uuid::from_u128((visitor * 1_000 + day * 10 + at + 1).unsigned_abs().into()),
                "type": name, "path": path, "url": format!("https://shop.example{path}?utm_source=news"), "title": path,
                "user_id": format!("u{visitor}"), "anonymous_id": format!("a{visitor}"), "session_id": format!("s{visitor}-{day}"),
                "timestamp": timestamp, "locale": "en", "details": {"button": if visitor % 2 == 0 { "a" } else { "b" }},
            });
            if *name == "purchase" {
                event["revenue"] = json!({"amount": 9.5, "currency": "EUR"});
            }
            out.push(event);
        }
    }
    out
}

/// The rows of the enrichment's golden cases.
fn golden_rows() -> anyhow::Result<String> {
    let mut out = String::new();
    for entry in fs::read_dir(root().join("vector-components/testdata/events"))? {
        let case: Value = serde_json::from_slice(&fs::read(entry?.path())?)?;
        if case["becomes"]["row"].is_object() {
            out.push_str(&format!("{}\n", case["becomes"]["row"]));
        }
    }
    ensure!(out.lines().count() >= 3, "too few golden rows");
    Ok(out)
}

/// The queries of the replay test, plus the types it lacks.
fn queries() -> Vec<Value> {
    let mut out = replay::queries();
    out.extend([
        json!({"queryType": "annotations", "event": "sign_up"}),
        json!({"queryType": "spikes", "event": "page_view", "interval": "day", "least": 1}),
        json!({"queryType": "sql", "rawSql": "SELECT event, count() AS n, sum(revenue_amount) AS paid, uniqExact(country) AS places FROM analytics.events FINAL WHERE $__timeFilter(ts) GROUP BY event ORDER BY event"}),
        json!({"queryType": "sql", "rawSql": "SELECT type, count() AS n FROM analytics.data WHERE $__timeFilter(timestamp) GROUP BY type ORDER BY type"}),
    ]);
    out
}

//! Other products' clients, unchanged and pinned by tests/clients, send to the real gateway; what they
//! were told to send is compared with what is stored.

use std::{
    collections::BTreeMap,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use reqwest::Client;
use serde_json::{Map, Value};

use crate::{clickhouse::ask, gateway, process::run_to_end, root};

/// A time that the client itself chose is so far from now, at most.
const RECENT_MS: i64 = 300_000;
const PROJECTS: &str = "posthog,posthog-v1,segment,umami";
/// For the rows of what was answered to be in the table.
const SETTLE_TIME_MAX: Duration = Duration::from_secs(20);
const STORED: &str = "SELECT project, event, ts, user_id, anonymous_id, session_id, path, url, title, locale, \
    app_version, screen_width, revenue_amount, revenue_currency, properties, browser, bot, country, \
    toUnixTimestamp64Milli(ts) AS ms FROM analytics.events FINAL FORMAT JSONEachRow \
    SETTINGS output_format_json_quote_64bit_integers = 0, output_format_json_quote_decimals = 0";

type Row = Map<String, Value>;

/// Clients → gateway → rows.
pub async fn run(folder: &Path) -> anyhow::Result<&'static str> {
    let clients = root().join("tests/clients");
    run_to_end(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&clients))?;
    let gateway = gateway::start(folder, PROJECTS, None).await?;
    let mut node = Command::new("node");
    let sent = node.arg("send.mjs").current_dir(&clients).env("GATEWAY", &gateway.url).output()?;
    ensure!(sent.status.success(), "a client failed: {}", String::from_utf8_lossy(&sent.stderr));

    let expected = rows(&String::from_utf8(sent.stdout)?)?;
    settle(&gateway.url).await?;
    let stored = rows(&ask(&Client::new(), &gateway.clickhouse, STORED, &[]).await?)?;
    compare(expected, stored)?;
    gateway.stop().await?;
    Ok("posthog-node, @segment/analytics-node and @umami/node, with an answer lost: each event stored once, as sent")
}

/// Waits until the journal is empty.
async fn settle(url: &str) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let metrics = Client::new().get(format!("{url}/metrics")).send().await?.text().await?;
        if metrics.lines().any(|line| line == "footfall_journal_events 0") {
            return Ok(());
        }
        ensure!(started.elapsed() < SETTLE_TIME_MAX, "the journal is not empty after {SETTLE_TIME_MAX:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// By project and event: no client sends two events of one name.
fn rows(lines: &str) -> anyhow::Result<BTreeMap<(String, String), Row>> {
    let mut rows = BTreeMap::new();
    for line in lines.lines() {
        let row: Row = serde_json::from_str(line).with_context(|| format!("no row: {line}"))?;
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let key = (text("project"), text("event"));
        ensure!(rows.insert(key, row).is_none(), "stored twice: {line}");
    }
    Ok(rows)
}

fn compare(expected: BTreeMap<(String, String), Row>, stored: BTreeMap<(String, String), Row>) -> anyhow::Result<()> {
    let names = |rows: &BTreeMap<(String, String), Row>| rows.keys().cloned().collect::<Vec<_>>();
    ensure!(!expected.is_empty() && names(&expected) == names(&stored), "sent {expected:?}, stored {stored:?}");
    for (expected, stored) in expected.values().zip(stored.values()) {
        for (name, value) in expected {
            let got = stored.get(name).unwrap_or(&Value::Null);
            let is_same = match (name.as_str(), value) {
                ("ts", Value::String(text)) if text == "now" => is_recent(stored),
                // Clients add properties of their own.
                ("properties", Value::Object(properties)) => properties.iter().all(|(name, value)| got[name] == *value),
                _ => got == value,
            };
            ensure!(is_same, "{name} is {got}, the client was told {value}: {stored:?}");
        }
        for id in ["user_id", "anonymous_id", "session_id"] {
            let got = stored.get(id).and_then(Value::as_str).unwrap_or_default();
            ensure!(expected.contains_key(id) || got.is_empty(), "{id} is {got}, the client was told none: {stored:?}");
        }
    }
    Ok(())
}

fn is_recent(row: &Row) -> bool {
    let ms = row.get("ms").and_then(Value::as_i64).unwrap_or_default();
    (chrono::Utc::now().timestamp_millis() - ms).abs() < RECENT_MS
}

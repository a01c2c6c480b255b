//! Other products' clients, unchanged and pinned by tests/clients, send to the real gateway, from Node.js and
//! from pages in Chromium, and so does our own tracker; what they were told to send is compared with what is stored.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use reqwest::Client;
use serde_json::{Map, Value};

use crate::{clickhouse::ask, gateway, process::run_to_end, root};

/// A time that the client itself chose is so far from now, at most.
const RECENT_MS: i64 = 300_000;
const PROJECTS: &str = "posthog,posthog-v1,segment,umami,snowplow,snowplow-get,matomo,posthog-js,snowplow-js,plausible,\
    plausible-next,tracker,tracker-away,tracker-tabs,tracker-full,tracker-dnt,tracker-gpc";
/// Some paths are elsewhere, some at two places.
const PATHS: &str =
    "/v1/tracker.js=/numbers.js,/v1/events=/numbers/in,/v1/events=/v1/events,/api/event=/api/event,/api/event=/numbers";
const SCRIPTS: [&str; 3] = ["send.mjs", "browser.mjs", "tracker.mjs"];
const STORED: &str = "SELECT project, event, ts, user_id, anonymous_id, session_id, path, url, title, locale, \
    app_version, screen_width, revenue_amount, revenue_currency, properties, browser, bot, country, \
    toUnixTimestamp64Milli(ts) AS ms FROM analytics.events FINAL ORDER BY ts FORMAT JSONEachRow \
    SETTINGS output_format_json_quote_64bit_integers = 0, output_format_json_quote_decimals = 0";

type Row = Map<String, Value>;

/// Clients → gateway → rows.
pub async fn run(folder: &Path) -> anyhow::Result<&'static str> {
    let clients = root().join("tests/clients");
    fetch(&clients)?;
    tracker_is_as_built()?;
    let gateway = gateway::start_with(folder, PROJECTS, None, &[("FOOTFALL_PATHS", PATHS)]).await?;
    let mut sent = String::new();
    for script in SCRIPTS {
        let mut node = Command::new("node");
        node.arg(script).current_dir(&clients).env("GATEWAY", &gateway.url).env("SCRIPT", "/numbers.js");
        let output = node.stdin(Stdio::null()).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{script}: a client failed: {said}");
        eprint!("{said}");
        sent += &String::from_utf8(output.stdout)?;
    }
    let expected = rows(&sent)?;
    gateway::settle(&gateway.url).await?;
    let stored = rows(&ask(&Client::new(), &gateway.clickhouse, STORED, &[]).await?)?;
    compare(&expected, &stored)?;
    gateway.stop().await?;
    Ok(
        "clients of PostHog, Segment, Umami, Snowplow, Matomo and Plausible, in Node.js and Chromium, and our tracker, with answers lost: each event stored once, as sent",
    )
}

fn fetch(folder: &Path) -> anyhow::Result<()> {
    run_to_end(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(folder))
}

/// The script that is built into the gateway is what its source says, and its types are right.
fn tracker_is_as_built() -> anyhow::Result<()> {
    let folder = root().join("ingest-gateway/tracker");
    fetch(&folder)?;
    run_to_end(Command::new("npm").args(["run", "--silent", "build:types"]).current_dir(&folder))?;
    let script = folder.join("dist/script.js");
    let committed = std::fs::read(&script)?;
    run_to_end(Command::new("npm").args(["run", "--silent", "build:script"]).current_dir(&folder))?;
    let built = std::fs::read(&script)?;
    ensure!(built == committed, "ingest-gateway/tracker/dist/script.js was not built from its source; it is now");
    Ok(())
}

/// What tells the rows of one client apart, but for those of one name on one page, which follow each other in time.
type Key = [String; 3];

fn rows(lines: &str) -> anyhow::Result<BTreeMap<Key, Vec<Row>>> {
    let mut rows = BTreeMap::<Key, Vec<Row>>::new();
    for line in lines.lines() {
        let row: Row = serde_json::from_str(line).with_context(|| format!("no row: {line}"))?;
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        rows.entry(["project", "event", "url"].map(text)).or_default().push(row);
    }
    for same in rows.values_mut() {
        same.sort_by_key(|row| row.get("ts").and_then(Value::as_str).map(str::to_owned));
    }
    Ok(rows)
}

fn compare(expected: &BTreeMap<Key, Vec<Row>>, stored: &BTreeMap<Key, Vec<Row>>) -> anyhow::Result<()> {
    ensure!(!expected.is_empty(), "nothing was sent");
    for (key, stored) in stored {
        ensure!(expected.contains_key(key), "nobody was told to send {stored:?}");
    }
    for (key, expected) in expected {
        let stored = stored.get(key).map(Vec::as_slice).unwrap_or_default();
        ensure!(expected.len() == stored.len(), "{key:?}: sent {expected:?}, stored {stored:?}");
        for (expected, stored) in expected.iter().zip(stored) {
            is_as_told(expected, stored)?;
        }
    }
    Ok(())
}

fn is_as_told(expected: &Row, stored: &Row) -> anyhow::Result<()> {
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
        let (got, told) = (stored.get(id), expected.get(id));
        ensure!(told.is_some() || got == Some(&Value::from("")), "{id} is {got:?}, and was not told: {stored:?}");
    }
    Ok(())
}

fn is_recent(row: &Row) -> bool {
    let ms = row.get("ms").and_then(Value::as_i64).unwrap_or_default();
    (chrono::Utc::now().timestamp_millis() - ms).abs() < RECENT_MS
}

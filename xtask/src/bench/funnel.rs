//! `cargo xtask bench funnel`: the same events in our table and in one of the lab's layout,
//! on the embedded engine; a three-step funnel over 90 days, by visitor, 7 days to convert.
//!
//! The lab's layout: `ORDER BY (session_id, timestamp)`, whole seconds, ids as text.

use std::{fs, time::Instant};

use anyhow::{Context, ensure};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    bin, cargo,
    clickhouse::ask,
    engine,
    plugin::Plugin,
    process::{Process, free_port},
    root,
};

const FROM_MS: i64 = 1_704_067_200_000;
const DAYS: i64 = 90;
const DAY_MS: i64 = 86_400_000;
const ROUNDS: usize = 5;
const WINDOW_S: i64 = 7 * 86_400;

/// Sessions of eight events, returning visitors with a skew, skewed paths.
const FILL: &str = "INSERT INTO analytics.events (project, ts, event, visitor, session_id, event_id, user_id, path, browser, os, device_type, country, city, locale, app_version, received_at) \
    WITH intDiv(number, 8) AS session, number % 8 AS step, \
         toUInt64(pow(sipHash64(session, 1) / 18446744073709551616., 2) * {visitors:UInt64}) AS person, \
         {from_ms:Int64} + sipHash64(session, 2) % ({span_ms:Int64}) + step * 20000 + sipHash64(number, 3) % 20000 AS at_ms, \
         sipHash64(number, 4) % 100 AS dice \
    SELECT 'website', fromUnixTimestamp64Milli(at_ms, 'UTC'), multiIf(dice < 72, 'page_view', dice < 92, 'click', dice < 97, 'sign_up', 'purchase'), \
         sipHash64(person), hex(sipHash64(session, 5)), reinterpretAsUUID(unhex(concat(hex(sipHash64(number, 6)), hex(sipHash64(number, 7))))), toString(person), \
         ['/', '/pricing', '/docs', '/docs/install', '/blog', '/features', '/about', '/contact'][1 + toUInt64(pow(sipHash64(number, 8) / 18446744073709551616., 2) * 8)], \
         ['Chrome', 'Mobile Safari', 'Firefox', 'Edge', 'Safari'][1 + person % 5], ['Windows', 'iOS', 'Linux', 'Mac OS X'][1 + person % 4], \
         ['desktop', 'mobile'][1 + person % 2], ['US', 'DE', 'GB', 'FR', 'SE', 'JP'][1 + person % 6], ['', 'London', 'Milton', 'Linköping'][1 + person % 4], \
         ['en', 'de', 'fr'][1 + person % 3], '1.4.0', fromUnixTimestamp64Milli(at_ms + 200, 'UTC') \
    FROM numbers({rows:UInt64}) SETTINGS max_partitions_per_insert_block = 0";
const LAB: &str = "CREATE TABLE lab.data (type LowCardinality(String), user_id String, session_id String, timestamp DateTime, locale LowCardinality(String), path String, \
    appVersion LowCardinality(String), details Map(String, String), browser LowCardinality(String), os LowCardinality(String), device LowCardinality(String), \
    country LowCardinality(String), city LowCardinality(String)) ENGINE = MergeTree ORDER BY (session_id, timestamp)";
const FILL_LAB: &str = "INSERT INTO lab.data SELECT event, user_id, session_id, toDateTime(ts, 'UTC'), locale, path, app_version, map(), browser, os, device_type, country, city FROM analytics.events";
const WINDOW_FUNNEL: &str = "SELECT countIf(level >= 1), countIf(level >= 2), countIf(level >= 3) FROM (SELECT user_id, \
    windowFunnel({window_s:UInt64})(timestamp, type = 'page_view' AND path = '/', type = 'page_view' AND path = '/pricing', type = 'sign_up') AS level \
    FROM lab.data WHERE timestamp >= {from_s:UInt32} AND timestamp < {to_s:UInt32} GROUP BY user_id)";
const SCAN: &str = "SELECT sum(visitor), max(ts), countIf(event = 'page_view'), countIf(path = '/') FROM analytics.events WHERE project = 'website'";

/// Fill → measure each side → say.
pub async fn run(rows: u64) -> anyhow::Result<()> {
    let built = cargo().args(["build", "--release", "--bins"]).status()?;
    ensure!(built.success(), "the build failed");
    engine::install()?;
    let folder = root().join("target/bench-funnel");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let port = free_port()?;
    let environment = [
        ("FOOTFALL_LISTEN", "127.0.0.1:0".to_owned()),
        ("FOOTFALL_ENGINE_LISTEN", format!("127.0.0.1:{port}")),
        ("FOOTFALL_DATA", folder.display().to_string()),
    ];
    let gateway = Process::start(&bin("ingest-gateway"), &[], &environment, &folder.join("gateway.log")).await?;
    let url = format!("http://127.0.0.1:{port}");
    let client = Client::new();
    eprintln!("· filling two tables with {rows} events");
    fill(&client, &url, rows).await?;
    let plugin = Plugin::start(&bin("gpx_footfall"), &url, "website", &folder.join("plugin.log")).await?;

    let query = json!({"queryType": "funnel", "conversionWindowMs": WINDOW_S * 1000, "steps": [
        {"event": "page_view", "path": "/"}, {"event": "page_view", "path": "/pricing"}, {"event": "sign_up"}]});
    let to_ms = FROM_MS + DAYS * DAY_MS;
    let (window_s, from_s, to_s) = (WINDOW_S.to_string(), (FROM_MS / 1000).to_string(), (to_ms / 1000).to_string());
    let lab = [("param_window_s", window_s.as_str()), ("param_from_s", &from_s), ("param_to_s", &to_s)];
    let (mut ours_s, mut lab_s, mut scan_s) = (f64::MAX, f64::MAX, f64::MAX);
    let (mut ours, mut theirs) = (Vec::new(), String::new());
    for _ in 0..ROUNDS {
        let started = Instant::now();
        ours = plugin.query(&query, FROM_MS, to_ms).await?;
        ours_s = ours_s.min(started.elapsed().as_secs_f64());
        let started = Instant::now();
        theirs = ask(&client, &url, WINDOW_FUNNEL, &lab).await?;
        lab_s = lab_s.min(started.elapsed().as_secs_f64());
        let started = Instant::now();
        ask(&client, &url, SCAN, &[]).await?;
        scan_s = scan_s.min(started.elapsed().as_secs_f64());
    }
    let bytes_per_row = number(&client, &url, "SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts WHERE active AND database = 'analytics' AND table = 'events'").await?;
    let lab_bytes = number(
        &client,
        &url,
        "SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts WHERE active AND database = 'lab'",
    )
    .await?;
    let counts: Vec<&Value> = ours.iter().filter_map(|row| row.get("count")).collect();
    eprintln!("\n  funnel of 3 steps, {DAYS} days, {rows} events, best of {ROUNDS}\n");
    eprintln!("  datasource plugin                     {ours_s:>7.3} s   {counts:?}");
    eprintln!("  windowFunnel, lab's layout            {lab_s:>7.3} s   {}", theirs.replace('\t', ", "));
    eprintln!("  scan of the columns                   {scan_s:>7.3} s");
    eprintln!(
        "  bytes a row: ours {bytes_per_row:.1} with event, visitor and session ids; lab's layout {lab_bytes:.1} without event ids\n"
    );
    let summary = json!({
        "name": "funnel", "ok": true, "peers": {"windowfunnel": "ClickHouse, embedded engine"},
        "ratios": {"ordered_funnel_vs_windowfunnel_on_lab_table": lab_s / ours_s, "ordered_funnel_vs_scan_floor": scan_s / ours_s},
        "figures": {"rows": rows, "ordered_funnel_s": ours_s, "windowfunnel_lab_s": lab_s, "scan_s": scan_s,
                    "bytes_per_row": bytes_per_row, "lab_bytes_per_row": lab_bytes},
    });
    println!("{summary}");
    gateway.stop().await?;
    fs::remove_dir_all(&folder).context("the benchmark's tables are left behind")
}

async fn fill(client: &Client, url: &str, rows: u64) -> anyhow::Result<()> {
    let (rows_text, visitors) = (rows.to_string(), (rows / 24).max(1).to_string());
    let (from_ms, span_ms) = (FROM_MS.to_string(), (DAYS * DAY_MS - DAY_MS / 24).to_string());
    let parameters = [
        ("param_rows", rows_text.as_str()),
        ("param_visitors", &visitors),
        ("param_from_ms", &from_ms),
        ("param_span_ms", &span_ms),
    ];
    ask(client, url, FILL, &parameters).await?;
    for sql in
        ["CREATE DATABASE lab", LAB, FILL_LAB, "OPTIMIZE TABLE analytics.events FINAL", "OPTIMIZE TABLE lab.data FINAL"]
    {
        ask(client, url, sql, &[]).await?;
    }
    Ok(())
}

async fn number(client: &Client, url: &str, sql: &str) -> anyhow::Result<f64> {
    Ok(ask(client, url, sql, &[]).await?.parse()?)
}

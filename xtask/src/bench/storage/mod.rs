//! `cargo xtask bench storage`: the same events in several layouts, including the article's;
//! bytes per row, and the time of the dashboards' queries. Then the cost of FINAL,
//! and the overview dashboard through the data source.

pub mod layouts;
mod queries;

use std::{collections::BTreeMap, fs, time::Instant};

use anyhow::{Context, ensure};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    bin, cargo,
    clickhouse::{Server, ask},
    engine,
    plugin::Plugin,
    root, seed,
};
use layouts::{LAYOUTS, Layout};
use queries::QUESTIONS;

const DAYS: i64 = 90;
const DAY_MS: i64 = 86_400_000;
const ROUNDS: usize = 3;

/// Builds, fills (unless an earlier run's tables exist), measures, reports.
pub async fn run(rows: u64, wanted: &str, keep: bool) -> anyhow::Result<()> {
    let built = cargo().args(["build", "--release", "--bins"]).status()?;
    ensure!(built.success(), "the build failed");
    engine::install()?;
    let folder = root().join(format!("target/bench-storage-{rows}"));
    fs::create_dir_all(&folder)?;
    let engine = engine::start(&folder.join("clickhouse"), &folder.join("engine.log")).await?;
    let server = engine.server.clone();
    let client = Client::new();
    let until = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).context("no such day")?;
    let until_ms = until.and_hms_opt(0, 0, 0).context("no such day")?.and_utc().timestamp_millis();
    let marker = folder.join("filled");
    if !marker.exists() {
        fill(&client, &server, rows, until).await?;
        fs::write(&marker, "")?;
    }
    let days = [DAYS, 30, 7].map(|days| (until - chrono::Days::new(days.unsigned_abs())).to_string());
    let layouts =
        || LAYOUTS.iter().filter(|layout| wanted.is_empty() || wanted.split(',').any(|name| name == layout.name));
    let mut results = BTreeMap::new();
    for layout in layouts() {
        let missing = ask(&client, &server, &format!("EXISTS TABLE {}", layout.table), &[]).await? == "0";
        if missing {
            make(&client, &server, layout).await?;
        }
        let bytes = bytes_per_row(&client, &server, layout.table, rows).await?;
        let mut times = BTreeMap::new();
        for question in &QUESTIONS {
            let sql = question.sql(&layout.names, &days);
            times.insert(question.name, best(&client, &server, &sql).await.with_context(|| sql.clone())?);
        }
        eprintln!(
            "· {:<15} {bytes:>6.1} bytes/row   {}",
            layout.name,
            times.iter().map(|(name, s)| format!("{name} {s:.3}")).collect::<Vec<_>>().join("  ")
        );
        results.insert(layout.name, (bytes, times));
    }
    let columns = ask(&client, &server, "SELECT table, column, round(sum(column_data_compressed_bytes) / {rows:UInt64}, 2) AS bytes FROM system.parts_columns WHERE active AND database = 'analytics' AND table IN ('events', 'sessions') GROUP BY table, column HAVING bytes >= 0.05 ORDER BY table, bytes DESC", &[("param_rows", &rows.to_string())]).await?;
    eprintln!("\n  table     column             bytes per event\n  {}", columns.replace('\n', "\n  "));
    let sessions_bytes = bytes_per_row(&client, &server, "analytics.sessions", rows).await?;
    eprintln!("\n  analytics.sessions: {sessions_bytes:.1} bytes per event");
    let overview = overview(&server, &folder, until_ms).await?;
    let costs = final_costs(&client, &server, &days).await?;
    summary(rows, &results, sessions_bytes, &overview, &costs);
    engine.stop().await?;
    if !keep {
        fs::remove_dir_all(&folder).context("cannot remove the benchmark's tables")?;
    }
    Ok(())
}

async fn fill(client: &Client, server: &Server, rows: u64, until: chrono::NaiveDate) -> anyhow::Result<()> {
    seed::migrate(server).await?;
    // One large site and nineteen smaller ones.
    let projects = (0..20).map(|n| format!("p{n}:{:.3}", 30.0 / f64::from(n + 1))).collect::<Vec<_>>().join(",");
    let options = seed::Options {
        rows,
        days: u32::try_from(DAYS)?,
        projects,
        seed: 7,
        until: Some(until),
        clickhouse: None,
        data: "unused".into(),
    };
    seed::fill(server, &options).await?;
    for sql in [
        "CREATE DATABASE IF NOT EXISTS layouts",
        "OPTIMIZE TABLE analytics.events FINAL",
        "OPTIMIZE TABLE analytics.sessions FINAL",
    ] {
        eprintln!("· {sql}");
        ask(client, server, sql, &[]).await?;
    }
    Ok(())
}

pub async fn make(client: &Client, server: &Server, layout: &Layout) -> anyhow::Result<()> {
    eprintln!("· creating {}: {}", layout.name, layout.about);
    let settings = [
        ("optimize_on_insert", "0"),
        ("max_partitions_per_insert_block", "0"),
        ("max_insert_threads", "2"),
        ("max_execution_time", "7200"),
    ];
    for sql in layout.make {
        ask(client, server, sql, &settings).await.with_context(|| (*sql).to_owned())?;
    }
    ask(client, server, &format!("OPTIMIZE TABLE {} FINAL", layout.table), &[]).await?;
    Ok(())
}

async fn bytes_per_row(client: &Client, server: &Server, table: &str, rows: u64) -> anyhow::Result<f64> {
    let (database, table) = table.split_once('.').context("no database")?;
    let sql = "SELECT sum(bytes_on_disk) / {rows:UInt64} FROM system.parts WHERE active AND database = {database:String} AND table = {table:String}";
    let parameters =
        [("param_rows", rows.to_string()), ("param_database", database.to_owned()), ("param_table", table.to_owned())];
    let parameters = parameters.each_ref().map(|(name, value)| (*name, value.as_str()));
    Ok(ask(client, server, sql, &parameters).await?.parse()?)
}

pub async fn best(client: &Client, server: &Server, sql: &str) -> anyhow::Result<f64> {
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        ask(client, server, sql, &[]).await?;
        best = best.min(started.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// The overview's panels through the data source, on the largest project: over the dashboard's
/// default range of 7 days, and over 30.
async fn overview(server: &Server, folder: &std::path::Path, until_ms: i64) -> anyhow::Result<BTreeMap<String, f64>> {
    let plugin = Plugin::start(&bin("gpx_footfall"), server, "p0", &folder.join("plugin.log")).await?;
    let panels = [
        ("totals", json!({"queryType": "sessions", "result": "totals"})),
        ("over_time", json!({"queryType": "sessions", "result": "over_time"})),
        ("by_country", json!({"queryType": "sessions", "result": "by", "dimension": "country"})),
        ("by_path", json!({"queryType": "sessions", "result": "by", "dimension": "path"})),
    ];
    let mut out = BTreeMap::new();
    for days in [7, 30] {
        for (name, query) in &panels {
            let mut best = f64::MAX;
            for _ in 0..ROUNDS {
                let started = Instant::now();
                plugin.query(query, until_ms - days * DAY_MS, until_ms).await?;
                best = best.min(started.elapsed().as_secs_f64());
            }
            eprintln!("· overview, data source, {days} days of the largest project: {name} {best:.3} s");
            out.insert(format!("{name}_{days}d"), best);
        }
    }
    Ok(out)
}

/// The same query with and without FINAL: on merged parts, and after a day was replayed.
async fn final_costs(
    client: &Client,
    server: &Server,
    days: &[String; 3],
) -> anyhow::Result<BTreeMap<&'static str, f64>> {
    let question = &QUESTIONS[0];
    let ours = &LAYOUTS[0].names;
    let with = question.sql(ours, days);
    let without = with.replace(" FINAL", "");
    let mut out = BTreeMap::new();
    out.insert("final_merged", best(client, server, &with).await? / best(client, server, &without).await?);
    let before = ask(client, server, &with, &[]).await?;
    ask(client, server, "SYSTEM STOP MERGES analytics.events", &[]).await?;
    let replay = format!(
        "INSERT INTO analytics.events SELECT * FROM analytics.events WHERE project = 'p0' AND ts >= '{}' AND ts < toDate('{}') + 1",
        days[2], days[2]
    );
    ask(client, server, &replay, &[]).await?;
    out.insert("final_after_replay", best(client, server, &with).await? / best(client, server, &without).await?);
    ensure!(ask(client, server, &with, &[]).await? == before, "a replay changed the numbers");
    ask(client, server, "SYSTEM START MERGES analytics.events", &[]).await?;
    for table in ["events", "sessions"] {
        ask(client, server, &format!("OPTIMIZE TABLE analytics.{table} FINAL"), &[]).await?;
    }
    eprintln!(
        "\n  90-day funnel with FINAL vs. without: {:.2} × on merged parts, {:.2} × after replaying a day",
        out["final_merged"], out["final_after_replay"]
    );
    Ok(out)
}

type Results = BTreeMap<&'static str, (f64, BTreeMap<&'static str, f64>)>;

fn summary(
    rows: u64,
    results: &Results,
    sessions_bytes: f64,
    overview: &BTreeMap<String, f64>,
    costs: &BTreeMap<&'static str, f64>,
) {
    eprintln!("\n  {rows} events, {DAYS} days, 20 projects; seconds, best of {ROUNDS}\n");
    eprintln!("  | layout | bytes/row | {} |", QUESTIONS.iter().map(|q| q.name).collect::<Vec<_>>().join(" | "));
    for layout in LAYOUTS.iter().filter(|layout| results.contains_key(layout.name)) {
        let (bytes, times) = &results[layout.name];
        let times: Vec<String> = QUESTIONS.iter().map(|q| format!("{:.3}", times[q.name])).collect();
        eprintln!("  | `{}` | {bytes:.1} | {} |", layout.name, times.join(" | "));
    }
    let bytes = |name: &str| results.get(name).map_or(Value::Null, |(bytes, _)| json!(bytes));
    let week = overview.iter().filter(|(name, _)| name.ends_with("_7d"));
    let slowest = week.map(|(_, s)| *s).fold(0.0_f64, f64::max);
    let layouts: BTreeMap<_, _> =
        results.iter().map(|(name, (bytes, times))| (name, json!({"bytes_per_row": bytes, "s": times}))).collect();
    let ratio = match (results.get("lab"), results.get("ours")) {
        (Some((lab, _)), Some((ours, _))) => json!(lab / ours),
        _ => Value::Null,
    };
    let line = json!({
        "name": "storage", "ok": true, "peers": {"lab": if results.contains_key("lab") { "its layout" } else { "absent" }},
        "ratios": {"lab_bytes_vs_ours": ratio, "final_vs_plain_merged": costs["final_merged"], "final_vs_plain_after_replay": costs["final_after_replay"]},
        "figures": {"rows": rows, "bytes_per_row": bytes("ours"), "sessions_bytes_per_event": sessions_bytes, "lab_bytes_per_row": bytes("lab"),
                    "overview_7d_slowest_ms": slowest * 1000.0, "overview_s": overview, "layouts": layouts},
    });
    println!("{line}");
}

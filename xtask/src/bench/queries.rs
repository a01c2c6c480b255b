//! `cargo xtask bench queries`: the datasource, asked through its own protocol, against what
//! others do on the same events and the same engine, in one run.

use std::{fs, time::Instant};

use anyhow::{Context, ensure};
use reqwest::Client;
use serde_json::{Value, json};

use super::storage::{best, layouts, make};
use crate::{bin, cargo, clickhouse::ask, engine, plugin::Plugin, root, seed};

const DAYS: u32 = 90;
const DAY_MS: i64 = 86_400_000;
const ROUNDS: usize = 3;

/// As the article's dashboards would: whole seconds, ids as text.
const LAB_FUNNEL: &str = "SELECT countIf(level >= 1), countIf(level >= 2), countIf(level >= 3) FROM (SELECT user_id, \
    windowFunnel(604800)(timestamp, type = 'page_view' AND path = '/', type = 'page_view' AND path = '/pricing', type = 'sign_up') AS level \
    FROM layouts.lab WHERE project = 'website' GROUP BY user_id)";
/// One event may stand for two steps unless `strict_once` is given.
const OUR_FUNNEL: &str = "SELECT countIf(level >= 1), countIf(level >= 2), countIf(level >= 3) FROM (SELECT visitor, \
    windowFunnel(604800000, 'strict_once')(toUInt64(toUnixTimestamp64Milli(ts)), event = 'page_view' AND path = '/', event = 'page_view' AND path = '/pricing', event = 'sign_up') AS level \
    FROM analytics.events FINAL WHERE project = 'website' GROUP BY visitor)";
/// A step joins the one before, as Umami writes it.
const SELF_JOIN: &str = "WITH first AS (SELECT DISTINCT visitor, ts FROM analytics.events FINAL WHERE project = 'website' AND event = 'page_view' AND path = '/'), \
    second AS (SELECT DISTINCT l.visitor AS visitor, r.ts AS ts FROM first AS l INNER JOIN analytics.events AS r ON l.visitor = r.visitor WHERE r.project = 'website' AND r.event = 'page_view' AND r.path = '/pricing' AND r.ts >= l.ts AND r.ts <= l.ts + INTERVAL 7 DAY), \
    third AS (SELECT DISTINCT l.visitor AS visitor, r.ts AS ts FROM second AS l INNER JOIN analytics.events AS r ON l.visitor = r.visitor WHERE r.project = 'website' AND r.event = 'sign_up' AND r.ts >= l.ts AND r.ts <= l.ts + INTERVAL 7 DAY) \
    SELECT (SELECT uniqExact(visitor) FROM first), (SELECT uniqExact(visitor) FROM second), (SELECT uniqExact(visitor) FROM third)";
const SCAN: &str = "SELECT sum(visitor), max(ts), countIf(event = 'page_view'), countIf(path = '/') FROM analytics.events WHERE project = 'website'";
/// Sessions over time as without a rollup: replays do not count, the first visitor counts.
const RAW_SESSIONS: &str = "SELECT toDate(started) AS day, count(), uniqExact(actor), sum(events), sum(views), sum(ended - started), countIf(events = 1) FROM \
    (SELECT argMin(visitor, (ts, visitor)) AS actor, min(ts) AS started, max(ts) AS ended, uniqExact(event_id) AS events, uniqExactIf(event_id, event = 'page_view') AS views \
     FROM analytics.events WHERE project = 'website' AND session_id != '' GROUP BY session_id) GROUP BY day ORDER BY day";

/// Fill → measure each side → say.
pub async fn run(rows: u64, keep: bool) -> anyhow::Result<()> {
    let built = cargo().args(["build", "--release", "--bins"]).status()?;
    ensure!(built.success(), "the build failed");
    engine::install()?;
    let folder = root().join(format!("target/bench-queries-{rows}"));
    fs::create_dir_all(&folder)?;
    let engine = engine::start(&folder.join("clickhouse"), &folder.join("engine.log")).await?;
    let url = engine.first_line.clone();
    let client = Client::new();
    let until = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).context("no such day")?;
    let to_ms = until.and_hms_opt(0, 0, 0).context("no such day")?.and_utc().timestamp_millis();
    let from_ms = to_ms - i64::from(DAYS) * DAY_MS;
    let marker = folder.join("filled");
    if !marker.exists() {
        fill(&client, &url, rows, until).await?;
        fs::write(&marker, "")?;
    }
    let plugin = Plugin::start(&bin("gpx_footfall"), &url, "website", &folder.join("plugin.log")).await?;
    let steps =
        json!([{"event": "page_view", "path": "/"}, {"event": "page_view", "path": "/pricing"}, {"event": "sign_up"}]);
    let plain = json!({"queryType": "funnel", "steps": steps});
    let with = |extra: Value| {
        let mut query = plain.clone();
        if let (Some(query), Value::Object(extra)) = (query.as_object_mut(), extra) {
            query.extend(extra);
        }
        query
    };
    let rich = with(json!({
        "exclusions": [{"event": "click", "filter": {"field": "property:button", "value": "search"}, "afterStep": 1, "beforeStep": 3}],
        "breakdown": {"dimension": "country"},
    }));
    let trend = with(json!({"result": "trend", "interval": "week"}));
    let sessions = json!({"queryType": "sessions", "result": "over_time", "interval": "day"});

    let mut results = Vec::new();
    let mut ours = |name: &'static str, seconds: f64| {
        eprintln!("  {name:<40} {seconds:>8.3} s");
        results.push((name, seconds));
        seconds
    };
    let mut counts = Vec::new();
    eprintln!("\n  {rows} events, {DAYS} days, one project; best of {ROUNDS}\n");
    let mut times = Vec::new();
    for query in [&plain, &rich, &trend, &sessions] {
        let mut best = f64::MAX;
        for _ in 0..ROUNDS {
            let started = Instant::now();
            let answer = plugin.query(query, from_ms, to_ms).await?;
            best = best.min(started.elapsed().as_secs_f64());
            if query == &plain {
                counts = answer.iter().filter_map(|row| row.get("count").cloned()).collect();
            }
        }
        times.push(best);
    }
    let plain_s = ours("datasource, ordered funnel", times[0]);
    let rich_s = ours("datasource, exclusion and breakdown", times[1]);
    ours("datasource, trend of the funnel", times[2]);
    let sessions_s = ours("datasource, sessions by day", times[3]);
    let scan_s = ours("scan of the funnel's columns", best(&client, &url, SCAN).await?);
    let lab_s = ours("windowFunnel, lab's table", best(&client, &url, LAB_FUNNEL).await?);
    let window_s = ours("windowFunnel, our table", best(&client, &url, OUR_FUNNEL).await?);
    // The joins of a person's events grow with their square; beyond this it takes minutes.
    let join_s = if rows <= 10_000_000 {
        Some(ours("self-joins, our table", best(&client, &url, SELF_JOIN).await?))
    } else {
        None
    };
    let raw_s = ours("sessions by day, raw events", best(&client, &url, RAW_SESSIONS).await?);
    let (lab, window) = (ask(&client, &url, LAB_FUNNEL, &[]).await?, ask(&client, &url, OUR_FUNNEL, &[]).await?);
    let memory_mib = plugin.peak_memory_mib();
    eprintln!(
        "\n  counts: datasource {counts:?}; windowFunnel on our table {}, on the lab's {}",
        window.replace('\t', ", "),
        lab.replace('\t', ", ")
    );
    eprintln!("  the datasource's memory at its peak: {memory_mib:.0} MiB\n");
    let line = json!({
        "name": "queries", "ok": true, "peers": {"windowfunnel": "ClickHouse, embedded engine", "self_join": if join_s.is_some() { "as Umami" } else { "absent" }},
        "ratios": {
            "ordered_funnel_vs_windowfunnel_on_lab_table": lab_s / plain_s, "ordered_funnel_vs_windowfunnel_on_ours": window_s / plain_s,
            "ordered_funnel_vs_scan_floor": scan_s / plain_s, "ordered_funnel_vs_self_join": join_s.map(|join_s| join_s / plain_s),
            "rich_funnel_vs_ordered": plain_s / rich_s, "sessions_vs_raw_group_by": raw_s / sessions_s,
        },
        "figures": {"rows": rows, "plugin_memory_mib": memory_mib, "s": results.iter().copied().collect::<std::collections::BTreeMap<_, _>>()},
    });
    println!("{line}");
    drop(plugin);
    engine.stop().await?;
    if !keep {
        fs::remove_dir_all(&folder).context("the benchmark's tables are left behind")?;
    }
    Ok(())
}

async fn fill(client: &Client, url: &str, rows: u64, until: chrono::NaiveDate) -> anyhow::Result<()> {
    seed::migrate(url).await?;
    let options = seed::Options {
        rows,
        days: DAYS,
        projects: "website".into(),
        seed: 7,
        until: Some(until),
        clickhouse: None,
        data: "unused".into(),
    };
    seed::fill(url, &options).await?;
    ask(client, url, "CREATE DATABASE IF NOT EXISTS layouts", &[]).await?;
    make(client, url, layouts::lab()).await?;
    for table in ["events", "sessions"] {
        eprintln!("· merging {table}");
        ask(client, url, &format!("OPTIMIZE TABLE analytics.{table} FINAL"), &[]).await?;
    }
    Ok(())
}

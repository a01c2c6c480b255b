//! `cargo xtask bench queries`: the data source, queried through its own protocol, against other
//! approaches on the same events and the same engine, in one run.

mod behaviours;
mod links;
mod network;
mod peers;

use std::{collections::BTreeMap, fs, path::Path, time::Instant};

use anyhow::{Context, ensure};
use reqwest::Client;
use serde_json::{Value, json};

use super::storage::{best, layouts, make};
use crate::{
    bin, cargo,
    clickhouse::{Server, ask},
    engine::{self, Engine},
    plugin::{Plugin, Rows},
    root, seed,
};
use peers::{LAB_FUNNEL, OUR_FUNNEL, RAW_SESSIONS, SCAN, SELF_JOIN};

const DAYS: u32 = 90;
const DAY_MS: i64 = 86_400_000;
const ROUNDS: usize = 3;
const SLOW_ROWS_MAX: u64 = 10_000_000;

/// Fill → measure each side → report.
pub async fn run(rows: u64, keep: bool) -> anyhow::Result<()> {
    let built = cargo().args(["build", "--release", "--bins"]).status()?;
    ensure!(built.success(), "the build failed");
    engine::install()?;
    let folder = root().join(format!("target/bench-queries-{rows}"));
    fs::create_dir_all(&folder)?;
    let engine = engine::start(&folder.join("clickhouse"), &folder.join("engine.log")).await?;
    let server = engine.server.clone();
    let client = Client::new();
    let until = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).context("no such day")?;
    let to_ms = until.and_hms_opt(0, 0, 0).context("no such day")?.and_utc().timestamp_millis();
    let from_ms = to_ms - i64::from(DAYS) * DAY_MS;
    let marker = folder.join("filled");
    if !marker.exists() {
        fill(&client, &server, rows, until).await?;
        fs::write(&marker, "")?;
    }
    let sides = Sides { client: &client, server: &server, range: (from_ms, to_ms), results: Vec::new() };
    let line = measure(sides, rows, &engine, &folder).await?;
    println!("{line}");
    engine.stop().await?;
    if !keep {
        fs::remove_dir_all(&folder).context("cannot remove the benchmark's tables")?;
    }
    Ok(())
}

/// The queries: a funnel, the same with an exclusion and by country, its trend, sessions, and visitors.
struct Asked {
    plain: Value,
    rich: Value,
    trend: Value,
    sessions: Value,
    visitors: Value,
}

fn asked() -> Asked {
    let steps =
        json!([{"event": "page_view", "path": "/"}, {"event": "page_view", "path": "/pricing"}, {"event": "sign_up"}]);
    let exclusion = json!({"event": "click", "filter": {"field": "property:button", "value": "search"}, "afterStep": 1, "beforeStep": 3});
    Asked {
        plain: json!({"queryType": "funnel", "steps": steps}),
        rich: json!({"queryType": "funnel", "steps": steps, "exclusions": [exclusion], "breakdown": {"dimension": "country"}}),
        trend: json!({"queryType": "funnel", "steps": steps, "result": "trend", "interval": "week"}),
        sessions: json!({"queryType": "sessions", "result": "over_time", "interval": "day"}),
        visitors: json!({"queryType": "trend", "interval": "day", "series": [{"measure": "visitors"}]}),
    }
}

/// The measurements so far.
struct Sides<'r> {
    client: &'r Client,
    server: &'r Server,
    range: (i64, i64),
    results: Vec<(&'static str, f64)>,
}

impl Sides<'_> {
    /// The data source's best time, and its result.
    async fn ours(&mut self, name: &'static str, plugin: &Plugin, query: &Value) -> anyhow::Result<(f64, Rows)> {
        let (mut best, mut answer) = (f64::MAX, Rows::new());
        for _ in 0..ROUNDS {
            let started = Instant::now();
            answer = plugin.query(query, self.range.0, self.range.1).await?;
            best = best.min(started.elapsed().as_secs_f64());
        }
        Ok((self.note(name, best), answer))
    }

    /// A statement's best time, run directly on the engine.
    async fn theirs(&mut self, name: &'static str, sql: &str) -> anyhow::Result<f64> {
        let seconds = best(self.client, self.server, sql).await?;
        Ok(self.note(name, seconds))
    }

    fn note(&mut self, name: &'static str, seconds: f64) -> f64 {
        eprintln!("  {name:<42} {seconds:>8.3} s");
        self.results.push((name, seconds));
        seconds
    }

    async fn counts(&self, sql: &str) -> anyhow::Result<String> {
        Ok(ask(self.client, self.server, sql, &[]).await?.replace('\t', ", "))
    }
}

async fn measure(mut sides: Sides<'_>, rows: u64, engine: &Engine, folder: &Path) -> anyhow::Result<Value> {
    eprintln!("\n  {rows} events, {DAYS} days, one project; best of {ROUNDS}\n");
    let asked = asked();
    links::remove(&sides).await?;
    let plugin = Plugin::start(&bin("gpx_footfall"), sides.server, "website", &folder.join("plugin.log")).await?;
    let (plain_s, plain) = sides.ours("datasource, ordered funnel", &plugin, &asked.plain).await?;
    let (rich_s, rich) = sides.ours("datasource, exclusion and breakdown", &plugin, &asked.rich).await?;
    let names = ["behaviour filter, ordered funnel", "behaviour filter, at least twice"];
    let behaviours = behaviours::measure(&mut sides, &plugin, names, &asked.plain).await?;
    sides.ours("datasource, trend of the funnel", &plugin, &asked.trend).await?;
    let (sessions_s, _) = sides.ours("datasource, sessions by day", &plugin, &asked.sessions).await?;
    let (visitors_s, _) = sides.ours("datasource, visitors by day", &plugin, &asked.visitors).await?;
    let memory_mib = plugin.peak_memory_mib();
    drop(plugin);
    let links = links::make(&sides, rows).await?;
    let plugin = Plugin::start(&bin("gpx_footfall"), sides.server, "website", &folder.join("plugin-links.log")).await?;
    let (linked_s, _) = sides.ours("with links, ordered funnel", &plugin, &asked.plain).await?;
    let (linked_rich_s, _) = sides.ours("with links, exclusion and breakdown", &plugin, &asked.rich).await?;
    let linked_memory_mib = plugin.peak_memory_mib();
    let names = ["with links, behaviour filter", "with links, behaviour filter, twice"];
    let linked_behaviours = behaviours::measure(&mut sides, &plugin, names, &asked.plain).await?;
    let (linked_sessions_s, _) = sides.ours("with links, sessions by day", &plugin, &asked.sessions).await?;
    let (linked_visitors_s, _) = sides.ours("with links, visitors by day", &plugin, &asked.visitors).await?;
    drop(plugin);
    links::remove(&sides).await?;
    eprintln!(
        "  {links} links: funnels {:.2}× and {:.2}× the time, sessions {:.2}×, visitors {:.2}×",
        linked_s / plain_s,
        linked_rich_s / rich_s,
        linked_sessions_s / sessions_s,
        linked_visitors_s / visitors_s
    );
    eprintln!(
        "  behaviour filter: funnels {:.2}× the time, at least twice {:.2}×; with links {:.2}× and {:.2}× (goal: 1.5×)",
        behaviours.once_s / plain_s,
        behaviours.twice_s / plain_s,
        linked_behaviours.once_s / linked_s,
        linked_behaviours.twice_s / linked_s
    );
    let far = sides.server.at(network::open(&sides.server.url).await?);
    let plugin =
        Plugin::start_with(&bin("gpx_footfall"), &far, "website", "lz4", &folder.join("plugin-far.log")).await?;
    let (far_plain_s, _) = sides.ours("over 1 Gbit/s, ordered funnel", &plugin, &asked.plain).await?;
    let (far_rich_s, _) = sides.ours("over 1 Gbit/s, exclusion and breakdown", &plugin, &asked.rich).await?;
    drop(plugin);
    let scan_s = sides.theirs("scan of the funnel's columns", SCAN).await?;
    let lab_s = sides.theirs("windowFunnel, lab's table", LAB_FUNNEL).await?;
    let window_s = sides.theirs("windowFunnel, our table", OUR_FUNNEL).await?;
    let (by_fold, by_functions) = (peers::rich_by_array_fold(), peers::rich_by_array_functions());
    let functions_s = sides.theirs("exclusion and breakdown, array functions", &by_functions).await?;
    // Beyond this, both take minutes: arrayFold copies its state for each event, and self-joins grow with
    // the square of a person's events.
    let is_small = rows <= SLOW_ROWS_MAX;
    let fold_s = match is_small {
        true => Some(sides.theirs("exclusion and breakdown, arrayFold", &by_fold).await?),
        false => None,
    };
    let join_s = match is_small {
        true => Some(sides.theirs("self-joins, our table", SELF_JOIN).await?),
        false => None,
    };
    let raw_s = sides.theirs("sessions by day, raw events", RAW_SESSIONS).await?;
    let engine_mib = engine.process.peak_memory_mib();
    let counts: Vec<_> = plain.iter().filter_map(|row| row.get("count").map(Value::to_string)).collect();
    eprintln!(
        "\n  counts: data source {}; windowFunnel on our table {}, on the article's {}",
        counts.join(", "),
        sides.counts(OUR_FUNNEL).await?,
        sides.counts(LAB_FUNNEL).await?
    );
    agree(&rich, &sides.counts(&by_functions).await?)?;
    eprintln!("  by country, the data source and the array functions agree");
    eprintln!("  peak memory: data source {memory_mib:.0} MiB, engine {engine_mib:.0} MiB\n");
    let absent = |is_there: bool, name: &'static str| if is_there { name } else { "absent" };
    Ok(json!({
        "name": "queries", "ok": true,
        "peers": {
            "windowfunnel": "ClickHouse, embedded engine", "array_functions": "ClickHouse, embedded engine",
            "array_fold": absent(is_small, "ClickHouse, embedded engine"), "self_join": absent(is_small, "as Umami"),
        },
        "ratios": {
            "ordered_funnel_vs_windowfunnel_on_lab_table": lab_s / plain_s, "ordered_funnel_vs_windowfunnel_on_ours": window_s / plain_s,
            "ordered_funnel_vs_scan_floor": scan_s / plain_s, "ordered_funnel_vs_self_join": join_s.map(|join_s| join_s / plain_s),
            "rich_funnel_vs_ordered": plain_s / rich_s, "rich_funnel_vs_array_functions": functions_s / rich_s,
            "rich_funnel_vs_array_fold": fold_s.map(|fold_s| fold_s / rich_s),
            "ordered_funnel_over_1_gbit_vs_windowfunnel_on_lab_table": lab_s / far_plain_s,
            "rich_funnel_over_1_gbit_vs_array_functions": functions_s / far_rich_s,
            "sessions_vs_raw_group_by": raw_s / sessions_s,
            "ordered_funnel_with_links_vs_without": plain_s / linked_s, "rich_funnel_with_links_vs_without": rich_s / linked_rich_s,
            "ordered_funnel_with_behaviour_filter_vs_without": plain_s / behaviours.once_s,
            "ordered_funnel_with_counting_behaviour_filter_vs_without": plain_s / behaviours.twice_s,
            "sessions_with_links_vs_without": sessions_s / linked_sessions_s, "visitors_with_links_vs_without": visitors_s / linked_visitors_s,
        },
        "figures": {"rows": rows, "links": links, "plugin_memory_mib": memory_mib, "plugin_memory_with_links_mib": linked_memory_mib, "engine_memory_mib": engine_mib, "s": sides.results.iter().copied().collect::<BTreeMap<_, _>>()},
    }))
}

/// Comparing different results would be meaningless: each country the data source shows must
/// have the statement's counts, whose lines are a country and then one number per step.
fn agree(rich: &Rows, lines: &str) -> anyhow::Result<()> {
    let theirs: BTreeMap<&str, Vec<&str>> = lines
        .lines()
        .filter_map(|line| line.split_once(", "))
        .map(|(country, counts)| (country, counts.split(", ").collect()))
        .collect();
    let mut ours: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rich {
        let country = row.get("country").and_then(Value::as_str).context("the rich funnel has no country column")?;
        ours.entry(country.to_owned()).or_default().push(row.get("count").map(Value::to_string).unwrap_or_default());
    }
    let shown: Vec<_> = ours.iter().filter(|(country, _)| theirs.contains_key(country.as_str())).collect();
    ensure!(!shown.is_empty(), "the rich funnel shows no countries");
    for (country, counts) in shown {
        ensure!(
            theirs[country.as_str()] == *counts,
            "{country}: the datasource counts {counts:?}, the statement {:?}",
            theirs[country.as_str()]
        );
    }
    Ok(())
}

async fn fill(client: &Client, server: &Server, rows: u64, until: chrono::NaiveDate) -> anyhow::Result<()> {
    seed::migrate(server).await?;
    let options = seed::Options {
        rows,
        days: DAYS,
        projects: "website".into(),
        seed: 7,
        until: Some(until),
        clickhouse: None,
        data: "unused".into(),
    };
    seed::fill(server, &options).await?;
    ask(client, server, "CREATE DATABASE IF NOT EXISTS layouts", &[]).await?;
    make(client, server, layouts::lab()).await?;
    for table in ["events", "sessions"] {
        eprintln!("· merging {table}");
        ask(client, server, &format!("OPTIMIZE TABLE analytics.{table} FINAL"), &[]).await?;
    }
    Ok(())
}

//! Vector between Kafka and a sink: `parse_json` alone, the article's remap and
//! `footfall_enrich`, on the same messages in one run, in events per CPU-second of the Vector process.

pub mod article;
mod configs;
mod messages;
mod visible;

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde_json::{Map, Value, json};

use crate::{
    broker::Broker,
    clickhouse::{Server, ask},
    engine, root, seed,
    usage::{cpu_s, peak_memory_mib, per_second},
    vector::{self, Vector},
};
use configs::{CONFIGS, Config, Done};

const PARTITIONS: u32 = 4;
const RUN_TIME_MAX: Duration = Duration::from_secs(300);
/// The fastest round counts, with the peak memory of all.
const ROUNDS: u32 = 3;

/// The cost of one configuration.
struct Taken {
    events_per_cpu_s: f64,
    memory_mib: f64,
}

/// Fills a topic, lets each configuration read all of it, and compares.
///
/// # Errors
/// If `VECTOR_BIN` is not a program, or a run fails.
pub async fn run(events: u64) -> anyhow::Result<()> {
    let program =
        vector::program()?.context("VECTOR_BIN is not set: build footfall-vector as described in docs/vector.md")?;
    let folder = root().join("target/bench-vector");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let engine = engine::start(&folder.join("clickhouse"), &folder.join("engine.log")).await?;
    seed::migrate(&engine.server).await?;
    let client = reqwest::Client::new();
    for statement in article::TABLE {
        ask(&client, &engine.server, statement, &[]).await?;
    }
    let broker = Broker::start(&folder).await?;
    broker.create_topics(&folder, PARTITIONS)?;
    let address = broker.address.clone();
    tokio::task::spawn_blocking(move || messages::produce(&address, events)).await??;

    let bench = Bench { program: &program, brokers: &broker.address, clickhouse: &engine.server, events };
    let mut figures = Map::new();
    let mut best: BTreeMap<&str, Taken> = BTreeMap::new();
    eprintln!("{:<28}{:>16}{:>14}", "", "events/CPU-s", "memory, MiB");
    for round in 1..=ROUNDS {
        for config in CONFIGS {
            let folder = folder.join(format!("{}-{round}", config.name));
            let taken = bench.run(&folder, config, round).await?;
            eprintln!("{:<28}{:>16.0}{:>14.0}", config.name, taken.events_per_cpu_s, taken.memory_mib);
            let best = best.entry(config.name).or_insert(Taken { events_per_cpu_s: 0.0, memory_mib: 0.0 });
            best.events_per_cpu_s = best.events_per_cpu_s.max(taken.events_per_cpu_s);
            best.memory_mib = best.memory_mib.max(taken.memory_mib);
        }
    }
    for (name, best) in &best {
        figures.insert(format!("{name}_events_per_cpu_s"), json!(best.events_per_cpu_s));
        figures.insert(format!("{name}_memory_mib"), json!(best.memory_mib));
    }
    let visible_ms = visible::p99_ms(&program, &folder, &broker, &engine.server).await?;
    eprintln!("visible after capture, p99: {visible_ms:.0} ms");
    figures.insert("visible_ms_p99".into(), json!(visible_ms));
    let ratio = |ours: &str, theirs: &str| Some(best.get(ours)?.events_per_cpu_s / best.get(theirs)?.events_per_cpu_s);
    let line = json!({
        "name": "vector", "ok": true,
        "ratios": {
            "vector_blackhole_vs_parse_json": ratio("enrich_blackhole", "parse_json_blackhole"),
            "vector_blackhole_vs_article": ratio("enrich_blackhole", "article_blackhole"),
            "vector_columns_blackhole_vs_parse_json": ratio("columns_blackhole", "parse_json_blackhole"),
            "vector_clickhouse_vs_article": ratio("enrich_clickhouse", "article_clickhouse"),
        },
        "figures": Value::Object(figures),
        "peers": {"article_remap": "in the same Vector", "bento": "absent"},
    });
    println!("{line}");
    drop(broker);
    engine.stop().await
}

/// What is the same for every configuration.
#[derive(Clone, Copy)]
struct Bench<'a> {
    program: &'a Path,
    brokers: &'a str,
    clickhouse: &'a Server,
    events: u64,
}

impl Bench<'_> {
    /// Starts Vector with one configuration and waits until it has processed every message.
    async fn run(self, folder: &Path, config: &Config, round: u32) -> anyhow::Result<Taken> {
        let Self { program, brokers, clickhouse, events } = self;
        let place = vector::place(folder, &["metrics.yaml"], brokers, clickhouse)?;
        std::fs::write(folder.join("run.yaml"), config.text(round, brokers, clickhouse))?;
        let mut vector = Vector::start(program, folder, "run.yaml")?;
        let started = Instant::now();
        loop {
            vector.check()?;
            let done = match config.done {
                Done::Received => received(&place.metrics).await,
                Done::Stored(sql) => ask(&reqwest::Client::new(), clickhouse, sql, &[]).await?.parse()?,
            };
            if done >= events {
                break;
            }
            ensure!(
                started.elapsed() < RUN_TIME_MAX,
                "{}: {done} of {events} events after {RUN_TIME_MAX:?}",
                config.name
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let taken = Taken {
            events_per_cpu_s: per_second(events, cpu_s(vector.pid())?),
            memory_mib: peak_memory_mib(vector.pid())?,
        };
        vector.kill()?;
        if let Done::Stored(_) = config.done {
            for table in ["analytics.events", "analytics.sessions", "lab.data"] {
                ask(&reqwest::Client::new(), clickhouse, &format!("TRUNCATE TABLE {table}"), &[]).await?;
            }
        }
        Ok(taken)
    }
}

/// Events received by the sink, from Vector's metrics; 0 until they are available.
async fn received(metrics: &str) -> u64 {
    let Ok(answer) = reqwest::get(format!("{metrics}/metrics")).await else { return 0 };
    let text = answer.text().await.unwrap_or_default();
    let is_of_sink = |line: &&str| {
        line.starts_with("vector_component_received_events_total{") && line.contains("component_id=\"out\"")
    };
    let line = text.lines().find(is_of_sink).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0)
}

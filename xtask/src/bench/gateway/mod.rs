//! The gateway against its peers on the same requests in one run: events per CPU-second of each process,
//! latency at 1, 64 and 512 connections, and memory.

mod bare;
mod producer;
mod subject;

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;
use serde_json::{Map, Value, json};

pub use bare::serve as serve_bare;
use subject::{Kind, Subject};

use super::{
    bento,
    load::{Latency, Load},
};
use crate::{
    broker::Broker,
    engine::{self, Engine},
    root, seed,
    usage::{cpu_s, peak_memory_mib, per_second},
    vector,
};

const PARTITIONS: u32 = 4;
/// Of which the one with the most events per CPU-second counts.
const ROUNDS: usize = 2;
/// Requests before anything is measured.
const WARM_UP_REQUESTS: usize = 2_000;

/// One row of the table.
struct Shape {
    name: &'static str,
    connections: usize,
    events_per_request: usize,
    /// Of this share of all events.
    share: usize,
}

const SHAPES: [Shape; 4] = [
    Shape { name: "1_connection", connections: 1, events_per_request: 1, share: 20 },
    Shape { name: "64_connections", connections: 64, events_per_request: 1, share: 1 },
    Shape { name: "512_connections", connections: 512, events_per_request: 1, share: 1 },
    Shape { name: "batches", connections: 64, events_per_request: 200, share: 1 },
];

/// What one program took for one shape.
struct Taken {
    events_per_cpu_s: f64,
    latency: Latency,
    memory_mib: f64,
}

/// Kafka and ClickHouse, which all programs share.
struct Ground<'a> {
    folder: &'a Path,
    broker: &'a Broker,
    engine: &'a Engine,
}

/// Runs every program that is at hand, and compares.
///
/// # Errors
/// If a program does not start or does not answer every request.
pub async fn run(events: usize) -> anyhow::Result<()> {
    let folder = root().join("target/bench-gateway");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let engine = engine::start(&folder.join("clickhouse"), &folder.join("engine.log")).await?;
    seed::migrate(&engine.server).await?;
    let broker = Broker::start(&folder).await?;
    broker.create_topics(&folder, PARTITIONS)?;
    let ground = Ground { folder: &folder, broker: &broker, engine: &engine };

    let mut best: BTreeMap<(Kind, &str), Taken> = BTreeMap::new();
    eprintln!("{:<42}{:>14}{:>10}{:>10}{:>8}", "", "events/CPU-s", "p50, ms", "p99, ms", "MiB");
    let mut first_event = 0;
    for _ in 0..ROUNDS {
        for kind in Kind::at_hand()? {
            let subject = Subject::start(kind, &ground).await.with_context(|| format!("{kind:?}"))?;
            Load { connections: 8, requests: WARM_UP_REQUESTS, events_per_request: 1, first_event }
                .send(&subject.url)
                .await?;
            first_event += WARM_UP_REQUESTS;
            for shape in SHAPES.iter().filter(|shape| shape.events_per_request == 1 || kind.takes_arrays()) {
                let requests = events / shape.share / shape.events_per_request;
                let load = Load {
                    connections: shape.connections,
                    requests,
                    events_per_request: shape.events_per_request,
                    first_event,
                };
                first_event += load.events();
                let taken = measure(&subject, load).await.with_context(|| format!("{kind:?}, {}", shape.name))?;
                eprintln!(
                    "{:<42}{:>14.0}{:>10.2}{:>10.2}{:>8.0}",
                    format!("{}, {}", kind.name(), shape.name),
                    taken.events_per_cpu_s,
                    taken.latency.p50_ms,
                    taken.latency.p99_ms,
                    taken.memory_mib
                );
                let is_better = |best: &Taken| taken.events_per_cpu_s > best.events_per_cpu_s;
                if best.get(&(kind, shape.name)).is_none_or(is_better) {
                    best.insert((kind, shape.name), taken);
                }
            }
        }
    }
    let address = broker.address.clone();
    let producer = tokio::task::spawn_blocking(move || producer::events_per_cpu_s(&address, events)).await??;
    eprintln!("{:<42}{producer:>14.0}", "librdkafka's producer alone");
    println!("{}", line(&best, producer)?);
    drop(broker);
    engine.stop().await
}

async fn measure(subject: &Subject, load: Load) -> anyhow::Result<Taken> {
    let before_s = cpu_s(subject.pid())?;
    let latency = load.send(&subject.url).await?;
    let taken_s = cpu_s(subject.pid())? - before_s;
    let events_per_cpu_s = per_second(u64::try_from(load.events())?, taken_s);
    Ok(Taken { events_per_cpu_s, latency, memory_mib: peak_memory_mib(subject.pid())? })
}

/// The line of JSON.
fn line(best: &BTreeMap<(Kind, &str), Taken>, producer: f64) -> anyhow::Result<Value> {
    let mut figures = Map::new();
    for ((kind, shape), taken) in best {
        let name = format!("{}_{shape}", kind.name());
        figures.insert(format!("{name}_events_per_cpu_s"), json!(taken.events_per_cpu_s));
        figures.insert(format!("{name}_p50_ms"), json!(taken.latency.p50_ms));
        figures.insert(format!("{name}_p99_ms"), json!(taken.latency.p99_ms));
        figures.insert(format!("{name}_memory_mib"), json!(taken.memory_mib));
    }
    figures.insert("producer_limit_events_per_cpu_s".into(), json!(producer));
    let of = |kind: Kind, shape: &'static str| best.get(&(kind, shape));
    figures
        .insert("batch_events_per_cpu_s".into(), json!(of(Kind::Kafka, "batches").map(|taken| taken.events_per_cpu_s)));
    // Of Bento's two configurations, the better one.
    let bento = |shape: &'static str| {
        let peers = [of(Kind::BentoDefault, shape), of(Kind::BentoTuned, shape)].into_iter().flatten();
        peers.max_by(|one, other| one.events_per_cpu_s.total_cmp(&other.events_per_cpu_s))
    };
    let ratio = |shape: &'static str, peer: Option<&Taken>| {
        Some(of(Kind::Kafka, shape)?.events_per_cpu_s / peer?.events_per_cpu_s)
    };
    let single = "64_connections";
    let p99 = Some(of(Kind::Kafka, single)).flatten().zip(bento(single));
    let present = |program: Option<std::path::PathBuf>| if program.is_some() { "present" } else { "absent" };
    Ok(json!({
        "name": "gateway", "ok": true,
        "ratios": {
            "single_events_per_cpu_s_vs_bento": ratio(single, bento(single)),
            "single_events_512_connections_vs_bento": ratio("512_connections", bento("512_connections")),
            "single_p99_vs_bento": p99.map(|(ours, theirs)| theirs.latency.p99_ms / ours.latency.p99_ms),
            "single_events_per_cpu_s_vs_vector": ratio(single, of(Kind::Vector, single)),
            "single_events_per_cpu_s_vs_bare_axum": ratio(single, of(Kind::Bare, single)),
            "batch_events_per_cpu_s_vs_vector": ratio("batches", of(Kind::Vector, "batches")),
            "batch_events_per_cpu_s_vs_producer": of(Kind::Kafka, "batches").map(|taken| taken.events_per_cpu_s / producer),
        },
        "figures": figures,
        "peers": {
            "bento": present(bento::program()?), "vector": present(vector::program()?),
            "bare_axum": "present", "librdkafka_producer": "present",
        },
    }))
}

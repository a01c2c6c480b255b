//! The demo with the components of a cluster: gateway → Apache Kafka → `footfall-vector` → the engine.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

use super::send;
use crate::{
    broker::Broker,
    cargo,
    clickhouse::Server,
    engine::{self, Engine},
    prerequisites, root, seed, vector,
};

const PARTITIONS: u32 = 4;
const ARRIVE_TIME_MAX: Duration = Duration::from_secs(120);

/// What runs besides the gateway.
pub struct Cluster {
    broker: Broker,
    vector: vector::Vector,
    engine: Engine,
    /// The URL of Vector's metrics.
    pub metrics: String,
}

/// Engine → tables → broker → topics → Vector.
pub async fn start(data: &Path, geoip: &str) -> anyhow::Result<Cluster> {
    prerequisites::check(&prerequisites::TEST)?;
    let program = program()?;
    let engine = engine::start(&data.join("clickhouse"), &data.join("engine.log")).await?;
    seed::migrate(&engine.server).await?;
    let kafka = data.join("kafka");
    fs::create_dir_all(&kafka)?;
    let broker = Broker::start(&kafka).await?;
    broker.create_topics(&kafka, PARTITIONS)?;
    let files = ["footfall.yaml", "metrics.yaml"];
    let place = vector::place(&data.join("vector"), &files, &broker.address, &engine.server)?;
    vector::set_geoip(&place.folder.join("footfall.yaml"), geoip)?;
    let vector = vector::Vector::start(&program, &place.folder, "footfall.yaml")?;
    eprintln!("· Kafka at {}, Vector's metrics at {}/metrics", broker.address, place.metrics);
    Ok(Cluster { broker, vector, engine, metrics: place.metrics })
}

/// The binary `VECTOR_BIN`, or one built from the sources in the lockfile.
fn program() -> anyhow::Result<PathBuf> {
    if let Some(program) = vector::program()? {
        return Ok(program);
    }
    eprintln!(
        "· building footfall-vector (the first build takes 15 minutes; set VECTOR_BIN to use an existing binary)"
    );
    let target = root().join("target/vector");
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--target-dir"]).arg(&target);
    build.arg("--manifest-path").arg(root().join("vector-components/vector/Cargo.toml"));
    ensure!(
        build.status().is_ok_and(|status| status.success()),
        "footfall-vector could not be built; what is missing stands above. docs/vector.md says what a build needs; \
         VECTOR_BIN=path names a program that is built already, and without --cluster the demo needs none"
    );
    Ok(target.join("release/footfall-vector"))
}

impl Cluster {
    /// How to reach ClickHouse.
    pub fn clickhouse(&self) -> &Server {
        &self.engine.server
    }

    /// How to reach Kafka.
    pub fn brokers(&self) -> &str {
        &self.broker.address
    }

    /// Waits until the given number of events is stored.
    pub async fn settle(&mut self, events: usize) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            self.vector.check()?;
            let stored = send::stored(self.clickhouse()).await?;
            if stored >= events {
                return Ok(());
            }
            ensure!(started.elapsed() < ARRIVE_TIME_MAX, "{stored} of {events} events went through Kafka and Vector");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Stops everything, in the order of the event path.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.vector.stop()?;
        drop(self.broker);
        self.engine.stop().await.context("the engine")
    }
}

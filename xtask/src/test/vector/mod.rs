//! Gateway → Kafka → `footfall-vector` → the engine, with the binary `VECTOR_BIN`; without it, only the checks
//! of `vector-components/vector` that need no Vector sources.

mod commands;
mod dead_letters;
mod deliver;
mod geoip;
mod manifest;
mod sent;

use std::path::Path;

use crate::{
    bin,
    broker::Broker,
    clickhouse::{Server, ask},
    engine, gateway,
    process::Process,
    root, seed, vector,
};

const PARTITIONS: u32 = 4;

/// Shared by the tests with a real Vector.
struct Ground<'a> {
    folder: &'a Path,
    program: &'a Path,
    broker: Broker,
    /// Vector's destination.
    clickhouse: Server,
    /// The gateway in Kafka mode.
    gateway: Process,
}

/// Always checks the manifest; also Vector itself if available.
pub async fn run(folder: &Path) -> anyhow::Result<String> {
    std::fs::create_dir_all(folder)?;
    let checked = manifest::check()?;
    let Some(program) = vector::program()? else {
        return Ok(format!("Vector was neither built nor run, because VECTOR_BIN is not set; {checked}"));
    };
    let commands = commands::run(&program, &folder.join("commands"))?;
    let engine = engine::start(&folder.join("clickhouse"), &folder.join("engine.log")).await?;
    seed::migrate(&engine.server).await?;
    let broker = Broker::start(folder).await?;
    broker.create_topics(folder, PARTITIONS)?;
    let environment = [
        ("KAFKA_BROKERS", broker.address.clone()),
        ("FOOTFALL_LISTEN", "127.0.0.1:0".to_owned()),
        ("FOOTFALL_DATA", folder.join("gateway").display().to_string()),
        ("PROJECTS", "app,website".to_owned()),
    ];
    let gateway = Process::start(&bin("ingest-gateway"), &[], &environment, &folder.join("gateway.log")).await?;
    let ground = Ground { folder, program: &program, broker, clickhouse: engine.server.clone(), gateway };
    let direct = gateway::start(&folder.join("direct"), "app,website", None).await?;

    let killed = deliver::through_two_kills(&ground, &direct).await?;
    let letters = dead_letters::run(&ground).await?;
    let shared = deliver::two_in_a_group(&ground).await?;
    let geoip = geoip::reloads(&ground).await?;
    direct.stop().await?;
    drop(ground);
    engine.stop().await?;
    Ok(format!("{checked}; {commands}; {killed}; {letters}; {shared}; {geoip}"))
}

impl Ground<'_> {
    /// A working directory with the shipped configuration.
    fn place(&self, name: &str) -> anyhow::Result<vector::Place> {
        self.place_with(name, &root().join("vector-components/testdata/geoip/GeoLite2-City-Test.mmdb"))
    }

    /// The same with a GeoIP database.
    fn place_with(&self, name: &str, geoip: &Path) -> anyhow::Result<vector::Place> {
        let place = vector::place(
            &self.folder.join(name),
            &["footfall.yaml", "metrics.yaml"],
            &self.broker.address,
            &self.clickhouse,
        )?;
        vector::set_geoip(&place.folder.join("footfall.yaml"), &geoip.display().to_string())?;
        Ok(place)
    }
}

/// A number returned by ClickHouse.
async fn number(clickhouse: &Server, sql: &str) -> anyhow::Result<u64> {
    Ok(ask(&reqwest::Client::new(), clickhouse, sql, &[]).await?.parse()?)
}

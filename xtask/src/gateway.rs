//! A gateway for a test, with its own ports and folder.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::ensure;

use crate::{
    bin,
    clickhouse::Server,
    process::{Process, free_port},
    root,
};

const SETTLE_TIME_MAX: Duration = Duration::from_secs(60);

/// A running gateway with the direct sink.
pub struct Gateway {
    /// Its HTTP URL.
    pub url: String,
    /// The ClickHouse it writes to.
    pub clickhouse: Server,
    process: Process,
}

/// Starts a gateway for these projects, each with the write key `test-write-key-of-<project>`; without a ClickHouse it uses the embedded engine.
///
/// # Errors
/// If it does not start, with its log.
pub async fn start(folder: &Path, projects: &str, clickhouse: Option<&Server>) -> anyhow::Result<Gateway> {
    start_with(folder, projects, clickhouse, &[]).await
}

/// As [`start`], with further variables.
///
/// # Errors
/// As [`start`].
pub async fn start_with(
    folder: &Path,
    projects: &str,
    clickhouse: Option<&Server>,
    variables: &[(&'static str, &str)],
) -> anyhow::Result<Gateway> {
    fs::create_dir_all(folder)?;
    let engine = format!("127.0.0.1:{}", free_port()?);
    let geoip = root().join("vector-components/testdata/geoip/GeoLite2-City-Test.mmdb");
    let data = folder.join("gateway");
    let keys: Vec<_> = projects.split(',').map(|project| format!("test-write-key-of-{project}={project}")).collect();
    let mut environment = vec![
        ("FOOTFALL_LISTEN", format!("127.0.0.1:{}", free_port()?)),
        ("FOOTFALL_ENGINE_LISTEN", engine.clone()),
        ("FOOTFALL_DATA", data.display().to_string()),
        ("FOOTFALL_GEOIP", geoip.display().to_string()),
        ("FOOTFALL_SINK", "direct".to_owned()),
        ("CLICKHOUSE_URL", String::new()),
        ("PROJECTS", projects.to_owned()),
        ("FOOTFALL_WRITE_KEYS", keys.join(",")),
    ];
    environment.extend(clickhouse.into_iter().flat_map(Server::environment));
    environment.extend(variables.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let process = Process::start(&bin("ingest-gateway"), &[], &environment, &folder.join("gateway.log")).await?;
    let clickhouse = match clickhouse {
        Some(server) => server.clone(),
        None => Server::embedded(&format!("http://{engine}"), &data.join("clickhouse"))?,
    };
    Ok(Gateway { url: process.first_line.clone(), clickhouse, process })
}

impl Gateway {
    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Stops it like a service manager.
    ///
    /// # Errors
    /// If it does not stop in time.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.process.stop().await.map(drop)
    }
}

/// Waits until ClickHouse or Kafka has everything that the gateway at `url` has answered.
///
/// # Errors
/// If that takes too long.
pub async fn settle(url: &str) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        let text = reqwest::get(format!("{url}/metrics")).await?.text().await?;
        if text.lines().any(|line| line == "footfall_journal_events 0") {
            return Ok(());
        }
        ensure!(started.elapsed() < SETTLE_TIME_MAX, "the journal is not empty after {SETTLE_TIME_MAX:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

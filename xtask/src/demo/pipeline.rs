//! An event's path: the gateway, the engine, and in a cluster Kafka and Vector between them.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};

use super::{Options, cluster, send};
use crate::{
    bin,
    clickhouse::Server,
    engine, gateway,
    process::{Process, free_port},
    root,
};

/// Where the engine listens, unless the port is taken.
const ENGINE_PORT: u16 = 8123;

/// Everything between a client and a row.
pub struct Pipeline {
    /// The gateway's URL.
    pub url: String,
    /// How to reach ClickHouse.
    pub clickhouse: Server,
    /// Where everything keeps its data and logs.
    pub folder: PathBuf,
    gateway: Process,
    cluster: Option<cluster::Cluster>,
}

impl Pipeline {
    /// Build → engine → folder → cluster → gateway.
    pub async fn start(options: &Options) -> anyhow::Result<Self> {
        build()?;
        let external = std::env::var("CLICKHOUSE_URL").ok().filter(|url| !url.is_empty());
        if external.is_none() {
            eprintln!("· ClickHouse engine: {}", engine::install()?.display());
        }
        ensure!(!options.cluster || external.is_none(), "--cluster uses its own ClickHouse: unset CLICKHOUSE_URL");
        let folder = folder(options)?;
        let cluster = match options.cluster {
            true => Some(cluster::start(&folder, &geoip()).await?),
            false => None,
        };
        let engine = listen(ENGINE_PORT)?;
        let gateway = start_gateway(&folder, &listen(options.port)?, &engine, cluster.as_ref()).await?;
        let clickhouse = match (external, &cluster) {
            (_, Some(cluster)) => cluster.clickhouse().clone(),
            (Some(external), None) => Server::external(external),
            (None, None) => Server::embedded(&format!("http://{engine}"), &folder.join("clickhouse"))?,
        };
        eprintln!("· gateway at {}, ClickHouse at {}", gateway.first_line, clickhouse.url);
        Ok(Self { url: gateway.first_line.clone(), clickhouse, folder, gateway, cluster })
    }

    /// The URL of Vector's metrics, in a cluster.
    pub fn vector_metrics(&self) -> Option<&str> {
        self.cluster.as_ref().map(|cluster| cluster.metrics.as_str())
    }

    /// Waits until `events`, all that were sent, are stored.
    pub async fn settle(&mut self, events: usize) -> anyhow::Result<()> {
        gateway::settle(&self.url).await?;
        match &mut self.cluster {
            Some(cluster) => cluster.settle(events).await,
            None => Ok(()),
        }
    }

    /// The number of events that are stored.
    pub async fn stored(&self) -> anyhow::Result<usize> {
        send::stored(&self.clickhouse).await
    }

    /// Stops everything, in the order of the event path.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.gateway.stop().await?;
        match self.cluster {
            Some(cluster) => cluster.stop().await,
            None => Ok(()),
        }
    }
}

/// The demo's folder, empty with `--reset`.
fn folder(options: &Options) -> anyhow::Result<PathBuf> {
    let folder = root().join(&options.data);
    let folder = if options.cluster { folder.with_extension("cluster") } else { folder };
    if options.reset && folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

async fn start_gateway(
    folder: &Path,
    listen: &str,
    engine: &str,
    cluster: Option<&cluster::Cluster>,
) -> anyhow::Result<Process> {
    let mut environment = vec![
        ("FOOTFALL_LISTEN", listen.to_owned()),
        ("FOOTFALL_ENGINE_LISTEN", engine.to_owned()),
        ("FOOTFALL_DATA", folder.display().to_string()),
        ("FOOTFALL_GEOIP", geoip()),
        ("PROJECTS", "app,website".to_owned()),
    ];
    environment.push(match cluster {
        Some(cluster) => ("KAFKA_BROKERS", cluster.brokers().to_owned()),
        None => ("FOOTFALL_SINK", "direct".to_owned()),
    });
    Process::start(&bin("ingest-gateway"), &[], &environment, &folder.join("gateway.log")).await
}

/// The port on loopback, or a free one if it is taken.
fn listen(port: u16) -> anyhow::Result<String> {
    let port = if TcpListener::bind(("127.0.0.1", port)).is_ok() { port } else { free_port()? };
    Ok(format!("127.0.0.1:{port}"))
}

/// MaxMind's test database, unless there is a better one.
fn geoip() -> String {
    let geoip = root().join("vector-components/testdata/geoip/GeoLite2-City-Test.mmdb");
    std::env::var("FOOTFALL_GEOIP").unwrap_or_else(|_| geoip.display().to_string())
}

fn build() -> anyhow::Result<()> {
    eprintln!("· building (the first build takes a few minutes)");
    let status = crate::cargo()
        .args(["build", "--release", "--bin", "ingest-gateway", "--bin", "gpx_footfall", "--bin", "footfall-engine"])
        .current_dir(root())
        .status()?;
    ensure!(status.success(), "the build failed; see the message above");
    Ok(())
}

//! `cargo xtask demo`: an event that a client posts comes out as a session and a funnel
//! in the Grafana datasource, on this machine, with nothing set up.

mod cluster;
mod generator;
mod grafana;
mod send;
mod show;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    bin,
    clickhouse::Server,
    engine, front_end,
    plugin::Plugin,
    prerequisites,
    process::{Process, free_port, stop_signal},
    prometheus::{self, Prometheus},
    root,
};

const DAY_MS: i64 = 86_400_000;
/// What is up gets so long to end in order.
const ORDERLY_TIME_MAX: Duration = Duration::from_secs(60);
/// Single events whose way to visibility is timed.
const LIVE_EVENTS: usize = 20;
/// Where the page of the dashboards is, if nothing else is there.
const PREVIEW_LISTEN: &str = "127.0.0.1:3123";

/// Options of the demo.
#[derive(Args)]
pub struct Options {
    /// End when everything is shown, instead of staying up.
    #[arg(long)]
    once: bool,
    /// Print one line of JSON at the end.
    #[arg(long)]
    json: bool,
    /// Events to send, at least.
    #[arg(long, default_value_t = 200_000)]
    events: usize,
    /// The generator's seed.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Where the demo keeps its data.
    #[arg(long, default_value = ".footfall/demo")]
    data: PathBuf,
    /// Forget the data of earlier runs first.
    #[arg(long)]
    reset: bool,
    /// Write every sent request to this file, one JSON object a line, for an independent count.
    #[arg(long)]
    record: Option<PathBuf>,
    /// Show the dashboards on a page of this machine as well; needs Go, and fetches Grafana's libraries.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    preview: bool,
    /// Through Apache Kafka and footfall-vector, as in a cluster: the program of VECTOR_BIN, or one that is
    /// built. Its data is beside that of the direct demo.
    #[arg(long)]
    cluster: bool,
    /// The gateway's port; a free one if it is taken.
    #[arg(long, default_value_t = 4195)]
    port: u16,
}

/// What an earlier run has sent.
#[derive(Serialize, Deserialize, Default)]
struct State {
    seed: u64,
    anchor_ms: i64,
    events_min: usize,
    /// `false` until the year is sent whole; a run that was cut off sends it again, and
    /// since the events are the same, none is stored twice.
    complete: bool,
    sent: usize,
    live: usize,
}

/// Runs the demo, to its end or to a signal: whatever it has started ends with it.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let is_up = AtomicBool::new(false);
    let (stop, stopping) = watch::channel(false);
    let interrupted = async {
        stop_signal().await;
        let _ = stop.send(true);
        // Once everything is up it ends in order; before, what runs is ended at once. What was
        // acknowledged is durable either way.
        if is_up.load(Ordering::Relaxed) {
            tokio::time::sleep(ORDERLY_TIME_MAX).await;
        }
    };
    tokio::select! {
        result = steps(options, stopping, &is_up) => result,
        () = interrupted => bail!("interrupted"),
    }
}

/// Build → start → send → wait → ask → show.
async fn steps(options: Options, stopping: watch::Receiver<bool>, is_up: &AtomicBool) -> anyhow::Result<()> {
    prerequisites::check(&prerequisites::DEMO)?;
    build()?;
    let external = std::env::var("CLICKHOUSE_URL").ok().filter(|url| !url.is_empty());
    if external.is_none() {
        eprintln!("· ClickHouse engine: {}", engine::install()?.display());
    }
    ensure!(!options.cluster || external.is_none(), "--cluster brings its own ClickHouse: unset CLICKHOUSE_URL");
    let data = root().join(&options.data);
    let data = if options.cluster { data.with_extension("cluster") } else { data };
    if options.reset && data.exists() {
        fs::remove_dir_all(&data).with_context(|| format!("cannot remove {}", data.display()))?;
    }
    fs::create_dir_all(&data)?;
    let mut state = State::read(&data, &options)?;
    let mut cluster = match options.cluster {
        true => Some(cluster::start(&data, &geoip()).await?),
        false => None,
    };
    let (gateway, url, clickhouse) = start_gateway(&data, options.port, external, cluster.as_ref()).await?;
    eprintln!("· gateway at {url}, ClickHouse at {}", clickhouse.url);

    let mut recorder = send::Recorder::open(options.record.as_deref())?;
    let visits = generator::visits(state.seed, state.anchor_ms, state.events_min);
    let year = visits.iter().map(|visit| visit.events.len()).sum();
    visits.iter().try_for_each(|visit| recorder.write(visit))?;
    if state.complete {
        eprintln!("· {} events of an earlier run are here; `cargo xtask demo --reset` starts anew", state.sent);
    } else {
        send::visits(&url, visits).await?;
        if let Some(cluster) = &mut cluster {
            cluster.settle(year).await?;
        }
        state = State { complete: true, sent: year, ..state };
        state.write(&data)?;
    }
    let visible_ms = send::live(&url, &clickhouse, LIVE_EVENTS, &mut recorder).await?;
    state.sent += LIVE_EVENTS;
    state.live += LIVE_EVENTS;
    state.write(&data)?;

    let plugin = Plugin::start(&bin("gpx_footfall"), &clickhouse, generator::PROJECT, &data.join("plugin.log")).await?;
    eprintln!("· datasource: {}", plugin.health().await?);
    let (from_ms, to_ms) =
        (state.anchor_ms - (generator::DAYS + 1) * DAY_MS, chrono::Utc::now().timestamp_millis() + 60_000);
    let totals = plugin.query(&json!({"queryType": "sessions", "result": "totals"}), from_ms, to_ms).await?;
    let by_country = json!({"queryType": "sessions", "result": "by", "dimension": "country", "limit": 8});
    let countries = plugin.query(&by_country, from_ms, to_ms).await?;
    let funnel = plugin.query(&funnel_query(), from_ms, to_ms).await?;
    let stored = send::stored(&clickhouse).await?;
    let mut err = std::io::stderr();
    show::sessions(&mut err, &totals, &countries)?;
    show::funnel(&mut err, &funnel)?;
    eprintln!(
        "\n{} events sent, {stored} stored; visible in a query after {visible_ms:.0} ms (p99 of {LIVE_EVENTS})",
        state.sent
    );

    if options.json {
        let totals = totals.first().cloned().unwrap_or_default();
        let summary = json!({
            "name": "demo", "ok": state.sent == stored, "sent": state.sent, "stored": stored, "visible_ms_p99": visible_ms,
            "sessions": totals, "funnel": funnel, "from_ms": from_ms, "to_ms": to_ms,
        });
        println!("{summary}");
    }
    if !options.once {
        let built = front_end(&options);
        let prometheus = prometheus(&url, cluster.as_ref().map(|cluster| cluster.metrics.as_str()), &data).await;
        let (preview, _grafana) = match &built {
            Some(built) => (
                preview(built, &clickhouse, prometheus.as_ref(), &data).await,
                grafana::start(built, &clickhouse, &data)?,
            ),
            None => (None, None),
        };
        is_up.store(true, Ordering::Relaxed);
        stay_up(&url, &clickhouse, &data, preview.as_ref(), stopping).await?;
        // In order, so that it ends the datasource that it has started.
        if let Some(preview) = preview {
            preview.stop().await?;
        }
    }
    ensure!(state.sent == stored, "{} events were sent and {stored} are stored", state.sent);
    plugin.stop().await?;
    gateway.stop().await?;
    match cluster {
        Some(cluster) => cluster.stop().await,
        None => Ok(()),
    }
}

/// The funnel that the demo shows; docs and tests use the same.
fn funnel_query() -> Value {
    json!({
        "queryType": "funnel", "conversionWindowMs": 7 * DAY_MS, "by": "visitor",
        "steps": [
            {"name": "Home", "event": "page_view", "path": "/"},
            {"name": "Pricing", "event": "page_view", "path": "/pricing"},
            {"name": "Sign-up", "event": "sign_up"},
            {"name": "Purchase", "event": "purchase", "path": "/checkout/*"},
        ],
    })
}

fn build() -> anyhow::Result<()> {
    eprintln!("· building (the first time takes a few minutes)");
    let status = crate::cargo()
        .args(["build", "--release", "--bin", "ingest-gateway", "--bin", "gpx_footfall", "--bin", "footfall-engine"])
        .current_dir(root())
        .status()?;
    ensure!(status.success(), "the build failed; its message stands above");
    Ok(())
}

async fn start_gateway(
    data: &Path,
    port: u16,
    external: Option<String>,
    cluster: Option<&cluster::Cluster>,
) -> anyhow::Result<(Process, String, Server)> {
    let port = if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() { port } else { free_port()? };
    let engine = match std::net::TcpListener::bind("127.0.0.1:8123") {
        Ok(_) => "127.0.0.1:8123".to_owned(),
        Err(_) => format!("127.0.0.1:{}", free_port()?),
    };
    let mut environment = vec![
        ("FOOTFALL_LISTEN", format!("127.0.0.1:{port}")),
        ("FOOTFALL_ENGINE_LISTEN", engine.clone()),
        ("FOOTFALL_DATA", data.display().to_string()),
        ("FOOTFALL_GEOIP", geoip()),
        ("PROJECTS", "app,website".to_owned()),
    ];
    environment.push(match cluster {
        Some(cluster) => ("KAFKA_BROKERS", cluster.brokers().to_owned()),
        None => ("FOOTFALL_SINK", "direct".to_owned()),
    });
    let gateway = Process::start(&bin("ingest-gateway"), &[], &environment, &data.join("gateway.log")).await?;
    let url = gateway.first_line.clone();
    let clickhouse = match (external, cluster) {
        (_, Some(cluster)) => cluster.clickhouse().clone(),
        (Some(external), None) => Server::external(external),
        (None, None) => Server::embedded(&format!("http://{engine}"), &data.join("clickhouse"))?,
    };
    Ok((gateway, url, clickhouse))
}

/// The test database of MaxMind, if there is no better one.
fn geoip() -> String {
    let geoip = root().join("vector-components/testdata/geoip/GeoLite2-City-Test.mmdb");
    std::env::var("FOOTFALL_GEOIP").unwrap_or_else(|_| geoip.display().to_string())
}

/// The plugins and the page. The demo is whole without them, so what is missing is only said.
fn front_end(options: &Options) -> Option<front_end::Built> {
    if !options.preview {
        return None;
    }
    let built = prerequisites::check(&prerequisites::PREVIEW).and_then(|()| front_end::build());
    built.inspect_err(|error| eprintln!("\n· no page of the dashboards: {error:#}")).ok()
}

/// For the panels of the pipeline, where the machine has one.
async fn prometheus(gateway: &str, vector: Option<&str>, data: &Path) -> Option<Prometheus> {
    if prerequisites::check(&prerequisites::PIPELINE).is_err() {
        eprintln!("· no Prometheus on this machine (apt-get install prometheus): the gateway's own panels stay empty");
        return None;
    }
    let started = prometheus::start(&data.join("prometheus"), gateway, vector).await;
    started.inspect_err(|error| eprintln!("\n· no Prometheus: {error:#}")).ok()
}

async fn preview(
    built: &front_end::Built,
    clickhouse: &Server,
    prometheus: Option<&Prometheus>,
    data: &Path,
) -> Option<Process> {
    let listen = if std::net::TcpListener::bind(PREVIEW_LISTEN).is_ok() { PREVIEW_LISTEN } else { "127.0.0.1:0" };
    let prometheus = prometheus.map(|running| running.url.as_str());
    let shown = front_end::Shown { clickhouse, project: generator::PROJECT, prometheus };
    let started = front_end::preview(built, listen, shown, &data.join("preview.log")).await;
    started.inspect_err(|error| eprintln!("\n· no page of the dashboards: {error:#}")).ok()
}

async fn stay_up(
    url: &str,
    clickhouse: &Server,
    data: &Path,
    preview: Option<&Process>,
    mut stopping: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let passwords = data.join("clickhouse");
    let passwords = passwords.strip_prefix(root()).unwrap_or(&passwords).display();
    let clickhouse = &clickhouse.url;
    if let Some(preview) = preview {
        eprintln!(
            "\nThe dashboards, to look at (a preview; Grafana is their home):\n\n  {0}/?dashboard=overview&from=now-30d\n  {0}/?explore",
            preview.first_line
        );
    }
    eprintln!(
        "\nEverything stays up until Ctrl-C. Try:\n\n  \
         curl -i {url} -H 'X-App: website' -H 'Content-Type: application/json' \\\n    \
         -d '{{\"type\": \"click\", \"user_id\": \"1\", \"session_id\": \"FaAa31\", \"path\": \"/getting-started\"}}'\n  \
         curl -u default:$(cat {passwords}/engine-password) {clickhouse} \\\n    \
         -d 'SELECT event, count() FROM analytics.events GROUP BY event FORMAT PrettyCompact'\n  \
         curl {url}/metrics\n\n\
         In a Grafana of yours: docs/install.md; its data source's URL is {clickhouse}, its user reader, \
         and its password stands in {passwords}/reader-password."
    );
    // An error means that nobody can send the signal any more.
    let _ = stopping.wait_for(|stop| *stop).await;
    Ok(())
}

impl State {
    fn read(data: &Path, options: &Options) -> anyhow::Result<Self> {
        match fs::read_to_string(data.join("demo.json")) {
            Ok(text) => serde_json::from_str(&text).context("demo.json is damaged: run `cargo xtask demo --reset`"),
            Err(_) => {
                let now_ms = chrono::Utc::now().timestamp_millis();
                let anchor_ms = now_ms - now_ms.rem_euclid(DAY_MS);
                let state = Self { seed: options.seed, anchor_ms, events_min: options.events, ..Self::default() };
                state.write(data)?;
                Ok(state)
            }
        }
    }

    fn write(&self, data: &Path) -> anyhow::Result<()> {
        Ok(fs::write(data.join("demo.json"), serde_json::to_string(self)?)?)
    }
}

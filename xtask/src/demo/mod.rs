//! `cargo xtask demo`: a client's events become sessions and funnels
//! in the Grafana data source, on this machine, without any setup.

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
    engine, front_end, gateway,
    plugin::Plugin,
    prerequisites,
    process::{Process, free_port, stop_signal},
    prometheus::{self, Prometheus},
    root,
};

const DAY_MS: i64 = 86_400_000;
/// How long processes get to shut down cleanly.
const ORDERLY_TIME_MAX: Duration = Duration::from_secs(60);
/// Number of single events timed until they are visible.
const LIVE_EVENTS: usize = 20;
/// The address of the dashboards page, unless it is taken.
const PREVIEW_LISTEN: &str = "127.0.0.1:3123";

/// Options for the demo.
#[derive(Args)]
pub struct Options {
    /// Exit once everything is shown, instead of staying up.
    #[arg(long)]
    once: bool,
    /// Print one line of JSON at the end.
    #[arg(long)]
    json: bool,
    /// Minimum number of events to send.
    #[arg(long, default_value_t = 200_000)]
    events: usize,
    /// The generator's seed.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// The demo's data folder.
    #[arg(long, default_value = ".footfall/demo")]
    data: PathBuf,
    /// Delete the data of earlier runs first.
    #[arg(long)]
    reset: bool,
    /// Write every request to this file, one JSON object per line, for an independent count.
    #[arg(long)]
    record: Option<PathBuf>,
    /// Also serve the dashboards on a local page; needs Go, and downloads Grafana's libraries.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    preview: bool,
    /// Use Apache Kafka and footfall-vector, as in a cluster: the binary VECTOR_BIN, or a fresh
    /// build. Its data is separate from the direct demo's.
    #[arg(long)]
    cluster: bool,
    /// The gateway's port; uses a free one if it is taken.
    #[arg(long, default_value_t = 4195)]
    port: u16,
}

/// What an earlier run sent.
#[derive(Serialize, Deserialize, Default)]
struct State {
    seed: u64,
    anchor_ms: i64,
    events_min: usize,
    /// `false` until the whole year is sent; an interrupted run sends it again, and
    /// since the events are the same, none is stored twice.
    complete: bool,
    sent: usize,
    live: usize,
}

/// Runs the demo until it finishes or gets a signal; everything it started stops with it.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let is_up = AtomicBool::new(false);
    let (stop, stopping) = watch::channel(false);
    let interrupted = async {
        stop_signal().await;
        let _ = stop.send(true);
        // Once everything is up it shuts down cleanly; before that, processes are killed. Acknowledged
        // events are durable either way.
        if is_up.load(Ordering::Relaxed) {
            tokio::time::sleep(ORDERLY_TIME_MAX).await;
        }
    };
    tokio::select! {
        result = steps(options, stopping, &is_up) => result,
        () = interrupted => bail!("interrupted"),
    }
}

/// Build → start → send → wait → query → show.
async fn steps(options: Options, stopping: watch::Receiver<bool>, is_up: &AtomicBool) -> anyhow::Result<()> {
    prerequisites::check(&prerequisites::DEMO)?;
    build()?;
    let external = std::env::var("CLICKHOUSE_URL").ok().filter(|url| !url.is_empty());
    if external.is_none() {
        eprintln!("· ClickHouse engine: {}", engine::install()?.display());
    }
    ensure!(!options.cluster || external.is_none(), "--cluster uses its own ClickHouse: unset CLICKHOUSE_URL");
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
        eprintln!("· using {} events from an earlier run; `cargo xtask demo --reset` starts over", state.sent);
    } else {
        send::visits(&url, visits).await?;
        gateway::settle(&url).await?;
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
    eprintln!("· data source: {}", plugin.health().await?);
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
        say_what_runs(&url, &clickhouse, &data, preview.as_ref());
        let begun_s = u64::try_from(chrono::Utc::now().timestamp())?;
        let passers = generator::Passers::new(state.seed, begun_s);
        state.sent += send::passers(&url, passers, &mut recorder, stopping).await?;
        state.write(&data)?;
        // Cleanly, so that it stops the data source it started.
        if let Some(preview) = preview {
            preview.stop().await?;
        }
    }
    gateway::settle(&url).await?;
    if let Some(cluster) = &mut cluster {
        cluster.settle(state.sent).await?;
    }
    let stored = send::stored(&clickhouse).await?;
    // Whoever tries the demo sends events of their own as well.
    let are_all_there = if options.once { stored == state.sent } else { stored >= state.sent };
    ensure!(are_all_there, "{} events were sent and {stored} are stored", state.sent);
    plugin.stop().await?;
    gateway.stop().await?;
    match cluster {
        Some(cluster) => cluster.stop().await,
        None => Ok(()),
    }
}

/// The funnel that the demo shows; docs and tests use it too.
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
    eprintln!("· building (the first build takes a few minutes)");
    let status = crate::cargo()
        .args(["build", "--release", "--bin", "ingest-gateway", "--bin", "gpx_footfall", "--bin", "footfall-engine"])
        .current_dir(root())
        .status()?;
    ensure!(status.success(), "the build failed; see the message above");
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

/// MaxMind's test database, unless there is a better one.
fn geoip() -> String {
    let geoip = root().join("vector-components/testdata/geoip/GeoLite2-City-Test.mmdb");
    std::env::var("FOOTFALL_GEOIP").unwrap_or_else(|_| geoip.display().to_string())
}

/// The plugins and the page. The demo works without them, so failures are only reported.
fn front_end(options: &Options) -> Option<front_end::Built> {
    if !options.preview {
        return None;
    }
    let built = prerequisites::check(&prerequisites::PREVIEW).and_then(|()| front_end::build());
    built.inspect_err(|error| eprintln!("\n· no dashboards page: {error:#}")).ok()
}

/// For the pipeline panels, if the machine has a Prometheus.
async fn prometheus(gateway: &str, vector: Option<&str>, data: &Path) -> Option<Prometheus> {
    if prerequisites::check(&prerequisites::PIPELINE).is_err() {
        eprintln!("· Prometheus is not installed (apt-get install prometheus): the gateway panels stay empty");
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
    started.inspect_err(|error| eprintln!("\n· no dashboards page: {error:#}")).ok()
}

fn say_what_runs(url: &str, clickhouse: &Server, data: &Path, preview: Option<&Process>) {
    let passwords = data.join("clickhouse");
    let passwords = passwords.strip_prefix(root()).unwrap_or(&passwords).display();
    let clickhouse = &clickhouse.url;
    if let Some(preview) = preview {
        eprintln!(
            "\nDashboards (a preview; use them in Grafana):\n\n  {0}/?dashboard=overview&from=now-30d\n  {0}/?explore",
            preview.first_line
        );
    }
    eprintln!(
        "\nEverything keeps running until Ctrl-C. Try:\n\n  \
         curl -i {url} -H 'X-App: website' -H 'Content-Type: application/json' \\\n    \
         -d '{{\"type\": \"click\", \"user_id\": \"1\", \"session_id\": \"FaAa31\", \"path\": \"/getting-started\"}}'\n  \
         curl -u default:$(cat {passwords}/engine-password) {clickhouse} \\\n    \
         -d 'SELECT event, count() FROM analytics.events GROUP BY event FORMAT PrettyCompact'\n  \
         curl {url}/metrics\n\n\
         In your own Grafana (docs/install.md), set the data source's URL to {clickhouse}, the user to reader, \
         and the password to the contents of {passwords}/reader-password."
    );
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

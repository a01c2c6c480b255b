//! `cargo xtask demo`: a client's events become sessions and funnels
//! in the Grafana data source, on this machine, without any setup.

mod answers;
mod cluster;
mod cohorts;
mod dashboards;
mod generator;
mod grafana;
mod pipeline;
mod send;
mod show;
mod state;

use std::{
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::{bail, ensure};
use clap::Args;
use tokio::sync::watch;

use crate::{bin, plugin::Plugin, prerequisites, process::stop_signal};
use answers::Answers;
use dashboards::Dashboards;
use pipeline::Pipeline;
use state::State;

const DAY_MS: i64 = 86_400_000;
/// How long processes get to shut down cleanly.
const ORDERLY_TIME_MAX: Duration = Duration::from_secs(60);
/// Number of single events timed until they are visible.
const LIVE_EVENTS: usize = 20;

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

/// Start → send → query → show → stay up → stop.
async fn steps(options: Options, stopping: watch::Receiver<bool>, is_up: &AtomicBool) -> anyhow::Result<()> {
    prerequisites::check(&prerequisites::DEMO)?;
    let mut pipeline = Pipeline::start(&options).await?;
    let mut state = State::read(&pipeline.folder, &options)?;
    let mut recorder = send::Recorder::open(options.record.as_deref())?;

    send_the_year(&mut pipeline, &mut state, &mut recorder).await?;
    cohorts::define(&pipeline.clickhouse)?;
    let visible_ms = send::live(&pipeline.url, &pipeline.clickhouse, LIVE_EVENTS, &mut recorder).await?;
    state.sent += LIVE_EVENTS;
    state.live += LIVE_EVENTS;
    state.write(&pipeline.folder)?;

    let plugin = start_plugin(&pipeline).await?;
    let answers = Answers::ask(&plugin, &state).await?;
    let stored = pipeline.stored().await?;
    answers.show()?;
    eprintln!(
        "\n{} events sent, {stored} stored; visible in a query after {visible_ms:.0} ms (p99 of {LIVE_EVENTS})",
        state.sent
    );
    if options.json {
        println!("{}", answers.summary(&state, stored, visible_ms));
    }

    if !options.once {
        let dashboards = Dashboards::start(&options, &pipeline).await?;
        is_up.store(true, Ordering::Relaxed);
        show::what_runs(&pipeline, dashboards.url());
        let begun_s = u64::try_from(chrono::Utc::now().timestamp())?;
        let passers = generator::Passers::new(state.seed, begun_s);
        state.sent += send::passers(&pipeline.url, passers, &mut recorder, stopping).await?;
        state.write(&pipeline.folder)?;
        dashboards.stop().await?;
    }
    pipeline.settle(state.sent).await?;
    let stored = pipeline.stored().await?;
    // Whoever tries the demo sends events of their own as well.
    let are_all_there = if options.once { stored == state.sent } else { stored >= state.sent };
    ensure!(are_all_there, "{} events were sent and {stored} are stored", state.sent);
    plugin.stop().await?;
    pipeline.stop().await
}

/// Sends the year's visits, unless an earlier run has.
async fn send_the_year(
    pipeline: &mut Pipeline,
    state: &mut State,
    recorder: &mut send::Recorder,
) -> anyhow::Result<()> {
    let visits = generator::visits(state.seed, state.anchor_ms, state.events_min);
    let events = visits.iter().map(|visit| visit.events.len()).sum();
    visits.iter().try_for_each(|visit| recorder.write(visit))?;
    if state.complete {
        eprintln!("· using {} events from an earlier run; `cargo xtask demo --reset` starts over", state.sent);
        return Ok(());
    }
    send::visits(&pipeline.url, visits).await?;
    pipeline.settle(events).await?;
    state.complete = true;
    state.sent = events;
    state.write(&pipeline.folder)
}

async fn start_plugin(pipeline: &Pipeline) -> anyhow::Result<Plugin> {
    let log = pipeline.folder.join("plugin.log");
    let plugin = Plugin::start(&bin("gpx_footfall"), &pipeline.clickhouse, generator::PROJECT, &log).await?;
    eprintln!("· data source: {}", plugin.health().await?);
    Ok(plugin)
}

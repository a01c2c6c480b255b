//! `cargo xtask attack`: what one small request, or one careless client, could do, tried on real processes
//! with limited memory and file descriptors. After each attack an ordinary event must be stored
//! and an ordinary query answered; a dead process, or an undocumented response, is a violation.

mod bodies;
mod connections;
mod queries;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, ensure};
use clap::Args;
use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    bin,
    clickhouse::{self, Server},
    engine::{self, Engine},
    gateway,
    plugin::Plugin,
    process::{Process, free_port},
    root,
};

/// Memory limit of the gateway and the plugin each, in KiB of data (`ulimit -d`).
const MEMORY_KIB_MAX: u64 = 1 << 20;
/// The engine's own memory limit, in bytes.
const ENGINE_MEMORY_BYTES_MAX: u64 = 1 << 30;
/// The gateway's file descriptors: fewer than the connections opened to it.
const DESCRIPTORS_MAX: u64 = 256;
const PROJECT: &str = "website";

/// Options for the attacks.
#[derive(Args)]
pub struct Options {
    /// How often to repeat each attack.
    #[arg(long, default_value_t = 1)]
    rounds: u32,
}

/// The processes under attack.
pub struct Target {
    client: Client,
    gateway: Process,
    plugin: Plugin,
    engine: Engine,
    sent: u64,
}

/// Runs some rounds of attacks, prints what held, and finishes with one line of JSON.
///
/// # Errors
/// If something did not hold.
pub async fn run(options: &Options) -> anyhow::Result<()> {
    let folder = root().join("target/xtask-attack");
    let ended = attack(&folder, options.rounds).await?;
    println!("{}", json!({"name": "attack", "ok": true, "ratios": {}, "figures": ended, "peers": {}}));
    Ok(())
}

/// Runs all attacks in their own folder and returns the figures.
///
/// # Errors
/// If something did not hold, with the attack.
pub async fn attack(folder: &Path, rounds: u32) -> anyhow::Result<Value> {
    let mut target = Target::start(folder).await?;
    for round in 1..=rounds {
        eprintln!("attacks, round {round} of {rounds}");
        step(&mut target, "bodies that expand when read", bodies::bombs).await?;
        step(&mut target, "concurrent large bodies", bodies::floods).await?;
        step(&mut target, "unfinished bodies that hold the memory", bodies::unfinished).await?;
        step(&mut target, "idle connections and unfinished heads", connections::idle).await?;
        step(&mut target, "statements that exhaust memory", queries::greedy).await?;
        step(&mut target, "slow queries in every slot", queries::slow).await?;
    }
    let figures = json!({
        "violations": 0,
        "gateway_peak_mib": target.gateway.peak_memory_mib().round(),
        "plugin_peak_mib": target.plugin.peak_memory_mib().round(),
        "engine_peak_mib": target.engine.process.peak_memory_mib().round(),
    });
    target.stop().await?;
    Ok(figures)
}

async fn step(
    target: &mut Target,
    name: &str,
    attack: impl AsyncFn(&Target) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let started = Instant::now();
    attack(target).await.with_context(|| format!("attack {name:?}"))?;
    target.still_works().await.with_context(|| format!("after the attack {name:?}"))?;
    eprintln!(
        "  held  {name:<40} {:>5.1} s, gateway {:.0} MiB, plugin {:.0} MiB",
        started.elapsed().as_secs_f64(),
        target.gateway.peak_memory_mib(),
        target.plugin.peak_memory_mib()
    );
    Ok(())
}

impl Target {
    async fn start(folder: &Path) -> anyhow::Result<Self> {
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder)?;
        let memory = [("FOOTFALL_ENGINE_MEMORY_BYTES_MAX", ENGINE_MEMORY_BYTES_MAX.to_string())];
        let engine = engine::start_with(&folder.join("engine"), &folder.join("engine.log"), &memory).await?;
        let mut environment = vec![
            ("FOOTFALL_LISTEN", format!("127.0.0.1:{}", free_port()?)),
            ("FOOTFALL_DATA", folder.join("gateway").display().to_string()),
            ("FOOTFALL_SINK", "direct".to_owned()),
            ("PROJECTS", PROJECT.to_owned()),
        ];
        environment.extend(engine.server.environment());
        let limited = limited(folder, "ingest-gateway", Some(DESCRIPTORS_MAX))?;
        let gateway = Process::start(&limited, &[], &environment, &folder.join("gateway.log")).await?;
        let limited = limited_plugin(folder)?;
        let plugin = Plugin::start(&limited, &engine.server, PROJECT, &folder.join("plugin.log")).await?;
        Ok(Self { client: Client::new(), gateway, plugin, engine, sent: 0 })
    }

    /// The URL for events.
    fn events_url(&self) -> String {
        format!("{}/v1/events", self.gateway.first_line)
    }

    fn server(&self) -> &Server {
        &self.engine.server
    }

    /// Checks that an ordinary event is stored and an ordinary query answered.
    async fn still_works(&mut self) -> anyhow::Result<()> {
        self.sent += 1;
        let event =
            json!({"type": "still_here", "user_id": "u", "timestamp": 1_767_225_600_000_i64 + self.sent as i64});
        let request = self.client.post(self.events_url()).header("X-App", PROJECT).json(&event);
        let answer = request.send().await.context("the gateway does not respond")?;
        let status = answer.status();
        ensure!(status == 201, "an ordinary event got status {status}: {}", answer.text().await?);
        gateway::settle(&self.gateway.first_line).await?;
        let sql = "SELECT count() FROM analytics.events FINAL WHERE event = 'still_here'";
        let stored = clickhouse::ask(&self.client, self.server(), sql, &[]).await?;
        ensure!(stored == self.sent.to_string(), "{} ordinary events were sent, {stored} are stored", self.sent);
        let query = json!({"queryType": "sql", "rawSql": "SELECT 1 AS one"});
        self.plugin.query(&query, 0, 1).await.context("the plugin does not respond")?;
        Ok(())
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.gateway.stop().await?;
        self.plugin.stop().await?;
        self.engine.stop().await
    }
}

fn limited_plugin(folder: &Path) -> anyhow::Result<PathBuf> {
    limited(folder, "gpx_footfall", None)
}

/// Creates a script that starts the program with limits it cannot raise.
fn limited(folder: &Path, program: &str, descriptors: Option<u64>) -> anyhow::Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let script = folder.join(format!("limited-{program}"));
    let descriptors = descriptors.map_or_else(String::new, |max| format!("ulimit -n {max}\n"));
    let program = bin(program);
    let text = format!("#!/bin/sh\nulimit -d {MEMORY_KIB_MAX}\n{descriptors}exec '{}' \"$@\"\n", program.display());
    std::fs::write(&script, text)?;
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755))?;
    Ok(script)
}

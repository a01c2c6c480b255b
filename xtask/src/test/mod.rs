//! `cargo xtask test`: every check, against the real components, one step after another. The
//! last lines say which components ran.

mod browser;
mod demo;
mod kafka;
mod nginx;
mod oldest;
mod portable;
mod prometheus;
mod properties;
mod replay;
mod vector;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use clap::Args;

use crate::{
    attack, bin, cargo,
    clickhouse::Server,
    engine::{self, Engine},
    front_end, prerequisites, root,
};

/// Time limit of one command in a step; the longest is the first build.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(30 * 60);

/// Options for the tests.
#[derive(Args)]
pub struct Options {
    /// Run only the steps whose name contains this string; can be repeated.
    #[arg(long)]
    only: Vec<String>,
    /// Number of random projects in the step "properties", with a dozen queries each.
    #[arg(long, default_value_t = 60)]
    cases: u64,
    /// The seed for the random projects.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The folder for screenshots from the step "browser".
    #[arg(long)]
    pictures: Option<PathBuf>,
}

/// Shared by the steps: one engine on the demo's data.
struct Ground {
    folder: PathBuf,
    engine: Option<Engine>,
    cases: u64,
    seed: u64,
    pictures: Option<PathBuf>,
}

/// Runs all steps and stops at the first failure.
pub async fn run(options: Options) -> anyhow::Result<()> {
    for only in &options.only {
        ensure!(
            STEPS.iter().any(|name| name.contains(only)),
            "no step matches {only:?}; the steps are {}",
            STEPS.join(", ")
        );
    }
    let wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|only| name.contains(only));
    prerequisites::check(&prerequisites::TEST)?;
    let library = engine::install()?;
    let folder = root().join("target/xtask-test");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let pictures = options.pictures.map(std::path::absolute).transpose()?;
    let mut ground = Ground { folder, engine: None, cases: options.cases, seed: options.seed, pictures };
    let mut report = Vec::new();
    for name in STEPS {
        if !wanted(name) {
            report.push(format!("  not run  {name} (--only)"));
            continue;
        }
        eprintln!("\n── {name}");
        let started = Instant::now();
        let ran = step(name, &mut ground).await.with_context(|| format!("step {name:?} failed"))?;
        report.push(format!("  passed   {name:<16} {:>5.0} s  {ran}", started.elapsed().as_secs_f64()));
    }
    if let Some(engine) = ground.engine {
        engine.stop().await?;
    }
    let passed = report.iter().filter(|line| line.contains("passed")).count();
    println!("\nEngine: {}\n{}\n\n{passed} passed, 0 failed", library.display(), report.join("\n"));
    Ok(())
}

const STEPS: [&str; 20] = [
    "format",
    "clippy",
    "rust",
    "vrl",
    "front end",
    "demo",
    "oracle",
    "replay",
    "attack",
    "properties",
    "engine clients",
    "oldest clickhouse",
    "plugin host",
    "static plugin",
    "browser",
    "nginx",
    "prometheus",
    "kafka",
    "vector",
    "provisioning",
];

async fn step(name: &str, ground: &mut Ground) -> anyhow::Result<String> {
    let ran = match name {
        "format" => command(cargo().args(["fmt", "--all", "--check"])).map(|()| "rustfmt"),
        "clippy" => {
            command(cargo().args(["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"]))
                .map(|()| "no warnings")
        }
        "rust" => command(cargo().args(["test", "--release", "--workspace"]))
            .map(|()| "unit, golden and property tests; gateway and clickhouse crate on the real engine"),
        "vrl" => vrl(),
        "front end" => {
            front_end::check().map(|()| "types, style, unit tests; Grafana's own libraries from the lockfile")
        }
        "demo" => demo::run(&ground.folder).await,
        "oracle" => oracle(ground).await,
        "attack" => attack(ground).await,
        "replay" => replay::run(&ground.folder.join("replay")).await,
        "properties" => return properties::run(&ground.folder.join("properties"), ground.cases, ground.seed).await,
        "engine clients" => engine_clients(ground).await,
        "oldest clickhouse" => oldest::run(&ground.folder.join("oldest")).await,
        "plugin host" => plugin_host(ground).await,
        "static plugin" => portable::run(&ground.folder.join("portable")).await,
        "browser" => browser(ground).await,
        "nginx" => nginx::run(&ground.folder.join("nginx")).await,
        "prometheus" => return prometheus::run(&ground.folder.join("prometheus")).await,
        "kafka" => kafka::run(&ground.folder.join("kafka")).await,
        "vector" => return vector::run(&ground.folder.join("vector")).await,
        "provisioning" => provisioning(),
        other => bail!("unknown step {other}"),
    };
    ran.map(str::to_owned)
}

/// A separate workspace, since VRL is a large dependency.
fn vrl() -> anyhow::Result<&'static str> {
    let mut cargo = cargo();
    cargo.args(["test", "--release", "--target-dir"]).arg(root().join("target/vrl"));
    cargo.arg("--manifest-path").arg(root().join("vector-components/vrl/Cargo.toml"));
    command(&mut cargo)?;
    Ok("functions in VRL's own framework; the programs of docs/vector.md and provisioning/vector on golden events")
}

/// A short run of `cargo xtask attack`.
async fn attack(ground: &Ground) -> anyhow::Result<&'static str> {
    attack::attack(&ground.folder.join("attack"), 1).await?;
    Ok(
        "expanding bodies, idle connections, greedy and slow queries, on processes under limits: all stayed up and kept storing events",
    )
}

async fn oracle(ground: &Ground) -> anyhow::Result<&'static str> {
    demo_data(&ground.folder).await?;
    let mut python = Command::new("python3");
    python.arg(root().join("tests/oracle/demo.py"));
    command(python.arg(ground.folder.join("record.jsonl")).arg(ground.folder.join("summary.json")))?;
    Ok("sessions and funnel equal an independent count of what was sent")
}

async fn engine_clients(ground: &mut Ground) -> anyhow::Result<&'static str> {
    let server = clickhouse(ground).await?;
    let node = root().join("tests/engine-clients/node");
    command(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&node))?;
    command(
        Command::new("node").args(["--test", "client.test.mjs"]).current_dir(&node).envs(server.test_environment()),
    )?;
    let tests = root().join("tests/engine-clients/python");
    let venv = ground.folder.join("venv");
    command(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    command(Command::new(venv.join("bin/pip")).args(["install", "--quiet", "-r"]).arg(tests.join("requirements.txt")))?;
    let mut python = Command::new(venv.join("bin/python"));
    command(python.args(["-m", "unittest", "test_client"]).current_dir(&tests).envs(server.test_environment()))?;
    Ok("@clickhouse/client, clickhouse-connect and the requests of Vector's sink on the real engine")
}

async fn plugin_host(ground: &mut Ground) -> anyhow::Result<&'static str> {
    let server = clickhouse(ground).await?;
    let mut go = Command::new("go");
    go.args(["test", "-count=1", "-v", "./..."]).current_dir(root().join("tests/plugin-host"));
    command(go.env("FOOTFALL_PLUGIN", bin("gpx_footfall")).envs(server.test_environment()))?;
    Ok("hashicorp/go-plugin and Grafana's Go SDK as the plugin's host; every query of dashboards/")
}

/// Parses the files that need a container engine, with the libraries that such engines use.
fn provisioning() -> anyhow::Result<&'static str> {
    let mut go = Command::new("go");
    command(go.args(["test", "-count=1", "-v", "./..."]).current_dir(root().join("tests/provisioning")))?;
    Ok("compose files with Compose's library, Kubernetes objects with its types; neither was started")
}

async fn browser(ground: &mut Ground) -> anyhow::Result<&'static str> {
    let server = clickhouse(ground).await?;
    let (folder, summary) = (ground.folder.join("browser"), ground.folder.join("summary.json"));
    browser::run(&folder, &server, &summary, ground.pictures.as_ref()).await
}

/// The output of the step "demo", which several steps read; runs it now if `--only` skipped it.
async fn demo_data(folder: &Path) -> anyhow::Result<()> {
    if folder.join("demo/clickhouse").is_dir() {
        return Ok(());
    }
    eprintln!("   this step needs the demo's data, so the demo runs first");
    demo::run(folder).await.map(drop)
}

/// The engine on the demo's data, started when first needed.
async fn clickhouse(ground: &mut Ground) -> anyhow::Result<Server> {
    if ground.engine.is_none() {
        let data = ground.folder.join("demo/clickhouse");
        demo_data(&ground.folder).await?;
        let engine = engine::start(&data, &ground.folder.join("engine.log")).await?;
        ground.engine = Some(engine);
    }
    ground.engine.as_ref().map(|engine| engine.server.clone()).context("no engine")
}

/// Runs a command to completion, or kills it at the time limit: a test that hangs has failed.
pub fn command(command: &mut Command) -> anyhow::Result<()> {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut child = command.stdin(Stdio::null()).spawn().with_context(|| format!("cannot start {program}"))?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > COMMAND_TIME_MAX {
            child.kill()?;
            bail!("{program} did not finish within {} min", COMMAND_TIME_MAX.as_secs() / 60);
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    ensure!(status.success(), "{program} exited with {status}");
    Ok(())
}

//! `cargo xtask test`: every check, against the real components, one step after another. The
//! last lines say which components ran.

mod browser;
mod clients;
mod demo;
mod grafana;
mod kafka;
mod nginx;
mod oldest;
mod openapi;
mod portable;
mod prometheus;
mod properties;
mod replay;
mod vector;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, bail, ensure};
use clap::Args;

use crate::{
    attack, bin, cargo,
    clickhouse::Server,
    dependencies,
    engine::{self, Engine},
    front_end, modules, prerequisites,
    process::run_to_end,
    root,
};

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
    let selected = selected(&options.only)?;
    prerequisites::check(&prerequisites::TEST)?;
    let library = engine::install()?;
    let folder = root().join("target/xtask-test");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let pictures = options.pictures.map(std::path::absolute).transpose()?;
    let mut ground = Ground { folder, engine: None, cases: options.cases, seed: options.seed, pictures };
    let (mut report, mut passed) = (Vec::new(), 0);
    for name in STEPS {
        if !selected.contains(&name) {
            report.push(format!("  not run  {name} (--only)"));
            continue;
        }
        eprintln!("\n── {name}");
        let started = Instant::now();
        let ran = step(name, &mut ground).await.with_context(|| format!("step {name:?} failed"))?;
        passed += 1;
        report.push(format!("  passed   {name:<16} {:>5.0} s  {ran}", started.elapsed().as_secs_f64()));
    }
    if let Some(engine) = ground.engine {
        engine.stop().await?;
    }
    println!("\nEngine: {}\n{}\n\n{passed} passed, 0 failed", library.display(), report.join("\n"));
    Ok(())
}

const STEPS: [&str; 24] = [
    "format",
    "clippy",
    "dependencies",
    "rust",
    "vrl",
    "front end",
    "demo",
    "oracle",
    "replay",
    "attack",
    "properties",
    "engine clients",
    "other clients",
    "openapi",
    "oldest clickhouse",
    "plugin host",
    "static plugin",
    "browser",
    "grafana",
    "nginx",
    "prometheus",
    "kafka",
    "vector",
    "provisioning",
];

/// The steps whose names contain one of the strings; all if there is none.
fn selected(only: &[String]) -> anyhow::Result<Vec<&'static str>> {
    for text in only {
        let is_known = STEPS.iter().any(|name| name.contains(text));
        ensure!(is_known, "no step matches {text:?}; the steps are {}", STEPS.join(", "));
    }
    let is_selected = |name: &&str| only.is_empty() || only.iter().any(|text| name.contains(text));
    Ok(STEPS.into_iter().filter(is_selected).collect())
}

async fn step(name: &str, ground: &mut Ground) -> anyhow::Result<String> {
    let ran = match name {
        "format" => {
            run_to_end(cargo().args(["fmt", "--all", "--check"]))?;
            return Ok(format!("rustfmt; {}", modules::check()?));
        }
        "clippy" => {
            run_to_end(cargo().args(["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"]))
                .map(|()| "no warnings")
        }
        "dependencies" => return dependencies::check(),
        "rust" => run_to_end(cargo().args(["test", "--release", "--workspace"]))
            .map(|()| "unit, golden and property tests; gateway and clickhouse crate on the real engine"),
        "vrl" => vrl(),
        "front end" => front_end::check()
            .map(|()| "generated types, type check, style, unit tests; Grafana's own libraries from the lockfile"),
        "demo" => demo::run(&ground.folder).await,
        "oracle" => oracle(ground).await,
        "attack" => attack(ground).await,
        "replay" => replay::run(&ground.folder.join("replay")).await,
        "properties" => return properties::run(&ground.folder.join("properties"), ground.cases, ground.seed).await,
        "engine clients" => engine_clients(ground).await,
        "other clients" => clients::run(&ground.folder.join("clients")).await,
        "openapi" => openapi::run(&ground.folder.join("openapi")).await,
        "oldest clickhouse" => oldest::run(&ground.folder.join("oldest")).await,
        "plugin host" => plugin_host(ground).await,
        "static plugin" => portable::run(&ground.folder.join("portable")).await,
        "browser" => browser(ground).await,
        "grafana" => grafana::run(),
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
    run_to_end(&mut cargo)?;
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
    run_to_end(python.arg(ground.folder.join("record.jsonl")).arg(ground.folder.join("summary.json")))?;
    Ok("sessions and funnel equal an independent count of what was sent")
}

async fn engine_clients(ground: &mut Ground) -> anyhow::Result<&'static str> {
    let server = clickhouse(ground).await?;
    let node = root().join("tests/engine-clients/node");
    run_to_end(Command::new("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&node))?;
    run_to_end(
        Command::new("node").args(["--test", "client.test.mjs"]).current_dir(&node).envs(server.test_environment()),
    )?;
    let tests = root().join("tests/engine-clients/python");
    let venv = ground.folder.join("venv");
    run_to_end(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    run_to_end(
        Command::new(venv.join("bin/pip")).args(["install", "--quiet", "-r"]).arg(tests.join("requirements.txt")),
    )?;
    let mut python = Command::new(venv.join("bin/python"));
    run_to_end(python.args(["-m", "unittest", "test_client"]).current_dir(&tests).envs(server.test_environment()))?;
    Ok("@clickhouse/client, clickhouse-connect and the requests of Vector's sink on the real engine")
}

async fn plugin_host(ground: &mut Ground) -> anyhow::Result<&'static str> {
    let server = clickhouse(ground).await?;
    let mut go = Command::new("go");
    go.args(["test", "-count=1", "-v", "./..."]).current_dir(root().join("tests/plugin-host"));
    run_to_end(go.env("FOOTFALL_PLUGIN", bin("gpx_footfall")).envs(server.test_environment()))?;
    Ok("hashicorp/go-plugin and Grafana's Go SDK as the plugin's host; every query of dashboards/")
}

/// Parses the files that need a container engine, with the libraries that such engines use.
fn provisioning() -> anyhow::Result<&'static str> {
    let mut go = Command::new("go");
    run_to_end(go.args(["test", "-count=1", "-v", "./..."]).current_dir(root().join("tests/provisioning")))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_step_is_an_error_that_lists_the_known_ones() {
        let of = |only: &[&str]| selected(&only.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&[]).unwrap(), STEPS);
        assert_eq!(of(&["kafka", "clickhouse"]).unwrap(), ["oldest clickhouse", "kafka"]);
        let error = of(&["kafka", "kavka"]).unwrap_err().to_string();
        assert!(error.contains("\"kavka\"") && STEPS.iter().all(|name| error.contains(name)), "{error}");
    }
}

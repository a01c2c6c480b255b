//! The demo as a person runs it: to completion, again on its own data, and stopped while it is running.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::bin;

/// Time limit for a small demo to start, and for a stopped one to exit.
const TIME_MAX: Duration = Duration::from_secs(120);
/// What the demo prints once everything is running.
const IS_UP: &str = "Everything keeps running";

/// Runs the demo on an empty folder, again on its own data, then stops one with a service manager's signal.
pub async fn run(folder: &Path) -> anyhow::Result<&'static str> {
    let first = once(folder, "summary.json")?;
    ensure!(first["sent"] == first["stored"], "sent and stored differ: {first}");
    ensure!(first["sent"].as_u64() >= Some(200_000), "too few events: {first}");
    let again = once(folder, "summary-again.json")?;
    ensure!(again["sent"] == again["stored"], "the second run: sent and stored differ: {again}");
    ensure!(again["funnel"] == first["funnel"], "the second run shows a different funnel: {again}");
    leaves_nothing_behind(&folder.join("demo-stopped")).await?;
    Ok("200,000 events through gateway, engine and plugin; a second run finds them; SIGTERM leaves no process behind")
}

fn once(folder: &Path, summary: &str) -> anyhow::Result<Value> {
    let data = folder.join("demo");
    // By its path: cargo has replaced the file if the step "rust" built this program with other features.
    let mut demo = Command::new(bin("xtask"));
    demo.args(["demo", "--once", "--json", "--port", "0", "--data"]).arg(&data);
    if !folder.join("record.jsonl").exists() {
        demo.arg("--record").arg(folder.join("record.jsonl"));
    }
    // Later steps open the demo's own data.
    let output =
        demo.env_remove("CLICKHOUSE_URL").stderr(Stdio::inherit()).output().context("cannot start the demo")?;
    ensure!(output.status.success(), "the demo exited with {}", output.status);
    std::fs::write(folder.join(summary), &output.stdout)?;
    Ok(serde_json::from_slice(&output.stdout)?)
}

async fn leaves_nothing_behind(data: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(data)?;
    let log = data.join("demo.log");
    let mut demo = Command::new(bin("xtask"))
        .args(["demo", "--preview", "false", "--events", "2000", "--port", "0", "--data"])
        .arg(data)
        .env_remove("CLICKHOUSE_URL")
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log)?)
        .spawn()?;
    let started = Instant::now();
    while !std::fs::read_to_string(&log)?.contains(IS_UP) {
        if let Some(status) = demo.try_wait()? {
            bail!("the demo exited with {status}:\n{}", std::fs::read_to_string(&log)?);
        }
        ensure!(started.elapsed() < TIME_MAX, "the demo was not up in {} s", TIME_MAX.as_secs());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let children = children(demo.id())?;
    ensure!(children.len() >= 2, "gateway and data source are not running: {children:?}");
    Command::new("kill").args(["-TERM", &demo.id().to_string()]).status()?;
    let stopped = Instant::now();
    let status = loop {
        if let Some(status) = demo.try_wait()? {
            break status;
        }
        ensure!(stopped.elapsed() < TIME_MAX, "the demo did not end in {} s", TIME_MAX.as_secs());
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    ensure!(status.success(), "after SIGTERM the demo exited with {status}:\n{}", std::fs::read_to_string(&log)?);
    for pid in children {
        ensure!(!Path::new(&format!("/proc/{pid}")).exists(), "process {pid} outlived the demo");
    }
    Ok(())
}

/// The processes that `parent` has started.
fn children(parent: u32) -> anyhow::Result<Vec<u32>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir("/proc").context("no /proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let of = status.lines().find_map(|line| line.strip_prefix("PPid:")).and_then(|pid| pid.trim().parse().ok());
        if of == Some(parent) {
            all.push(pid);
        }
    }
    Ok(all)
}

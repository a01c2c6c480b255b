//! Debian's Prometheus with the configuration of provisioning/, scraping a local gateway.

use std::{fs, path::Path, process::Command, time::Duration};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::{
    process::{Process, free_port},
    root,
};

const START_TIME_MAX: Duration = Duration::from_secs(20);
/// Short, so that data appears within seconds.
pub const SCRAPE_SECONDS: u64 = 1;

/// A running Prometheus; stopped when dropped.
pub struct Prometheus {
    /// Its HTTP URL.
    pub url: String,
    _process: Process,
}

/// Adapts the addresses and the interval in the configuration → checks it with
/// promtool → starts Prometheus → waits until it responds.
///
/// # Errors
/// If Prometheus is not installed, rejects the configuration or does not respond.
pub async fn start(folder: &Path, gateway: &str, vector: Option<&str>) -> anyhow::Result<Prometheus> {
    fs::create_dir_all(folder)?;
    let file = folder.join("prometheus.yml");
    let text = fs::read_to_string(root().join("provisioning/prometheus/prometheus.yml"))?;
    let (target, interval) = ("gateway:4195", "scrape_interval: 15s");
    ensure!(text.contains(target) && text.contains(interval), "prometheus.yml does not have the expected form");
    let text = text
        .replace(target, gateway.trim_start_matches("http://"))
        .replace(interval, &format!("scrape_interval: {SCRAPE_SECONDS}s"));
    let vector = vector.map(|vector| vector.trim_start_matches("http://"));
    let text = vector.map_or_else(|| text.clone(), |vector| text.replace("vector:9598", vector));
    fs::write(&file, text)?;
    let checked = Command::new("promtool").args(["check", "config"]).arg(&file).output().context("no promtool")?;
    ensure!(checked.status.success(), "promtool: {}", String::from_utf8_lossy(&checked.stderr));
    let port = free_port()?;
    // Prometheus prints nothing when ready: `sh` does, and then becomes Prometheus.
    let command = format!(
        "echo ready && exec prometheus --config.file={} --storage.tsdb.path={} --web.listen-address=127.0.0.1:{port}",
        file.display(),
        folder.join("data").display()
    );
    let log = folder.join("prometheus.log");
    let process = Process::start(Path::new("sh"), &["-c", &command], &[], &log).await?;
    let prometheus = Prometheus { url: format!("http://127.0.0.1:{port}"), _process: process };
    prometheus.wait().await.with_context(|| fs::read_to_string(&log).unwrap_or_default())?;
    Ok(prometheus)
}

impl Prometheus {
    /// The current series of an expression.
    ///
    /// # Errors
    /// Prometheus' own message, if the expression is invalid.
    pub async fn ask(&self, expression: &str) -> anyhow::Result<Vec<Value>> {
        let query = [("query", expression)];
        let answer = reqwest::Client::new().get(format!("{}/api/v1/query", self.url)).query(&query).send().await?;
        let answer: Value = answer.json().await?;
        ensure!(answer["status"] == "success", "Prometheus on {expression:?}: {}", answer["error"]);
        Ok(answer["data"]["result"].as_array().cloned().unwrap_or_default())
    }

    async fn wait(&self) -> anyhow::Result<()> {
        let ready = async {
            let client = reqwest::Client::new();
            while !client.get(format!("{}/-/ready", self.url)).send().await.is_ok_and(|a| a.status().is_success()) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(START_TIME_MAX, ready).await.context("Prometheus does not respond")
    }
}

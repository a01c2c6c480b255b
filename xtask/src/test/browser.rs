//! Runs the built front end in Chromium, on the demo's data, against numbers verified by the oracle.
//! Meanwhile visitors arrive through a gateway scraped by Prometheus, so that realtime panels
//! have data.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Context;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    clickhouse::{Server, ask},
    front_end, gateway, prometheus, root, traffic,
};

const PROJECT: &str = "website";
/// Time between two visits.
const PAUSE: Duration = Duration::from_millis(120);
/// One in this many events is invalid, so that the ledger shows drop reasons.
const BAD_ONE_IN: u32 = 15;

/// Gateway, Prometheus, preview → visitors → Chromium. `summary` has the demo's numbers.
pub async fn run(
    folder: &Path,
    clickhouse: &Server,
    summary: &Path,
    pictures: Option<&PathBuf>,
) -> anyhow::Result<&'static str> {
    let gateway = gateway::start(folder, PROJECT, Some(clickhouse)).await?;
    let scraped = prometheus::start(&folder.join("prometheus"), &gateway.url, None).await?;
    // The demo's numbers are from before the visitors.
    let before_ms = chrono::Utc::now().timestamp_millis();
    let visitors = tokio::spawn(visit(gateway.url.clone()));
    // The visitor dashboard shows somebody who has bought something.
    let somebody = "SELECT visitor FROM analytics.events WHERE project = 'website' AND event = 'purchase' ORDER BY visitor LIMIT 1";
    let visitor = ask(&Client::new(), clickhouse, somebody, &[]).await?.trim().to_owned();
    let mut summary: Value = serde_json::from_slice(&std::fs::read(summary)?)?;
    summary["visitor"] = visitor.into();
    summary["to_ms"] = summary["to_ms"].as_i64().context("to_ms")?.min(before_ms).into();
    let file = folder.join("browser.json");
    std::fs::write(&file, summary.to_string())?;

    let built = front_end::build()?;
    front_end::check_installed(&built)?;
    let shown = front_end::Shown { clickhouse, project: PROJECT, prometheus: Some(&scraped.url) };
    let preview = front_end::preview(&built, "127.0.0.1:0", shown, &folder.join("preview.log")).await?;
    let mut node = Command::new("node");
    node.arg("tests/browser.mjs").arg(&preview.first_line).arg(&file);
    // The same run takes the screenshots for the documentation.
    node.args(pictures).current_dir(root().join("grafana-backend/plugin"));
    let ran = tokio::task::spawn_blocking(move || crate::process::run_to_end(&mut node)).await?;
    if visitors.is_finished() {
        visitors.await?.context("the visitors stopped")?;
    } else {
        visitors.abort();
    }
    ran?;
    preview.stop().await?;
    gateway.stop().await?;
    Ok(
        "Chromium: editors operated by clicks, every panel of dashboards/ rendered, light and dark, with a running gateway and Prometheus",
    )
}

/// Generates visitors, one after another, until aborted.
async fn visit(url: String) -> anyhow::Result<()> {
    let client = Client::new();
    let mut rng = StdRng::seed_from_u64(7);
    loop {
        let (network, locale) = *traffic::NETWORKS.choose(&mut rng).context("networks")?;
        let address = traffic::address(network, |low, high| rng.random_range(low..=high));
        let user_agent = *traffic::USER_AGENTS.choose(&mut rng).context("user agents")?;
        let (query, referrer) = *traffic::SOURCES.choose(&mut rng).context("sources")?;
        let events: Vec<Value> = (0..rng.random_range(1..5))
            .map(|at| {
                let page = *traffic::PAGES.choose(&mut rng).unwrap_or(&"/");
                let query = if at == 0 { query } else { "" };
                let name = if rng.random_ratio(1, BAD_ONE_IN) { "" } else { "page_view" };
                json!({"type": name, "url": format!("{}{page}{query}", traffic::HOST), "path": page, "referrer": referrer, "locale": locale})
            })
            .collect();
        let request = client.post(format!("{url}/v1/events")).header("X-App", PROJECT);
        let request = request.header("X-Forwarded-For", address).header("User-Agent", user_agent).json(&events);
        request.send().await?;
        tokio::time::sleep(PAUSE).await;
    }
}

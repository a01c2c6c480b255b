//! Runs the dashboards' and alerts' Prometheus queries on a real Prometheus that scrapes a real gateway
//! with the configuration of provisioning/.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use anyhow::{Context, ensure};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{gateway, prometheus, root};

const SCRAPED_TIME_MAX: Duration = Duration::from_secs(30);
/// Interpolated by Grafana; four scrapes is its own rule.
const RATE_INTERVAL: &str = "$__rate_interval";

/// Gateway and Prometheus → events with every outcome → check the ledger → run every expression.
pub async fn run(folder: &Path) -> anyhow::Result<String> {
    let gateway = gateway::start(folder, "app", None).await?;
    let prometheus = prometheus::start(&folder.join("prometheus"), &gateway.url, None).await?;
    let expected = [("received", 6.0), ("stored", 3.0), ("duplicate", 1.0), ("dropped", 2.0), ("failed", 0.0)];
    // A rate needs one scrape before the increase.
    wait_for(&prometheus, "footfall_events_received_total == 0").await?;
    send(&gateway.url).await?;
    wait_for(&prometheus, "footfall_events_received_total == 6").await?;
    for (outcome, count) in expected {
        let answer = prometheus.ask(&format!("sum(footfall_events_{outcome}_total)")).await?;
        ensure!(value(&answer) == Some(count), "{outcome} is {answer:?}, not {count}");
    }
    // Rates need two scrapes of the same counter.
    wait_for(&prometheus, "sum(rate(footfall_events_received_total[20s])) > 0").await?;

    let expressions: BTreeSet<String> = of_dashboards()?.into_iter().chain(of_alerts()?).collect();
    let (mut answered, mut of_vector) = (0, 0);
    for expression in &expressions {
        let filled = expression.replace(RATE_INTERVAL, &format!("{}s", 20 * prometheus::SCRAPE_SECONDS));
        let answer = prometheus.ask(&filled).await?;
        if expression.contains("vector_") {
            of_vector += 1;
            continue;
        }
        ensure!(value(&answer).is_some(), "{expression} returns nothing");
        answered += 1;
    }
    ensure!(answered > 0, "no dashboard queries the gateway's metrics");
    gateway.stop().await?;
    Ok(format!(
        "Debian's Prometheus on the gateway: ledger, {answered} expressions of dashboards and alerts; {of_vector} query Vector's metrics and were only parsed, since no Vector is running"
    ))
}

/// Three events that are stored, one of them twice, and two invalid ones.
async fn send(url: &str) -> anyhow::Result<()> {
    let [a, b, c] = [1, 2, 3].map(|id| json!({"type": "click", "event_id": uuid::Uuid::from_u128(id), "user_id": "1"}));
    let events = json!([a, b, b, c, {"type": ""}, {"type": "a", "locale": 7}]);
    let request = Client::new().post(format!("{url}/v1/events")).header("X-App", "app").json(&events);
    let answer: Value = request.send().await?.json().await?;
    ensure!(answer["accepted"] == 3, "the gateway responded {answer}");
    Ok(())
}

async fn wait_for(prometheus: &prometheus::Prometheus, expression: &str) -> anyhow::Result<()> {
    let seen = async {
        while value(&prometheus.ask(expression).await?).is_none() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::Ok(())
    };
    let waited = tokio::time::timeout(SCRAPED_TIME_MAX, seen).await;
    waited.with_context(|| format!("not seen within {} s: {expression}", SCRAPED_TIME_MAX.as_secs()))?
}

/// The first series' value, if it is a number.
fn value(answer: &[Value]) -> Option<f64> {
    let number: f64 = answer.first()?["value"][1].as_str()?.parse().ok()?;
    number.is_finite().then_some(number)
}

fn of_dashboards() -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join("dashboards"))? {
        let board: Value = serde_json::from_slice(&fs::read(entry?.path())?)?;
        let panels = board["panels"].as_array().into_iter().flatten();
        let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
        found.extend(targets.filter_map(|target| target["expr"].as_str().map(str::to_owned)));
    }
    Ok(found)
}

fn of_alerts() -> anyhow::Result<Vec<String>> {
    let file = "provisioning/grafana/with-prometheus/alerting/footfall-prometheus.yaml";
    let text = fs::read_to_string(root().join(file))?;
    let file: Value = yaml_serde::from_str(&text)?;
    let groups = file["groups"].as_array().into_iter().flatten();
    let rules = groups.flat_map(|group| group["rules"].as_array().into_iter().flatten());
    let data = rules.flat_map(|rule| rule["data"].as_array().into_iter().flatten());
    Ok(data.filter_map(|query| query["model"]["expr"].as_str().map(str::to_owned)).collect())
}

//! Sending visits through the gateway's real HTTP interface.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use futures_util::{StreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::generator::{PROJECT, Passers, Visit};
use crate::clickhouse::{Server, ask};

/// Requests in flight: responses wait for the commit, so many must share one.
const IN_FLIGHT: usize = 256;
const TRIES: usize = 10;
/// Between two visitors while the demo is up.
const PASSERS_PAUSE: Duration = Duration::from_secs(2);
const VISIBLE_TIME_MAX: Duration = Duration::from_secs(30);

/// Sends every visit as one request, and retries if the gateway says so.
pub async fn visits(url: &str, visits: Vec<Visit>) -> anyhow::Result<()> {
    let events = visits.iter().map(|visit| visit.events.len() as u64).sum();
    let style =
        ProgressStyle::with_template("  sending {bar:40} {human_pos}/{human_len} events  {per_sec}  {elapsed}")?;
    let bar = ProgressBar::new(events).with_style(style);
    let client = Client::new();
    let mut sending = stream::iter(visits.into_iter().map(|visit| {
        let (client, url, bar) = (client.clone(), url.to_owned(), bar.clone());
        async move {
            let answer = send(&client, &url, &visit).await?;
            let accepted = answer["accepted"].as_u64().unwrap_or(0);
            ensure!(accepted == visit.events.len() as u64, "the gateway did not accept every event: {answer}");
            bar.inc(accepted);
            anyhow::Ok(())
        }
    }))
    .buffer_unordered(IN_FLIGHT);
    while let Some(result) = sending.next().await {
        result?;
    }
    let elapsed = bar.elapsed();
    bar.finish_and_clear();
    #[expect(clippy::cast_precision_loss, reason = "a rate for display")]
    let rate = events as f64 / elapsed.as_secs_f64();
    eprintln!(
        "· sent {events} events in {:.1} s, {rate:.0} events/s, each acknowledged when durable",
        elapsed.as_secs_f64()
    );
    Ok(())
}

/// Sends visitors one after another until the signal comes, so that the realtime dashboard lives; returns how many
/// events were accepted.
pub async fn passers(
    url: &str,
    mut passers: Passers,
    recorder: &mut Recorder,
    mut stopping: watch::Receiver<bool>,
) -> anyhow::Result<usize> {
    let client = Client::new();
    let mut accepted = 0;
    loop {
        tokio::select! {
            // An error means that the sender of the signal is gone.
            _ = stopping.wait_for(|stop| *stop) => return Ok(accepted),
            () = tokio::time::sleep(PASSERS_PAUSE) => {}
        }
        let visit = passers.next(chrono::Utc::now().timestamp_millis());
        recorder.write(&visit)?;
        // Not within the select above: what was sent is counted.
        let answer = send(&client, url, &visit).await?;
        accepted += usize::try_from(answer["accepted"].as_u64().unwrap_or(0))?;
    }
}

async fn send(client: &Client, url: &str, visit: &Visit) -> anyhow::Result<Value> {
    let body = serde_json::to_vec(&visit.events)?;
    for attempt in 0..TRIES {
        let request = client
            .post(format!("{url}/v1/events"))
            .header("X-App", PROJECT)
            .header("X-Forwarded-For", &visit.ip)
            .header("User-Agent", visit.user_agent)
            .header("Content-Type", "application/json")
            .body(body.clone());
        match request.send().await {
            Ok(answer) if answer.status() == 503 => {}
            Ok(answer) => {
                let status = answer.status();
                let answer: Value = answer.json().await?;
                ensure!(status == 201, "the gateway answered {status}: {answer}");
                return Ok(answer);
            }
            // Retrying is safe: event ids are derived from the content.
            Err(_) if attempt + 1 < TRIES => {}
            Err(error) => return Err(error.into()),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    bail!("the gateway was busy {TRIES} times")
}

/// Sends single events, like the article's curl, and times each until a query returns
/// it; returns the 99th percentile in milliseconds.
pub async fn live(url: &str, clickhouse: &Server, count: usize, recorder: &mut Recorder) -> anyhow::Result<f64> {
    let client = Client::new();
    let mut times_ms = Vec::with_capacity(count);
    for n in 0..count {
        let now_ms = chrono::Utc::now().timestamp_millis();
        let event_id = uuid::Uuid::now_v7().to_string();
        let event = json!({
            "type": "click", "event_id": event_id, "user_id": "demo", "session_id": format!("live-{now_ms}-{n}"),
            "timestamp": now_ms, "locale": "en", "path": "/getting-started", "appVersion": "0.0.1", "details": {"meta_a": "meta_a"},
        });
        let visit = Visit { ip: "81.2.69.160".into(), user_agent: "curl/8.5.0", events: vec![event] };
        recorder.write(&visit)?;
        let started = Instant::now();
        send(&client, url, &visit).await?;
        while !is_visible(&client, clickhouse, &event_id).await? {
            ensure!(
                started.elapsed() < VISIBLE_TIME_MAX,
                "event {event_id} is not visible after {} s",
                VISIBLE_TIME_MAX.as_secs()
            );
        }
        times_ms.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    times_ms.sort_by(f64::total_cmp);
    let at = (times_ms.len() * 99).div_ceil(100).saturating_sub(1);
    times_ms.get(at).copied().context("no event was timed")
}

async fn is_visible(client: &Client, clickhouse: &Server, event_id: &str) -> anyhow::Result<bool> {
    let sql = "SELECT count() FROM analytics.events WHERE event_id = bitShiftRight(sipHash64({id:String}), 16) AND ts >= now() - INTERVAL 1 HOUR";
    Ok(ask(client, clickhouse, sql, &[("param_id", event_id)]).await? == "1")
}

/// Distinct events of the demo's project in ClickHouse.
pub async fn stored(clickhouse: &Server) -> anyhow::Result<usize> {
    let sql = "SELECT count() FROM analytics.events FINAL WHERE project = {project:String}";
    Ok(ask(&Client::new(), clickhouse, sql, &[("param_project", PROJECT)]).await?.parse()?)
}

/// Records what is sent, for an independent count.
pub struct Recorder(Option<BufWriter<File>>);

impl Recorder {
    /// Opens the file, if requested.
    pub fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        Ok(Self(path.map(|path| File::create(path).map(BufWriter::new)).transpose()?))
    }

    /// Appends a visit.
    pub fn write(&mut self, visit: &Visit) -> anyhow::Result<()> {
        if let Some(file) = &mut self.0 {
            writeln!(file, "{}", json!({"ip": visit.ip, "user_agent": visit.user_agent, "events": visit.events}))?;
            file.flush()?;
        }
        Ok(())
    }
}

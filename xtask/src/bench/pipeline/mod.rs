//! From POST to row: the CPU time of all processes for the same requests, ours embedded, ours through a
//! cluster, and the article's chain (Bento → Kafka → Vector → ClickHouse).

mod side;

use std::time::{Duration, Instant};

use anyhow::ensure;
use serde_json::{Map, Value, json};

use side::{Side, Way};

use super::{bento, load::Load};
use crate::{clickhouse::ask, root, vector};

const CONNECTIONS: usize = 64;
const ARRIVE_TIME_MAX: Duration = Duration::from_secs(180);
/// Requests before anything is measured.
const WARM_UP_REQUESTS: usize = 5_000;

/// What one side took, by process.
struct Taken {
    cpu_s_per_million: Vec<(&'static str, f64)>,
}

impl Taken {
    fn total(&self) -> f64 {
        self.cpu_s_per_million.iter().map(|(_, seconds)| seconds).sum()
    }
}

/// Runs each side whose programs are at hand, and compares.
///
/// # Errors
/// If a process does not start, or an event does not arrive.
pub async fn run(events: usize) -> anyhow::Result<()> {
    let folder = root().join("target/bench-pipeline");
    let mut taken: Vec<(Way, Taken)> = Vec::new();
    eprintln!("CPU-seconds per million events, POST to row, one event a request, {CONNECTIONS} connections");
    for way in Way::at_hand()? {
        let folder = folder.join(way.name());
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder)?;
        let mut side = Side::start(way, &folder).await?;
        let result = measure(&mut side, events).await;
        side.stop().await?;
        let result = result?;
        let parts: Vec<_> =
            result.cpu_s_per_million.iter().map(|(part, seconds)| format!("{part} {seconds:.0}")).collect();
        eprintln!("{:<20}{:>8.0}   {}", way.name(), result.total(), parts.join(", "));
        taken.push((way, result));
    }
    println!("{}", line(&taken)?);
    Ok(())
}

async fn measure(side: &mut Side, events: usize) -> anyhow::Result<Taken> {
    let warm_up = Load { connections: CONNECTIONS, requests: WARM_UP_REQUESTS, events_per_request: 1, first_event: 0 };
    warm_up.send(&side.url).await?;
    arrive(side, WARM_UP_REQUESTS).await?;
    let before = side.cpu_s()?;
    let load = Load { requests: events, first_event: WARM_UP_REQUESTS, ..warm_up };
    load.send(&side.url).await?;
    arrive(side, WARM_UP_REQUESTS + events).await?;
    let after = side.cpu_s()?;
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let per_million = |seconds: f64| seconds * 1e6 / events as f64;
    let parts = before.into_iter().zip(after);
    Ok(Taken {
        cpu_s_per_million: parts.map(|((part, before), (_, after))| (part, per_million(after - before))).collect(),
    })
}

/// Waits until exactly so many events are stored.
async fn arrive(side: &mut Side, events: usize) -> anyhow::Result<()> {
    let started = Instant::now();
    let client = reqwest::Client::new();
    loop {
        side.check()?;
        let stored: usize = ask(&client, &side.clickhouse, side.count, &[]).await?.parse()?;
        if stored >= events {
            ensure!(stored == events, "{stored} rows of {events} events");
            return Ok(());
        }
        ensure!(started.elapsed() < ARRIVE_TIME_MAX, "{stored} of {events} events after {ARRIVE_TIME_MAX:?}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// The line of JSON.
fn line(taken: &[(Way, Taken)]) -> anyhow::Result<Value> {
    let mut figures = Map::new();
    for (way, taken) in taken {
        figures.insert(format!("{}_cpu_s_per_million", way.name()), json!(taken.total()));
        for (part, seconds) in &taken.cpu_s_per_million {
            figures.insert(format!("{}_{part}_cpu_s_per_million", way.name()), json!(seconds));
        }
    }
    let total = |way: Way| taken.iter().find(|(of, _)| *of == way).map(|(_, taken)| taken.total());
    let ratio = |ours: Way| Some(total(Way::Article)? / total(ours)?);
    let present = |program: Option<std::path::PathBuf>| if program.is_some() { "present" } else { "absent" };
    Ok(json!({
        "name": "pipeline", "ok": true,
        "ratios": {
            "pipeline_cpu_vs_article": ratio(Way::Cluster),
            "pipeline_embedded_cpu_vs_article": ratio(Way::Embedded),
        },
        "figures": figures,
        "peers": {"bento": present(bento::program()?), "vector": present(vector::program()?)},
    }))
}

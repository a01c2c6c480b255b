//! A gateway beside the one whose engine it writes to, so that the two can be killed one by one.

use std::{
    collections::BTreeSet,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::{Value, json};

use super::{Gateway, Program};

const ARRIVE_TIME_MAX: Duration = Duration::from_secs(60);

/// Starts it.
pub fn beside(engine: &Gateway, data: &Path, environment: &[(&str, &str)]) -> Program {
    beside_by(Command::new(env!("CARGO_BIN_EXE_ingest-gateway")), engine, data, environment)
}

/// Starts it by a command that becomes the gateway's program.
pub fn beside_by(mut command: Command, engine: &Gateway, data: &Path, environment: &[(&str, &str)]) -> Program {
    command.env("FOOTFALL_LISTEN", "127.0.0.1:0").env("FOOTFALL_DATA", data).env("PROJECTS", "app,website");
    command.env_remove("KAFKA_BROKERS").envs(engine.clickhouse_environment()).envs(environment.iter().copied());
    Program::start(&mut command)
}

/// Starts the engine anew on its port and its data.
pub fn restart(engine: &Gateway, data: &Path) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
    let address = engine.clickhouse.trim_start_matches("http://");
    command.env("FOOTFALL_LISTEN", "127.0.0.1:0").env("FOOTFALL_DATA", data).env("FOOTFALL_ENGINE_LISTEN", address);
    command.env("PROJECTS", "app,website").env_remove("CLICKHOUSE_URL").env_remove("KAFKA_BROKERS");
    Program::start(&mut command)
}

/// `kill -9`.
pub fn kill(program: &mut Program) {
    program.process.kill().unwrap();
    program.process.wait().unwrap();
}

/// Sends the event of a number; none if there is no answer.
pub async fn send(url: &str, n: usize) -> Option<(u16, Value)> {
    let event = json!({"type": "page_view", "user_id": format!("u{}", n % 7), "session_id": format!("s{}", n % 7),
        "timestamp": 1_790_000_000_000_i64 + n as i64, "path": format!("/{n}")});
    let answer =
        Client::new().post(format!("{url}/v1/events")).header("X-App", "website").json(&event).send().await.ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.json().await.ok()?))
}

/// The numbers of the events that are stored, once they are as many; none may be there twice.
pub async fn arrived(engine: &Gateway, events: usize) -> BTreeSet<usize> {
    let started = Instant::now();
    loop {
        let paths = engine.sql("SELECT path FROM analytics.events FINAL FORMAT TSV").await;
        let number = |path: &str| path.trim_start_matches('/').parse().ok();
        let numbers: BTreeSet<usize> = paths.lines().filter_map(number).collect();
        if numbers.len() >= events {
            assert_eq!(paths.lines().count(), numbers.len(), "an event is stored twice");
            return numbers;
        }
        assert!(started.elapsed() < ARRIVE_TIME_MAX, "{} of {events} events arrived", numbers.len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

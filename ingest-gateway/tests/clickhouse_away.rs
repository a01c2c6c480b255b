//! A gateway that starts while ClickHouse is away takes events into its journal, and brings them and the tables home when
//! ClickHouse comes, as long as the tables are those that it knows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use clickhouse::Client;
use common::{
    Gateway, Program,
    beside::{arrived, beside, kill, send},
    door::Door,
};
use ingest_gateway::migrate::{self, NEWEST};

const TIME_MAX: Duration = Duration::from_secs(60);
/// Longer than the pause between two attempts.
const TRIED_TIME: Duration = Duration::from_secs(12);

fn start(engine: &Gateway, door: &Door, data: &Path) -> Program {
    beside(engine, data, &[("CLICKHOUSE_URL", &door.url())])
}

async fn get(gateway: &Program, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("{}{path}", gateway.url)).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

async fn metric(gateway: &Program, name: &str) -> u64 {
    let (_, metrics) = get(gateway, "/metrics").await;
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).unwrap().parse().unwrap()
}

/// Waits until `/readyz`, which says all along that events are taken, says this.
async fn says(gateway: &Program, what: &str) -> String {
    let started = Instant::now();
    loop {
        let (status, text) = get(gateway, "/readyz").await;
        assert_eq!(status, 200, "{text}");
        if text.contains(what) {
            return text;
        }
        assert!(started.elapsed() < TIME_MAX, "{what:?} is not said: {text}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What `doctor` finds beside this gateway.
fn doctor(engine: &Gateway, door: &Door, gateway: &Program) -> String {
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
    doctor.args(["doctor", "--disk-free-bytes-min", "1"]).env_remove("KAFKA_BROKERS").env("RUST_LOG", "error");
    doctor.envs(engine.clickhouse_environment()).env("CLICKHOUSE_URL", door.url());
    let output = doctor.env("FOOTFALL_LISTEN", gateway.url.trim_start_matches("http://")).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_taken_before_clickhouse_comes_and_tables_are_made_when_it_does() {
    let (engine_data, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = Gateway::start(engine_data.path());
    engine.sql("DROP DATABASE analytics SYNC").await;
    let mut door = Door::before(&engine.clickhouse);
    let mut gateway = start(&engine, &door, data.path());
    for n in 0..20 {
        assert_eq!(send(&gateway.url, n).await.unwrap().0, 201);
    }
    let told =
        says(&gateway, "warning: events wait in the journal: ClickHouse's tables cannot be brought up to date: ").await;
    assert!(told.starts_with("ready\n") && told.contains("ClickHouse does not answer: does it run"), "{told}");
    let found = doctor(&engine, &door, &gateway);
    assert!(found.contains("FAIL  clickhouse") && found.contains("events wait in the journal"), "{found}");
    kill(&mut gateway);

    let gateway = start(&engine, &door, data.path());
    assert_eq!(metric(&gateway, "footfall_journal_events").await, 20, "they outlive kill -9");
    for n in 20..40 {
        assert_eq!(send(&gateway.url, n).await.unwrap().0, 201);
    }
    let bad = reqwest::Client::new().post(format!("{}/v1/events", gateway.url)).header("X-App", "app");
    assert_eq!(bad.body(r#"{"type": ""}"#).send().await.unwrap().status(), 400);
    assert!(gateway.stop(), "it ends in order, with its events in the journal");

    let gateway = start(&engine, &door, data.path());
    let bad = reqwest::Client::new().post(format!("{}/v1/events", gateway.url)).header("X-App", "app");
    assert_eq!(bad.body(r#"{"type": ""}"#).send().await.unwrap().status(), 400);
    door.open().await;
    assert_eq!(arrived(&engine, 40).await, (0..40).collect());
    assert_eq!(get(&gateway, "/readyz").await.1, "ready\n");
    let newest = engine.sql("SELECT max(version) FROM analytics.schema_migrations").await;
    assert_eq!(newest, NEWEST.to_string());
    for waiting in ["footfall_journal_events", "footfall_dead_letters_waiting"] {
        let started = Instant::now();
        while metric(&gateway, waiting).await > 0 {
            assert!(started.elapsed() < TIME_MAX, "{waiting}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    let sessions = engine.sql("SELECT sum(length(page_views)) FROM analytics.sessions FINAL").await;
    assert_eq!(sessions, "40", "the views were there before the events");
    assert_eq!(engine.sql("SELECT count(), countIf(bytes > 0) FROM analytics.dead_letters").await, "1\t1");
    assert_eq!(send(&gateway.url, 40).await.unwrap().0, 201);
    arrived(&engine, 41).await;
    assert!(gateway.stop());
}

/// A column that is not there would be left out of each event in silence; so nothing is written to such tables.
#[tokio::test(flavor = "multi_thread")]
async fn events_wait_for_tables_that_this_program_knows() {
    let (engine_data, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = Gateway::start(engine_data.path());
    engine.sql("INSERT INTO analytics.schema_migrations (version, name, checksum) VALUES (99, 'future', '')").await;
    let mut door = Door::before(&engine.clickhouse);
    let gateway = start(&engine, &door, data.path());
    for n in 0..10 {
        assert_eq!(send(&gateway.url, n).await.unwrap().0, 201);
    }
    door.open().await;
    let newer = format!("the tables are at version 99, this program knows {NEWEST}: install a newer one");
    says(&gateway, &newer).await;
    let found = doctor(&engine, &door, &gateway);
    assert!(found.contains("FAIL  migrations") && found.contains("warn  gateway"), "{found}");
    assert_eq!(found.matches(&newer).count(), 2, "{found}");
    assert_eq!(send(&gateway.url, 10).await.unwrap().0, 201);
    tokio::time::sleep(TRIED_TIME).await;
    assert_eq!(metric(&gateway, "footfall_journal_events").await, 11);
    assert_eq!(engine.sql("SELECT count() FROM analytics.events").await, "0");

    // A start that finds them so is refused, as ever.
    let mut other = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
    other.env("FOOTFALL_LISTEN", "127.0.0.1:0").env("FOOTFALL_DATA", data.path()).env_remove("KAFKA_BROKERS");
    let refused = other.envs(engine.clickhouse_environment()).output().unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains(&newer));

    engine.sql("ALTER TABLE analytics.schema_migrations DELETE WHERE version = 99 SETTINGS mutations_sync = 2").await;
    assert_eq!(arrived(&engine, 11).await, (0..11).collect());
    assert_eq!(get(&gateway, "/readyz").await.1, "ready\n");
    assert!(gateway.stop());

    // Older ones are brought up to date before anything is written to them.
    engine.sql("DROP DATABASE analytics SYNC").await;
    let client = Client::default().with_url(&engine.clickhouse).with_user("default").with_password(&engine.password);
    migrate::apply_up_to(&client, None, 8).await.unwrap();
    let mut door = Door::before(&engine.clickhouse);
    let gateway = start(&engine, &door, data.path());
    assert_eq!(send(&gateway.url, 20).await.unwrap().0, 201);
    door.open().await;
    assert_eq!(arrived(&engine, 1).await, [20].into());
    assert_eq!(engine.sql("SELECT max(version) FROM analytics.schema_migrations").await, NEWEST.to_string());
    assert!(gateway.stop());
}

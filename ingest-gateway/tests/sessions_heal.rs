//! An insert that failed between the events and their sessions, on the real engine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use clickhouse::Client;
use common::Gateway;
use ingest_gateway::heal::{Healer, Pace};
use serde_json::json;

const SESSIONS: &str = "SELECT count(), sum(cityHash64(* EXCEPT (project, page_views, other_events))), sum(length(page_views)), sum(length(other_events)) FROM (SELECT * FROM analytics.sessions FINAL WHERE project = ";
/// No session can be written any more, but events can.
const BREAK: &str = "ALTER TABLE analytics.sessions ADD CONSTRAINT broken CHECK visitor = 0";
const MEND: &str = "ALTER TABLE analytics.sessions DROP CONSTRAINT broken";

/// An event is answered when ClickHouse has it.
/// Nor does the gateway remember what it has stored: the test deletes it behind its back.
const NO_JOURNAL: [(&str, &str); 2] = [("FOOTFALL_JOURNAL_BYTES_MAX", "0"), ("FOOTFALL_RECENT_EVENTS_MAX", "0")];

fn events() -> String {
    let event = |n: i64| {
        json!({"type": if n % 3 == 0 { "click" } else { "page_view" }, "user_id": n % 7,
        "event_id": format!("018ee9a4-0000-7000-8000-{n:012}"), "session_id": (n % 2).to_string(), "path": format!("/{n}"), "timestamp": 1_767_225_500_000 + n * 9_000})
    };
    json!((0..60).map(event).collect::<Vec<_>>()).to_string()
}

async fn sessions(gateway: &Gateway, project: &str) -> String {
    // The visitor depends on the project, and is left out.
    let sql = SESSIONS.replace("(project,", "(project, visitor,");
    gateway.sql(format!("{sql}'{project}')")).await
}

fn healer(data: &Path, gateway: &Gateway) -> Healer {
    let pace = Pace { calm_time: Duration::from_millis(300), wait_time_max: Duration::from_secs(2) };
    let client = Client::default().with_url(&gateway.clickhouse).with_user("default").with_password(&gateway.password);
    Healer::start(data, client, pace)
}

#[tokio::test(flavor = "multi_thread")]
async fn events_get_their_sessions_in_the_end() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start_with(data.path(), &NO_JOURNAL);
    let (status, answer) = gateway.post("/v1/events", "website", events()).await;
    assert_eq!(status, 201, "{answer}");
    let expected = sessions(&gateway, "website").await;
    assert!(expected.ends_with("\t40\t20"), "{expected}");

    // Repeated by the gateway itself, as long as it tries.
    gateway.sql(BREAK).await;
    let sent = gateway.post("/v1/events", "app", events());
    let mended = async {
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(gateway.sql("SELECT count() FROM analytics.events WHERE project = 'app'").await, "60", "the hole");
        assert_eq!(gateway.sql("SELECT count() FROM analytics.sessions WHERE project = 'app'").await, "0");
        gateway.sql(MEND).await;
    };
    let ((status, answer), ()) = tokio::join!(sent, mended);
    assert_eq!(status, 201, "{answer}");
    assert_eq!(sessions(&gateway, "app").await, expected);

    // Failed for good, and never sent again: the days are noted over a restart.
    gateway.sql("DELETE FROM analytics.sessions WHERE project = 'app'").await;
    gateway.sql("DELETE FROM analytics.events WHERE project = 'app'").await;
    gateway.sql(BREAK).await;
    let (status, answer) = gateway.post("/v1/events", "app", events()).await;
    assert_eq!((status, &answer["error"]["reason"]), (503, &json!("not_durable")));
    assert_eq!(gateway.sql("SELECT count() FROM analytics.events WHERE project = 'app'").await, "60");
    assert!(gateway.stop());
    let notes = std::fs::read_to_string(data.path().join("sessions-to-derive.json")).unwrap();
    assert_eq!(notes, "[20453,20454]", "the last day of 2025 and the first of 2026");
    let gateway = Gateway::start_with(data.path(), &NO_JOURNAL);
    gateway.sql(MEND).await;
    let healer = healer(data.path(), &gateway);
    let started = Instant::now();
    while sessions(&gateway, "app").await != expected {
        assert!(started.elapsed() < Duration::from_secs(20), "{}", sessions(&gateway, "app").await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Once more changes nothing, and nothing is left to do.
    healer.note_failed([20_453, 20_454]);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(sessions(&gateway, "app").await, expected);
    assert_eq!(sessions(&gateway, "website").await, expected);
    assert!(!data.path().join("sessions-to-derive.json").exists());
    healer.close().await;
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_repeats_the_insert_until_the_sessions_are_there_too() {
    let data = tempfile::tempdir().unwrap();
    let mut gateway = Gateway::start(data.path());
    let (status, answer) = gateway.post("/v1/events", "website", events()).await;
    assert_eq!(status, 201, "{answer}");
    let expected = sessions(&gateway, "website").await;

    gateway.sql(BREAK).await;
    let (status, answer) = gateway.post("/v1/events", "app", events()).await;
    assert_eq!(status, 201, "{answer}");
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    let count = async |gateway: &Gateway, table: &str| {
        let sql = format!("SELECT count() FROM analytics.{table} WHERE project = 'app'");
        String::from_utf8(gateway.bytes_now(sql).await).unwrap().trim().to_owned()
    };
    assert_eq!((count(&gateway, "events").await.as_str(), count(&gateway, "sessions").await.as_str()), ("60", "0"));
    gateway.program.process.kill().unwrap();
    gateway.program.process.wait().unwrap();

    let gateway = Gateway::start(data.path());
    gateway.bytes_now(MEND).await;
    assert_eq!(sessions(&gateway, "app").await, expected);
    assert_eq!(gateway.sql("SELECT count() FROM analytics.events FINAL WHERE project = 'app'").await, "60");
    assert!(gateway.stop());
}

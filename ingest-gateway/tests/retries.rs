//! What a client sees that sends again, and one of whose events is bad: the real program and engine.
//! `identity.rs` has the contract in full, with arrivals a day apart.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

mod common;

use std::time::Duration;

use async_compression::tokio::bufread::{GzipEncoder, ZstdEncoder};
use common::Gateway;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

/// Sends from an address; returns the outcomes.
async fn send(gateway: &Gateway, ip: &str, body: &Value) -> Vec<String> {
    let request = Client::new().post(format!("{}/v1/events", gateway.url)).header("X-App", "app");
    let answer = request.header("X-Forwarded-For", ip).body(body.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let answer: Value = answer.json().await.unwrap();
    answer["outcomes"].as_array().unwrap().iter().map(|o| o["outcome"].as_str().unwrap().to_owned()).collect()
}

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

async fn rows_and_sessions(gateway: &Gateway, event: &str) -> (String, String) {
    let events = format!("SELECT count() FROM analytics.events FINAL WHERE event = '{event}'");
    let sessions = format!(
        "SELECT count() FROM analytics.sessions FINAL WHERE (project, visitor) IN (SELECT project, visitor FROM analytics.events WHERE event = '{event}')"
    );
    (gateway.sql(events).await, gateway.sql(sessions).await)
}

/// Regressions: each of these was two rows.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_again_is_the_same_event_after_kill_nine_as_well() {
    let data = tempfile::tempdir().unwrap();
    let mut gateway = Gateway::start(data.path());
    let (here, there) = ("81.2.69.160", "89.160.20.130");
    let id = |n: u32| format!("0b0e1f2a-1111-4222-8333-{n:012}");
    // An id and no time; a clock five minutes fast; an id and a time of nobody, who then moves.
    let c1 = json!({"type": "c1", "event_id": id(1), "user_id": "1"});
    let c2 = json!({"sent_at": now_ms() + 300_000, "events": [{"type": "c2", "user_id": "2", "timestamp": now_ms()}]});
    let c3 = json!({"type": "c3", "event_id": id(3), "timestamp": now_ms()});
    let all = [("c1", &c1), ("c2", &c2), ("c3", &c3)];
    for (_, body) in all {
        assert_eq!(send(&gateway, here, body).await, ["accepted"]);
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    for (event, body) in all {
        assert_eq!(send(&gateway, there, body).await, ["duplicate"], "{event}");
        assert_eq!(rows_and_sessions(&gateway, event).await, ("1".into(), "1".into()), "{event}");
    }
    let skew = gateway.sql("SELECT dateDiff('second', ts, received_at) FROM analytics.events WHERE event = 'c2'").await;
    assert!(skew.lines().all(|line| line.parse::<i64>().unwrap().abs() < 60), "the time is as sent: {skew}");

    // Killed, the gateway knows the first arrivals still.
    gateway.program.process.kill().unwrap();
    gateway.program.process.wait().unwrap();
    let gateway = Gateway::start(data.path());
    for (event, body) in all {
        let outcomes = send(&gateway, there, body).await;
        assert!(outcomes == ["accepted"] || outcomes == ["duplicate"], "{outcomes:?}");
        assert_eq!(rows_and_sessions(&gateway, event).await, ("1".into(), "1".into()), "{event}, after kill -9");
    }
    assert!(gateway.stop());

    // Stopped in order, it knows that they are stored.
    let gateway = Gateway::start(data.path());
    assert_eq!(send(&gateway, here, &c1).await, ["duplicate"]);
    // One that is known and one that is bad: nothing is to be sent again.
    let mixed = json!([c1, {"type": ""}]);
    assert_eq!(send(&gateway, here, &mixed).await, ["duplicate", "dropped"]);
    assert!(gateway.stop());
}

/// Other people's bug reports (cases 01, 03, 10, 11 and 12): the neighbours of a bad event are kept,
/// and what is merely unusual is read.
#[tokio::test(flavor = "multi_thread")]
async fn one_bad_event_costs_one_event() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let large = format!(r#"{{"type":"large","more":"{}"}}"#, "x".repeat(8_200));
    let batch = format!(
        r#"[{{"type":"a","user_id":"1"}},{{"type":"b","user_id":"1","title":"cut \ud83d"}},{large},7,{{"type":"c","user_id":"1"}}]"#
    );
    let (status, answer) = gateway.post("/v1/events", "app", batch).await;
    assert_eq!(status, 201, "{answer}");
    let outcomes: Vec<_> =
        answer["outcomes"].as_array().unwrap().iter().map(|o| (&o["outcome"], &o["reason"])).collect();
    let (accepted, dropped) = (&json!("accepted"), &json!("dropped"));
    assert_eq!(
        outcomes,
        [
            (accepted, &Value::Null),
            (dropped, &json!("invalid_value")),
            (dropped, &json!("too_long")),
            (dropped, &json!("not_an_object")),
            (accepted, &Value::Null)
        ]
    );
    let message = answer["outcomes"][1]["message"].as_str().unwrap();
    assert!(answer["outcomes"][1]["field"] == "title" && message.contains("surrogate"), "{message}");
    assert_eq!(gateway.sql("SELECT event FROM analytics.events FINAL ORDER BY event").await, "a\nc");

    let unusual = "\u{feff}{\"type\": \"d\", \"user_id\": \"1\", \"screen\": {\"width\": 411.42857, \"height\": 731.4}, \"details\": {\"order\": 12345678901234567890123}}";
    assert_eq!(gateway.post("/v1/events", "app", unusual).await.0, 201);
    assert_eq!(
        gateway
            .sql("SELECT screen_width, screen_height, properties['order'] FROM analytics.events WHERE event = 'd'")
            .await,
        "411\t731\t12345678901234567890123"
    );
    // Half of a character in one string: the rest of the body is read.
    let broken = [br#"[{"type":"e","title":"caf"#.as_slice(), b"\xc3", br#""},{"type":"f"}]"#].concat();
    assert_eq!(gateway.post("/v1/events", "app", broken).await.0, 201);
    assert_eq!(gateway.sql("SELECT title FROM analytics.events WHERE event = 'e'").await, "caf\u{fffd}");

    for (encoding, event) in [("gzip", "g"), ("zstd", "z")] {
        let halves = [format!(r#"[{{"type":"{event}"}},"#), format!(r#"{{"type":"{event}"}}]"#)];
        let mut body = Vec::new();
        for half in &halves {
            match encoding {
                "gzip" => GzipEncoder::new(half.as_bytes()).read_to_end(&mut body).await.unwrap(),
                _ => ZstdEncoder::new(half.as_bytes()).read_to_end(&mut body).await.unwrap(),
            };
        }
        let request = Client::new().post(format!("{}/v1/events", gateway.url)).header("X-App", "app");
        let answer = request.header("Content-Encoding", encoding).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 201, "several {encoding} members");
        let count = format!("SELECT count() FROM analytics.events FINAL WHERE event = '{event}'");
        assert_eq!(gateway.sql(count).await, "2");
    }
    assert!(gateway.stop());
}

//! The gateway as a client sees it: the real program, the real engine, real requests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

mod common;

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    process::{Command, Stdio},
};

use common::Gateway;

use reqwest::Client;
use serde_json::{Value, json};

const ARTICLE: &str = r#"{"type": "click", "user_id": "1", "session_id": "FaAa31", "timestamp": "2024-04-17T04:04:12",
    "locale": "en", "path": "/getting-started", "appVersion": "0.0.1", "details": {"meta_a": "meta_a", "meta_b": "meta_b"}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_stored_once_and_outlives_the_gateway() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let (status, answer) = gateway.post("/", "app", ARTICLE).await;
    assert_eq!((status, &answer["outcomes"][0]["outcome"]), (201, &json!("accepted")), "{answer}");
    assert_eq!(gateway.stored().await, 1, "201 means that a query sees it");
    let (_, again) = gateway.post("/v1/events", "app", ARTICLE).await;
    assert_eq!(again["outcomes"][0]["event_id"], answer["outcomes"][0]["event_id"], "a retry is the same event");
    assert_eq!(again["outcomes"][0]["outcome"], "duplicate", "and known to be stored");
    assert_eq!(gateway.stored().await, 1);
    let row = gateway
        .sql(
            "SELECT type, user_id, timestamp, appVersion, details['meta_b'], country, city FROM analytics.data LIMIT 1",
        )
        .await;
    assert_eq!(row, "click\t1\t2024-04-17 04:04:12\t0.0.1\tmeta_b\tGB\tLondon", "the article's columns");

    let batch = json!({"sent_at": 1_713_326_652_000_i64, "events": [
        {"type": "a", "event_id": "018ee9a4-0000-7000-8000-000000000001"}, {"type": ""},
        {"type": "a", "event_id": "018ee9a4-0000-7000-8000-000000000001"}]});
    let (status, answer) = gateway.post("/v1/events", "app", batch.to_string()).await;
    assert_eq!(status, 201, "good events beside bad ones are kept");
    let outcomes: Vec<&Value> = answer["outcomes"].as_array().unwrap().iter().map(|o| &o["outcome"]).collect();
    assert_eq!(outcomes, ["accepted", "dropped", "duplicate"]);
    assert_eq!(answer["outcomes"][1]["field"], "type");

    let bearer = Client::new()
        .post(format!("{}/v1/events", gateway.url))
        .bearer_auth("0123456789abcdef")
        .body(r#"{"type":"k"}"#);
    assert_eq!(bearer.send().await.unwrap().status(), 201);
    assert_eq!(gateway.sql("SELECT project FROM analytics.events WHERE event = 'k'").await, "website");
    assert_eq!(gateway.stored().await, 3);
    ledger_adds_up(&gateway, 6, 3).await;

    assert_eq!(health(&gateway.url), (true, "ready\n".to_owned()));
    assert!(gateway.stop(), "SIGTERM ends it in order");
    let (is_ready, message) = health("http://127.0.0.1:1");
    assert!(!is_ready && message.contains("does the gateway run"), "{message}");
    let gateway = Gateway::start(data.path());
    assert_eq!(gateway.stored().await, 3, "a restart keeps the events and applies no migration twice");
    let applied = gateway.sql("SELECT count() FROM analytics.schema_migrations FINAL").await;
    assert_eq!(applied, ingest_gateway::migrate::NEWEST.to_string());
    assert!(gateway.stop());
}

/// kill -9 in the middle of a stream of requests: what was answered 201 is there.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_there_after_kill_nine() {
    let data = tempfile::tempdir().unwrap();
    let mut gateway = Gateway::start(data.path());
    let url = gateway.url.clone();
    let senders: Vec<_> = (0..8)
        .map(|sender| {
            let url = format!("{url}/v1/events");
            tokio::spawn(async move {
                let client = Client::new();
                let mut answered = 0;
                for n in 0.. {
                    let events = json!([{"type": "a", "user_id": sender, "timestamp": 1_713_326_652_000_i64 + n}]);
                    match client.post(&url).header("X-App", "app").json(&events).send().await {
                        Ok(answer) if answer.status() == 201 => answered += 1,
                        _ => break,
                    }
                }
                answered
            })
        })
        .collect();
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    gateway.program.process.kill().unwrap();
    let mut answered = 0;
    for sender in senders {
        answered += sender.await.unwrap();
    }
    drop(gateway);
    let gateway = Gateway::start(data.path());
    let stored = gateway.stored().await;
    assert!(answered >= 8, "too few requests to prove anything: {answered}");
    // One request of each sender may be stored and not answered.
    assert!((answered..=answered + 8).contains(&stored), "{answered} were answered 201, {stored} are stored");
    assert!(gateway.stop());
}

/// `ingest-gateway health` on that address: whether it is ready, and what it says.
fn health(url: &str) -> (bool, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
    program.arg("health").env("FOOTFALL_LISTEN", url.trim_start_matches("http://")).env("PROJECTS", "app");
    let output = program.output().unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

async fn ledger_adds_up(gateway: &Gateway, received: u64, stored: u64) {
    let text = Client::new().get(format!("{}/metrics", gateway.url)).send().await.unwrap().text().await.unwrap();
    let sum = |prefix: &str| -> u64 {
        text.lines().filter(|l| l.starts_with(prefix)).filter_map(|l| l.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    };
    assert_eq!((sum("footfall_events_received_total"), sum("footfall_events_stored_total")), (received, stored));
    let rest = [
        "footfall_events_duplicate_total",
        "footfall_events_dropped_total",
        "footfall_events_failed_total",
        "footfall_events_pending ",
    ];
    assert_eq!(received, stored + rest.map(sum).iter().sum::<u64>(), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_named_and_nothing_of_it_is_stored() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let long = format!(r#"{{"type":"a","title":"{}"}}"#, "x".repeat(30_000));
    let many = json!(vec![json!({"type": "a"}); 101]).to_string();
    let cases: [(&str, &str, String, u16, &str, &str); 10] = [
        ("/v1/events", "ap", r#"{"type":"a"}"#.into(), 403, "unknown_project", "X-App"),
        ("/", "", r#"{"type":"a"}"#.into(), 403, "missing_project", "X-App"),
        ("/v1/events", "app", r#"{"user_id":"1"}"#.into(), 400, "missing_field", "type"),
        ("/v1/events", "app", r#"{"type":"a","timestamp":"soon"}"#.into(), 400, "invalid_timestamp", "timestamp"),
        ("/v1/events", "app", "hello".into(), 400, "not_json", "body"),
        ("/v1/events", "app", String::new(), 400, "not_json", "body"),
        ("/v1/events", "app", long, 413, "too_large", "body"),
        ("/v1/events", "app", many, 413, "too_many_events", "events"),
        ("/v1/events", "app", "[]".into(), 400, "empty", "events"),
        ("/v2/events", "app", r#"{"type":"a"}"#.into(), 404, "not_found", "path"),
    ];
    for (path, project, body, status, reason, field) in cases {
        let (got, answer) = gateway.post(path, project, body).await;
        let error = &answer["error"];
        assert_eq!((got, &error["reason"], &error["field"]), (status, &json!(reason), &json!(field)), "{answer}");
        assert!(error["message"].as_str().unwrap().len() > 10, "{answer}");
    }
    let client = Client::new();
    for method in [reqwest::Method::PUT, reqwest::Method::GET, reqwest::Method::DELETE] {
        let answer = client.request(method, format!("{}/v1/events", gateway.url)).send().await.unwrap();
        assert_eq!(answer.status(), 405);
        assert_eq!(answer.headers()["allow"], "POST, OPTIONS");
        assert_eq!(answer.json::<Value>().await.unwrap()["error"]["field"], "method");
    }
    let key = client.post(format!("{}/v1/events", gateway.url)).bearer_auth("wrong").body("{}").send().await.unwrap();
    assert_eq!(key.status(), 401);
    let preflight = client.request(reqwest::Method::OPTIONS, &gateway.url).send().await.unwrap();
    assert_eq!(
        (preflight.status().as_u16(), &preflight.headers()["access-control-allow-methods"]),
        (200, &"POST".parse().unwrap())
    );
    a_small_body_that_unpacks_to_much_is_refused(&gateway);
    assert_eq!(gateway.stored().await, 0);
    assert!(gateway.stop());
}

/// Raw, since the client crate has no compressor: 41 kB of zeros are 60 bytes as gzip.
fn a_small_body_that_unpacks_to_much_is_refused(gateway: &Gateway) {
    let mut gzip = Command::new("gzip").arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    gzip.stdin.take().unwrap().write_all(&[b' '; 41_000]).unwrap();
    let body = gzip.wait_with_output().unwrap().stdout;
    let mut stream = TcpStream::connect(gateway.url.trim_start_matches("http://")).unwrap();
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nHost: x\r\nX-App: app\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
    let answer: Vec<String> = BufReader::new(stream).lines().map_while(Result::ok).collect();
    assert!(answer[0].contains("413"), "{answer:?}");
    assert!(answer.concat().contains("decompressed body has more than 40000 bytes"), "{answer:?}");
}

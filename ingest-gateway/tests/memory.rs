//! Small requests that unpack to much: what the real process takes of the machine's memory while it
//! answers them. The sink is a Kafka that is not there, so that everything taken stays in flight.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

mod common;

use std::process::Command;

use common::{Program, packed};
use futures_util::future::join_all;
use reqwest::Client;
use serde_json::{Value, json};

const MIB: u64 = 1 << 20;
/// Beside what requests may hold: allocators keep some of what was freed, and the connections' buffers.
const SLACK_BYTES: u64 = 64 * MIB;

struct Gateway {
    program: Program,
    _data: tempfile::TempDir,
}

impl Gateway {
    fn start(in_flight_bytes_max: u64) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
        command
            .env("FOOTFALL_LISTEN", "127.0.0.1:0")
            .env("FOOTFALL_DATA", data.path())
            .env("FOOTFALL_IN_FLIGHT_BYTES_MAX", in_flight_bytes_max.to_string())
            .env("FOOTFALL_REQUEST_MS_MAX", "3000")
            .env("KAFKA_BROKERS", "127.0.0.1:1")
            .env("PROJECTS", "app");
        Self { program: Program::start(&mut command), _data: data }
    }

    /// Status and reason of each of so many requests at once.
    async fn send(&self, count: usize, encoding: &str, body: &[u8]) -> Vec<(u16, String)> {
        self.send_to("/v1/events", count, encoding, body).await
    }

    async fn send_to(&self, path: &str, count: usize, encoding: &str, body: &[u8]) -> Vec<(u16, String)> {
        let client = Client::new();
        let one = async || {
            let request = client.post(format!("{}{path}", self.program.url)).header("X-App", "app");
            let answer = request.header("Content-Encoding", encoding).body(body.to_vec()).send().await.unwrap();
            let status = answer.status().as_u16();
            let answer: Value = answer.json().await.unwrap();
            (status, answer["error"]["reason"].as_str().unwrap_or_default().to_owned())
        };
        join_all((0..count).map(|_| one())).await
    }

    /// The most that the process ever had in memory.
    fn peak_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.program.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }
}

/// Regression: 1,440 bytes on the wire took 1.2 GiB, as every value was built before they were counted.
#[tokio::test(flavor = "multi_thread")]
async fn nested_values_that_unpack_to_16_mib_are_counted_and_not_built() {
    let nested = r#"{"":{"":{"":{"":{"":0}}}}},"#;
    let text = format!("[{}0]", nested.repeat((16 << 20) / nested.len() - 1));
    let body = packed("zstd", text.as_bytes()).await;
    assert!(body.len() < 4_096, "{} bytes on the wire", body.len());
    let gateway = Gateway::start(128 * MIB);
    let before = gateway.peak_bytes();
    assert_eq!(gateway.send(1, "zstd", &body).await, [(413, "too_many_events".to_owned())]);
    let one = gateway.peak_bytes() - before;
    assert!(one < 48 * MIB, "one request took {one} bytes");
    for answer in gateway.send(40, "zstd", &body).await {
        assert!(matches!((answer.0, &*answer.1), (413, "too_many_events") | (503, "busy")), "{answer:?}");
    }
    let all = gateway.peak_bytes() - before;
    assert!(all < 128 * MIB + SLACK_BYTES, "40 requests at once took {all} bytes");

    // Nested deeper than any parser's stack, in one event.
    let deep = format!("[{}{}]", "[".repeat(8 << 20), "]".repeat(8 << 20));
    let answers = gateway.send(1, "zstd", &packed("zstd", deep.as_bytes()).await).await;
    assert_eq!(answers, [(413, "too_large".to_owned())], "of 16 MiB and two bytes");
    let deep = format!("[{}{}]", "[".repeat(4 << 20), "]".repeat(4 << 20));
    let answers = gateway.send(1, "zstd", &packed("zstd", deep.as_bytes()).await).await;
    assert_eq!(answers, [(400, "not_an_object".to_owned())]);
    assert!(gateway.peak_bytes() - before < 128 * MIB + SLACK_BYTES);
}

/// Regression: 60 requests of 28 KB took 2.7 GB, as events were limited in number and not in bytes.
#[tokio::test(flavor = "multi_thread")]
async fn events_that_wait_for_a_sink_are_bounded_in_bytes() {
    let details: serde_json::Map<String, Value> =
        (0..60).map(|n| (format!("d{n}"), "x".repeat(8_000).into())).collect();
    let events = json!(vec![json!({"type": "a", "user_id": "1", "details": details}); 32]).to_string();
    let body = packed("gzip", events.as_bytes()).await;
    assert!(body.len() < 40_000 && events.len() > 15_000_000, "{} bytes on the wire", body.len());
    let gateway = Gateway::start(96 * MIB);
    let before = gateway.peak_bytes();
    let answers = gateway.send(60, "gzip", &body).await;
    let count = |reason: &str| answers.iter().filter(|(status, got)| *status == 503 && got == reason).count();
    assert_eq!(count("busy") + count("not_durable"), 60, "{answers:?}");
    assert!(count("not_durable") >= 1, "the first ones were taken: {answers:?}");
    let all = gateway.peak_bytes() - before;
    assert!(all < 96 * MIB + SLACK_BYTES, "60 requests at once took {all} bytes");

    // Nothing is held for ever: the same again is taken again.
    let answers = gateway.send(1, "gzip", &body).await;
    assert_eq!(answers, [(503, "not_durable".to_owned())]);
    let metrics =
        Client::new().get(format!("{}/metrics", gateway.program.url)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("footfall_in_flight_bytes 0\n"), "{metrics}");
}

/// Other clients' events are written anew, which takes as much again as they are long.
#[tokio::test(flavor = "multi_thread")]
async fn events_in_other_formats_are_bounded_in_bytes_too() {
    let large: serde_json::Map<String, Value> = (0..60).map(|n| (format!("d{n}"), "x".repeat(8_000).into())).collect();
    let small = json!({"event": "a", "type": "track", "userId": "1", "distinct_id": "1", "properties": {"a": 1}});
    let batch = |event: &Value, count: usize| {
        json!({"api_key": "app", "writeKey": "app", "batch": vec![event; count]}).to_string()
    };
    let event =
        |fields: Value| json!({"event": "a", "type": "track", "userId": "1", "distinct_id": "1", "properties": fields});
    let many_names: serde_json::Map<String, Value> = (0..500).map(|n| (format!("{n}"), 1.into())).collect();
    // A copy for each domain, as long as they are no more than a mebibyte together.
    let domains = (0..16).map(|n| format!("app{n}")).collect::<Vec<_>>().join(",");
    let few: serde_json::Map<String, Value> = (0..8).map(|n| (format!("d{n}"), "x".repeat(8_000).into())).collect();
    let umami = json!({"type": "event", "payload": {"website": "app", "name": "a", "data": large}});
    let bodies = [
        ("/batch/", batch(&event(large.clone().into()), 32)),
        ("/v1/batch", batch(&event(large.clone().into()), 32)),
        ("/batch/", batch(&event(many_names.into()), 2_500)),
        ("/batch/", batch(&small, 5_000)),
        ("/e/", format!("data={}", "QUFB".repeat(3 << 20))),
        ("/api/batch", json!(vec![umami; 32]).to_string()),
        ("/api/event", format!(r#"{{"n":"a","d":"{}"}}"#, ",".repeat(15 << 20))),
        ("/api/event", json!({"n": "a", "d": domains, "p": few}).to_string()),
    ];
    for (path, text) in bodies {
        let body = packed("gzip", text.as_bytes()).await;
        let gateway = Gateway::start(128 * MIB);
        let before = gateway.peak_bytes();
        for (status, reason) in gateway.send_to(path, 40, "gzip", &body).await {
            let is_known =
                matches!((status, &*reason), (503, "busy" | "not_durable") | (413, "too_large") | (400 | 403, _));
            assert!(is_known, "{path}: {status} {reason}");
        }
        let all = gateway.peak_bytes() - before;
        assert!(all < 128 * MIB + SLACK_BYTES, "{path}: 40 requests at once took {all} bytes");
    }
}

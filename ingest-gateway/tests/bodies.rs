//! Whatever a body holds: it is refused by name or read within its limits, nothing panics, and the
//! memory that it held is given back. The seeds are what once broke something.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

mod common;

use std::time::{Duration, Instant};

use axum::{body::Body, http::HeaderMap};
use common::packed;
use ingest_gateway::{body, in_flight::InFlight, limits::Limits, wire::native::decode};
use proptest::prelude::*;
use uuid::Uuid;
use vector_components::{Arrival, event::ClientHeaders, validate::receive};

const LIMITS: Limits = Limits {
    body_bytes_max: 16 << 10,
    decoded_bytes_max: 64 << 10,
    batch_events_max: 50,
    pending_events_max: 50,
    in_flight_bytes_max: 1 << 20,
    remembered_events_max: 100,
    recent_events_max: 0,
    request_time_max: Duration::from_secs(1),
    body_pause_max: Duration::from_secs(1),
    address_requests_per_s_max: 0,
};

const SEEDS: [&str; 12] = [
    r#"{"type":"click","user_id":7,"timestamp":"2026-01-01T00:00:00Z","details":{"a":1,"b":[1,{"c":null}]}}"#,
    r#"{"sent_at":1767225600000,"events":[{"type":"a","event_id":"018ee9a4-0000-7000-8000-000000000001"},7,null]}"#,
    "\u{feff}[{\"type\":\"a\"}]",
    r#"[{"type":"a"},{"type":"b","title":"cut \ud83d"},{"type":"c"}]"#,
    r#"{"type":"a","details":{"order":12345678901234567890123,"f":1e999,"n":-0.0}}"#,
    r#"{"type":"a","screen":{"width":411.42857,"height":-1},"revenue":{"amount":1e13,"currency":"eur"}}"#,
    r#"[{"":{"":{"":{"":{"":0}}}}},{"":{"":{"":{"":{"":0}}}}}]"#,
    r#"{"type":"a","url":"https://x.example/?token=S&user[password]=S","path":"/%zz?%74oken=S","type":"b"}"#,
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]",
    "{\"events\":{\"type\":1},\"type\":\"\\u0000\"}",
    "[]",
    "null",
];

#[derive(Clone, Debug)]
enum Change {
    Replace(usize, u8),
    Remove(usize, usize),
    Repeat(usize, usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<usize>(), 1..40_usize).prop_map(|(at, count)| Change::Remove(at, count)),
        (any::<usize>(), 1..60_usize, 1..3_000_usize).prop_map(|(at, count, times)| Change::Repeat(at, count, times)),
    ]
}

fn changed(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match *change {
        Change::Replace(at, byte) => bytes[at % length] = byte,
        Change::Remove(at, count) => drop(bytes.drain(at % length..(at % length + count).min(length))),
        Change::Repeat(at, count, times) => {
            let at = at % length;
            let piece = bytes[at..(at + count).min(length)].repeat(times);
            bytes.splice(at..at, piece);
        }
    }
    bytes.truncate(1 << 18);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_body_is_read_or_refused(
        seed in prop::sample::select(&SEEDS[..]),
        encoding in prop::sample::select(&["", "gzip", "deflate", "br", "zstd"][..]),
        before in prop::collection::vec(change(), 0..4),
        after in prop::collection::vec(change(), 0..2),
    ) {
        let mut text = seed.as_bytes().to_vec();
        before.iter().for_each(|change| changed(&mut text, change));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut wire = packed(encoding, &text).await;
            after.iter().for_each(|change| changed(&mut wire, change));
            let in_flight = InFlight::new(LIMITS.in_flight_bytes_max);
            let mut headers = HeaderMap::new();
            headers.insert("content-encoding", encoding.parse().unwrap());
            match body::read(Body::from(wire), &headers, &LIMITS, &in_flight, Instant::now() + LIMITS.request_time_max).await {
                Err(error) => assert!(!error.to_string().is_empty()),
                Ok(read) => {
                    assert!(read.text.len() <= LIMITS.decoded_bytes_max.max(LIMITS.body_bytes_max * 3));
                    assert!(read.text.len() <= in_flight.bytes(), "what is held is counted");
                    judge(&read.text);
                }
            }
            assert_eq!(in_flight.bytes(), 0, "what was held is given back");
        });
    }
}

fn judge(text: &str) {
    let Ok(batch) = decode(text, LIMITS.batch_events_max) else { return };
    assert!((1..=LIMITS.batch_events_max).contains(&batch.events.len()));
    let arrival = Arrival {
        project: "app".into(),
        received_at_ms: 1_767_225_600_000,
        sent_at_ms: batch.sent_at_ms,
        ip: None,
        user_agent: String::new(),
        hints: ClientHeaders::default(),
    };
    for raw in &batch.events {
        match receive(raw, &arrival, Uuid::nil) {
            Err(rejection) => assert!(!rejection.message.is_empty()),
            Ok(received) => {
                let written = serde_json::to_string(&received.event).unwrap();
                let again: vector_components::Event<'_> = serde_json::from_str(&written).unwrap();
                assert_eq!(again, received.event, "what goes through Kafka comes out the same");
            }
        }
    }
}

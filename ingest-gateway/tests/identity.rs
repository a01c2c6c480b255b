//! The contract of retries, in full: each shape of event, sent at two arrivals up to a day apart, is
//! one row and one session, unless the contract calls the two different. The gateway's inside is
//! started here, with arrivals at chosen times; the engine and the files are real.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

mod common;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use common::inside::{Inside, config};
use futures_util::future::join_all;
use ingest_gateway::{operate::Tables, wire::native::decode};
use serde_json::{Value, json};
use vector_components::{Enricher, enrich::UserAgents, timestamp::to_rfc3339};

const MS: i64 = 1;
const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// 2026-03-01T18:00:00Z: a later arrival of ten hours is past midnight.
const EVENING_MS: i64 = 1_772_388_000_000;
/// Between the first and the second arrival.
const GAPS_MS: [i64; 6] = [MS, 3 * SECOND_MS, 62 * SECOND_MS, 10 * HOUR_MS, 23 * HOUR_MS, DAY_MS - MS];
const V4: &str = "0b0e1f2a-1111-4222-8333-444455556666";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Id {
    None,
    V4,
    V7,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Wire {
    Single,
    Array,
    /// With a `sent_at` so far from the first arrival.
    SentAt(i64),
}

/// One shape of event, and how it is sent.
#[derive(Debug)]
struct Case {
    project: String,
    id: Id,
    /// From the first arrival.
    time_ms: Option<i64>,
    has_user: bool,
    wire: Wire,
    moves: bool,
}

impl Case {
    fn all(round: usize) -> Vec<Self> {
        let mut cases = Vec::new();
        for id in [Id::None, Id::V4, Id::V7] {
            // Just now; the day before; tomorrow by a clock that is ahead.
            for time_ms in [None, Some(-SECOND_MS), Some(-DAY_MS), Some(8 * HOUR_MS)] {
                for has_user in [false, true] {
                    for wire in [Wire::Single, Wire::Array, Wire::SentAt(0), Wire::SentAt(5 * 60 * SECOND_MS)] {
                        for moves in [false, true] {
                            let project = format!("p{round}-{}", cases.len());
                            cases.push(Self { project, id, time_ms, has_user, wire, moves });
                        }
                    }
                }
            }
        }
        cases
    }

    /// The same bytes for both arrivals.
    fn body(&self, first_ms: i64) -> String {
        let mut event = json!({"type": "page_view", "url": "https://shop.example/a", "details": {"n": 1}});
        match self.id {
            Id::None => {}
            Id::V4 => event["event_id"] = V4.into(),
            Id::V7 => {
                let hex = format!("{:012x}", first_ms - 2 * SECOND_MS);
                event["event_id"] = format!("{}-{}-7000-8000-000000000001", &hex[..8], &hex[8..]).into();
            }
        }
        if let Some(time_ms) = self.time_ms {
            event["timestamp"] = to_rfc3339(first_ms + time_ms).into();
        }
        if self.has_user {
            event["user_id"] = "u".into();
        }
        match self.wire {
            Wire::Single => event.to_string(),
            Wire::Array => json!([event]).to_string(),
            Wire::SentAt(off_ms) => json!({"events": [event], "sent_at": first_ms + off_ms}).to_string(),
        }
    }

    async fn send(&self, inside: &Inside, first_ms: i64, ip: &str) -> Vec<String> {
        let body = self.body(first_ms);
        inside.send(&self.project, &decode(&body, usize::MAX).unwrap(), ip).await
    }

    fn second_ip(&self) -> &'static str {
        if self.moves { "89.160.20.130" } else { "81.2.69.160" }
    }

    /// docs/events.md: without an id and a time it is new each time; without an id of event and
    /// person, another address is another person.
    fn are_two(&self) -> bool {
        self.id == Id::None && (self.time_ms.is_none() || (!self.has_user && self.moves))
    }

    /// Its identity depends on the arrival, so the gateway remembers the first one, and that it is stored.
    fn is_remembered(&self) -> bool {
        let lacks_time = self.time_ms.is_none() && self.id == Id::V4;
        let of_another_day = self.time_ms.is_some_and(|time_ms| time_ms != -SECOND_MS);
        let lacks_person = !self.has_user && (self.id != Id::None || (of_another_day && !self.moves));
        lacks_time || lacks_person
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_sent_twice_is_one_whenever_it_arrives() {
    let data = tempfile::tempdir().unwrap();
    let (client, engine) = config(data.path()).clickhouse.connect(data.path()).await.unwrap();
    Tables { client: client.clone(), cluster: None }.bring_up_to_date().await.unwrap();
    let enricher = Arc::new(Enricher::new(UserAgents::new().unwrap(), None));
    let mut sent_again = 0;
    for (round, gap_ms) in GAPS_MS.into_iter().enumerate() {
        let first_ms = EVENING_MS + i64::try_from(round).unwrap() * 4 * DAY_MS;
        let cases = Case::all(round);
        let inside = Inside::open(data.path(), &client, &enricher, first_ms);
        let first = join_all(cases.iter().map(|case| case.send(&inside, first_ms, "81.2.69.160"))).await;
        assert!(first.iter().all(|outcomes| *outcomes == ["accepted"]), "{first:?}");
        let before = counts(&client, round).await;
        assert!(cases.iter().all(|case| before[&case.project] == (1, 1)), "{before:?}");
        // Every other time after a restart.
        let inside = if round % 2 == 0 {
            inside
        } else {
            inside.ingest.close().await;
            Inside::open(data.path(), &client, &enricher, first_ms + gap_ms)
        };
        inside.clock.store(first_ms + gap_ms, Ordering::Relaxed);
        let second = join_all(cases.iter().map(|case| case.send(&inside, first_ms, case.second_ip()))).await;
        let after = counts(&client, round).await;
        for (case, outcomes) in cases.iter().zip(second) {
            let expected = if case.is_remembered() { "duplicate" } else { "accepted" };
            assert_eq!(outcomes, [expected], "{gap_ms} ms later: {case:?}");
            let rows = if case.are_two() { 2 } else { 1 };
            assert_eq!(after[&case.project].0, rows, "{gap_ms} ms later: {case:?}");
            assert!(case.are_two() || after[&case.project].1 == 1, "{gap_ms} ms later, sessions: {case:?}");
            sent_again += 1;
        }
        inside.ingest.close().await;
    }
    assert_eq!(sent_again, 6 * 3 * 4 * 2 * 4 * 2);
    two_that_are_equal_and_different(data.path(), &client, &enricher).await;
    engine.unwrap().stop().await.unwrap();
}

/// Neither id nor time: each is new, in one batch as on many connections in one millisecond.
async fn two_that_are_equal_and_different(data: &Path, client: &clickhouse::Client, enricher: &Arc<Enricher>) {
    let inside = Inside::open(data, client, enricher, EVENING_MS + 90 * DAY_MS);
    let events: Vec<Value> = vec![json!({"type": "scroll"}); 20];
    let body = Value::from(events).to_string();
    let batch = decode(&body, usize::MAX).unwrap();
    let answers = join_all((0..20).map(|_| inside.send("p-equal", &batch, "81.2.69.160"))).await;
    assert!(answers.concat().iter().all(|outcome| outcome == "accepted"));
    let stored: u64 = client
        .query_raw("SELECT count() FROM analytics.events FINAL WHERE project = 'p-equal'")
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(stored, 400);
    inside.ingest.close().await;
}

/// Rows and sessions, by project.
async fn counts(client: &clickhouse::Client, round: usize) -> HashMap<String, (u64, u64)> {
    let of = async |table: &str| -> HashMap<String, u64> {
        let sql = format!(
            "SELECT project, count() FROM analytics.{table} FINAL WHERE startsWith(project, 'p{round}-') GROUP BY project"
        );
        client.query_raw(&sql).fetch_all::<(String, u64)>().await.unwrap().into_iter().collect()
    };
    let (events, sessions) = (of("events").await, of("sessions").await);
    events.into_iter().map(|(project, rows)| (project.clone(), (rows, sessions[&project]))).collect()
}

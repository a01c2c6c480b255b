//! The contract of retries for every wire format: each request of the golden pairs is sent again up to a day later, from
//! another address, every other time across a restart, and stores nothing new.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, atomic::Ordering},
};

use axum::http::{HeaderMap, HeaderName, Method, Uri};
use common::inside::{Inside, config};
use ingest_gateway::{
    operate::Tables,
    wire::{FORMATS, Head, WireFormat},
};
use serde_json::Value;
use vector_components::{Enricher, enrich::UserAgents};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 86_400_000;
/// 2026-03-01T18:00:00Z: a later arrival of ten hours is past midnight.
const EVENING_MS: i64 = 1_772_388_000_000;
const GAPS_MS: [i64; 4] = [3_000, 62_000, 10 * HOUR_MS, DAY_MS - 1];

/// One request of a golden pair.
struct Sent {
    name: String,
    format: &'static dyn WireFormat,
    path: &'static str,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
}

impl Sent {
    /// None if the pair is no request with events that are the same when they are sent again.
    fn of(file: &str, pair: &Value) -> Option<Self> {
        let request = &pair["request"];
        if pair["once"] == true || pair["becomes"]["stored"].as_array().is_none_or(Vec::is_empty) {
            return None;
        }
        let uri: Uri = request["path"].as_str()?.parse().ok()?;
        let of = |format: &'static dyn WireFormat| {
            format.paths().iter().find(|path| **path == uri.path()).map(|path| (format, *path))
        };
        let (format, path) = FORMATS.iter().copied().find_map(of)?;
        let headers = request["headers"].as_object().into_iter().flatten();
        let headers = headers
            .map(|(name, value)| (HeaderName::try_from(name).unwrap(), value.as_str().unwrap().parse().unwrap()));
        let text = request["text"].as_str().map(str::to_owned);
        Some(Self {
            name: format!("{file}: {}", pair["name"]),
            format,
            path,
            method: request["method"].as_str().unwrap_or("POST").parse().unwrap(),
            uri,
            headers: headers.collect(),
            body: text
                .unwrap_or_else(|| if request["body"].is_null() { String::new() } else { request["body"].to_string() }),
        })
    }

    async fn send(&self, inside: &Inside, project: &str, ip: &str) -> Vec<String> {
        let (method, uri, headers) = (&self.method, &self.uri, &self.headers);
        let received_at_ms = inside.clock.load(Ordering::Relaxed);
        let head = Head { method, uri, headers, path: self.path, received_at_ms };
        let mut batch =
            self.format.decode(&head, &self.body, usize::MAX).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        // What only a write key may say.
        batch.said.clear();
        inside.send(project, &batch, ip).await
    }
}

fn golden() -> Vec<Sent> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/wire");
    let files: BTreeMap<_, _> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), path))
        .collect();
    let mut all = Vec::new();
    for (name, path) in files {
        let pairs: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        all.extend(pairs.iter().filter_map(|pair| Sent::of(&name, pair)));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_any_format_stores_nothing_new_when_it_comes_again() {
    let sent = golden();
    let formats: BTreeSet<&str> = sent.iter().map(|sent| sent.name.split(':').next().unwrap()).collect();
    assert!(sent.len() >= 30 && formats.len() >= 3, "{} requests of {formats:?}", sent.len());
    let data = tempfile::tempdir().unwrap();
    let (client, engine) = config(data.path()).clickhouse.connect(data.path()).await.unwrap();
    Tables { client: client.clone(), cluster: None }.bring_up_to_date().await.unwrap();
    let enricher = Arc::new(Enricher::new(UserAgents::new().unwrap(), None));
    for (round, gap_ms) in GAPS_MS.into_iter().enumerate() {
        let first_ms = EVENING_MS + i64::try_from(round).unwrap() * 4 * DAY_MS;
        let project = |n: usize| format!("w{round}-{n}");
        let mut inside = Inside::open(data.path(), &client, &enricher, first_ms);
        let mut accepted = Vec::new();
        for (n, sent) in sent.iter().enumerate() {
            let outcomes = sent.send(&inside, &project(n), "81.2.69.160").await;
            accepted.push(outcomes.iter().filter(|outcome| *outcome == "accepted").count() as u64);
        }
        if round % 2 == 1 {
            inside.ingest.close().await;
            inside = Inside::open(data.path(), &client, &enricher, first_ms + gap_ms);
        }
        inside.clock.store(first_ms + gap_ms, Ordering::Relaxed);
        let before = counts(&client, round).await;
        for (n, sent) in sent.iter().enumerate() {
            assert_eq!(before[&project(n)], accepted[n], "{}", sent.name);
            sent.send(&inside, &project(n), "89.160.20.130").await;
        }
        let after = counts(&client, round).await;
        for (n, sent) in sent.iter().enumerate() {
            assert_eq!(after[&project(n)], accepted[n], "{gap_ms} ms later: {}", sent.name);
        }
        inside.ingest.close().await;
    }
    engine.unwrap().stop().await.unwrap();
}

async fn counts(client: &clickhouse::Client, round: usize) -> HashMap<String, u64> {
    let sql = format!(
        "SELECT project, count() FROM analytics.events FINAL WHERE startsWith(project, 'w{round}-') GROUP BY project"
    );
    client.query_raw(&sql).fetch_all::<(String, u64)>().await.unwrap().into_iter().collect()
}

//! What is answered is stored, once, whoever is killed and however long ClickHouse is away.
#![allow(clippy::unwrap_used, reason = "a failed step here is a failed test")]

mod common;

use std::{collections::BTreeSet, time::Duration};

use common::{
    Gateway,
    beside::{arrived, beside, restart, send},
};
use reqwest::Client;

#[tokio::test]
async fn clickhouse_is_away_and_the_gateway_is_killed_meanwhile() {
    let (engine_data, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut engine = Gateway::start(engine_data.path());
    let mut gateway = beside(&engine, data.path(), &[]);
    for n in 0..20 {
        assert_eq!(send(&gateway.url, n).await.unwrap().0, 201);
    }
    arrived(&engine, 20).await;
    engine.program.process.kill().unwrap();
    engine.program.process.wait().unwrap();
    for n in 20..60 {
        assert_eq!(send(&gateway.url, n).await.unwrap().0, 201, "ClickHouse is away");
    }
    let ready = Client::new().get(format!("{}/readyz", gateway.url)).send().await.unwrap();
    assert_eq!(ready.status(), 200, "it takes events");
    gateway.process.kill().unwrap();
    gateway.process.wait().unwrap();

    let _again = restart(&engine, engine_data.path());
    let gateway = beside(&engine, data.path(), &[]);
    for n in 60..80 {
        assert_eq!(send(&gateway.url, n).await.unwrap().0, 201);
    }
    assert_eq!(arrived(&engine, 80).await, (0..80).collect());
    let sessions = engine
        .sql("SELECT session_id, uniqExact(path) FROM analytics.events FINAL GROUP BY session_id ORDER BY session_id");
    assert_eq!(sessions.await.lines().count(), 7);
    gateway.stop();
}

#[tokio::test]
async fn what_was_answered_survives_kill_9_at_any_moment() {
    let data = tempfile::tempdir().unwrap();
    let mut answered = BTreeSet::new();
    let mut sent = 0;
    for round in 0..4 {
        let mut gateway = Gateway::start(data.path());
        let url = gateway.url.clone();
        let first = sent;
        let sending = tokio::spawn(async move {
            let mut answered = Vec::new();
            for n in first.. {
                match send(&url, n).await {
                    Some((201, _)) => answered.push(n),
                    Some((status, body)) => panic!("{status}: {body}"),
                    None => return (n + 1, answered),
                }
            }
            unreachable!()
        });
        tokio::time::sleep(Duration::from_millis(300 + 170 * round)).await;
        gateway.program.process.kill().unwrap();
        gateway.program.process.wait().unwrap();
        let (next, of_round) = sending.await.unwrap();
        assert!(!of_round.is_empty());
        answered.extend(of_round);
        sent = next;
    }
    let gateway = Gateway::start(data.path());
    let stored = arrived(&gateway, answered.len()).await;
    assert!(answered.is_subset(&stored), "{:?} were answered and are lost", answered.difference(&stored));
    gateway.stop();
}

#[tokio::test]
async fn a_full_journal_says_so_and_takes_events_again_once_clickhouse_is_back() {
    let (engine_data, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut engine = Gateway::start(engine_data.path());
    let gateway = beside(&engine, data.path(), &[("FOOTFALL_JOURNAL_BYTES_MAX", "20000")]);
    engine.program.process.kill().unwrap();
    engine.program.process.wait().unwrap();
    let mut answered = 0;
    let refused = loop {
        let (status, body) = send(&gateway.url, answered).await.unwrap();
        if status != 201 {
            break (status, body);
        }
        answered += 1;
        assert!(answered < 200, "it is never full");
    };
    assert_eq!(refused.0, 503);
    assert!(refused.1.to_string().contains("at most 20000 are allowed by FOOTFALL_JOURNAL_BYTES_MAX"), "{}", refused.1);
    let ready = Client::new().get(format!("{}/readyz", gateway.url)).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let _again = restart(&engine, engine_data.path());
    arrived(&engine, answered).await;
    assert_eq!(send(&gateway.url, answered).await.unwrap().0, 201);
    arrived(&engine, answered + 1).await;
    gateway.stop();
}

#[tokio::test]
async fn gateways_that_share_a_folder_have_a_journal_each() {
    let (engine_data, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let engine = Gateway::start(engine_data.path());
    let gateways = [beside(&engine, data.path(), &[]), beside(&engine, data.path(), &[])];
    for n in 0..20 {
        assert_eq!(send(&gateways[n % 2].url, n).await.unwrap().0, 201);
    }
    arrived(&engine, 20).await;
    assert!(data.path().join("journal.redb").is_file() && data.path().join("gateway-1/journal.redb").is_file());
}

//! Queries that a viewer could run.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{PROJECT, Target};
use crate::clickhouse;

/// The engine's limit of concurrent read-only statements.
const SLOW_QUERIES: usize = 64;
const EVENT_TIME_MAX: Duration = Duration::from_secs(5);

/// Statements that once exhausted the memory of engine or plugin: each must fail with an error.
pub async fn greedy(target: &Target) -> anyhow::Result<()> {
    for sql in [
        "SELECT length(groupArray(number)) AS n FROM numbers(200000000) SETTINGS max_memory_usage = 0",
        "SELECT length(groupArray(number)) AS n FROM numbers(200000000)",
        "SELECT repeat(repeat('y', 1000000), 100) AS y FROM numbers(40)",
        "INSERT INTO FUNCTION file('attack.txt', 'LineAsString') SELECT 'x'",
        "KILL QUERY WHERE 1",
        "SELECT * FROM file('/proc/self/environ', 'LineAsString')",
    ] {
        let query: Value = json!({"queryType": "sql", "rawSql": sql});
        ensure!(target.plugin.query(&query, 0, 1).await.is_err(), "this did not fail: {sql}");
    }
    Ok(())
}

/// Slow queries in every read-only slot: events are still stored.
pub async fn slow(target: &Target) -> anyhow::Result<()> {
    let reader = target.server().reader();
    let sql = "SELECT count() FROM numbers(8) WHERE sleepEachRow(1) = 0";
    let parameters = [("max_block_size", "1")];
    let queries = (0..SLOW_QUERIES).map(|_| clickhouse::ask(&target.client, &reader, sql, &parameters));
    let event = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let started = Instant::now();
        let event = json!({"type": "beside", "user_id": "u", "timestamp": 1_767_225_600_000_i64});
        let request = target.client.post(target.events_url()).header("X-App", PROJECT).json(&event);
        let answer = request.send().await.context("the gateway does not respond")?;
        ensure!(answer.status() == 201, "an event next to slow queries got status {}", answer.status());
        ensure!(started.elapsed() < EVENT_TIME_MAX, "an event next to slow queries took {:?}", started.elapsed());
        Ok(())
    };
    let (_, event) = tokio::join!(join_all(queries), event);
    event
}

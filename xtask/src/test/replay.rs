//! Delivery is at least once, so events arrive again, late and in any order. The numbers must not
//! change: the same day is inserted three more times, in shuffled batches, across restarts
//! and without merges; then everything is inserted again in another order.

use std::{fs, path::Path};

use anyhow::{Context, ensure};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    bin,
    clickhouse::{Server, ask},
    engine::{self, Engine},
    plugin::{Plugin, Rows},
    seed,
};

const PROJECT: &str = "shop";
const ROWS: u64 = 40_000;
const DAYS: u32 = 4;
const DAY_MS: i64 = 86_400_000;
const ROUNDS: u64 = 3;
const BATCHES: u64 = 5;

/// Every query type, both on raw events and on rollups.
pub fn queries() -> Vec<Value> {
    let mut out = vec![
        json!({"queryType": "sessions", "result": "totals"}),
        json!({"queryType": "sessions", "result": "over_time"}),
        json!({"queryType": "funnel", "steps": [{"event": "page_view", "path": "/"}, {"event": "page_view", "path": "/pricing"}, {"event": "sign_up"}]}),
        json!({"queryType": "funnel", "by": "session", "steps": [{"event": "page_view"}, {"event": "click"}, {"event": "purchase"}]}),
    ];
    let steps =
        json!([{"event": "page_view", "path": "/"}, {"event": "page_view", "path": "/pricing"}, {"event": "sign_up"}]);
    for (name, extra) in [
        ("result", json!("trend")),
        ("result", json!("histogram")),
        ("result", json!("actors")),
        ("order", json!("any")),
        ("order", json!("strict")),
        ("breakdown", json!({"dimension": "country", "attribution": "all"})),
        ("hold", json!("country")),
        ("exclusions", json!([{"event": "click"}])),
    ] {
        let mut funnel = json!({"queryType": "funnel", "steps": steps, "interval": "day"});
        funnel[name] = extra;
        out.push(funnel);
    }
    for measure in ["count", "visitors", "users", "sessions", "per_visitor", "revenue"] {
        out.push(json!({"queryType": "trend", "interval": "day", "series": [{"measure": measure}], "breakdown": {"dimension": "channel"}, "shape": "long"}));
    }
    out.extend([
        json!({"queryType": "retention", "interval": "day"}),
        json!({"queryType": "retention", "interval": "day", "firstTime": true, "unbounded": true}),
        json!({"queryType": "lifecycle", "interval": "day"}),
        json!({"queryType": "attribution", "conversion": {"event": "sign_up"}}),
        json!({"queryType": "stickiness", "interval": "day"}),
        json!({"queryType": "paths"}),
        json!({"queryType": "paths", "by": "visitor", "anchor": {"path": "/pricing"}, "direction": "backward"}),
        json!({"queryType": "events", "limit": 500}),
        json!({"queryType": "sessions", "result": "list", "limit": 1000}),
        json!({"queryType": "sessions", "result": "over_time", "interval": "day", "compare": true, "quantiles": true}),
        json!({"queryType": "paths", "result": "graph"}),
        json!({"queryType": "sessions", "filter": {"field": "country", "value": "DE"}}),
    ]);
    for dimension in ["country", "path", "exit_path", "channel", "title", "user_id", "property:button"] {
        out.push(json!({"queryType": "sessions", "result": "by", "dimension": dimension, "limit": 1000}));
    }
    out
}

/// Fill → query → replay, restart, query → insert again in another order, query.
pub async fn run(folder: &Path) -> anyhow::Result<&'static str> {
    fs::create_dir_all(folder)?;
    let until = chrono::NaiveDate::from_ymd_opt(2026, 3, 5).context("no such day")?;
    let to_ms = until.and_hms_opt(0, 0, 0).context("no such day")?.and_utc().timestamp_millis();
    let range = (to_ms - i64::from(DAYS) * DAY_MS, to_ms);
    let client = Client::new();
    let engine = start(folder).await?;
    seed::migrate(&engine.server).await?;
    let options = seed::Options {
        rows: ROWS,
        days: DAYS,
        projects: format!("{PROJECT}:5,other:1"),
        seed: 3,
        until: Some(until),
        clickhouse: None,
        data: folder.to_owned(),
    };
    seed::fill(&engine.server, &options).await?;
    let expected = answers(&engine.server, folder, range).await?;
    ensure!(expected.iter().all(|rows| !rows.is_empty()), "a query has no rows");
    both_ways_to_count_sessions(&expected)?;
    engine.stop().await?;

    let (first, last) = (until - chrono::Days::new(3), until - chrono::Days::new(2));
    for round in 0..ROUNDS {
        let engine = start(folder).await?;
        let server = &engine.server;
        for table in ["events", "sessions"] {
            ask(&client, server, &format!("SYSTEM STOP MERGES analytics.{table}"), &[]).await?;
        }
        for batch in 0..BATCHES {
            let sql = format!(
                "INSERT INTO analytics.events SELECT * FROM analytics.events WHERE ts >= '{first}' AND ts < '{last}' AND sipHash64(event_id, {round}) % {BATCHES} = {batch} ORDER BY sipHash64(event_id, {batch})"
            );
            ask(&client, server, &sql, &[("insert_deduplicate", "0")]).await?;
        }
        let doubled: u64 = ask(&client, server, "SELECT count() FROM analytics.events", &[]).await?.parse()?;
        ensure!(doubled > ROWS + 1_000, "the replay is not in the table");
        same(&expected, &answers(server, folder, range).await?, &format!("after replay {}", round + 1))?;
        engine.stop().await?;
    }

    let engine = start(folder).await?;
    let server = &engine.server;
    ask(&client, server, "CREATE TABLE analytics.kept ENGINE = MergeTree ORDER BY sipHash64(event_id, 99) AS SELECT * FROM analytics.events FINAL", &[]).await?;
    for table in ["events", "sessions"] {
        ask(&client, server, &format!("TRUNCATE TABLE analytics.{table}"), &[]).await?;
    }
    for batch in 0..7 {
        ask(
            &client,
            server,
            &format!(
                "INSERT INTO analytics.events SELECT * FROM analytics.kept WHERE sipHash64(event_id, 5) % 7 = {batch}"
            ),
            &[],
        )
        .await?;
    }
    ask(&client, server, "DROP TABLE analytics.kept", &[]).await?;
    same(&expected, &answers(server, folder, range).await?, "in another order")?;
    ask(&client, server, "OPTIMIZE TABLE analytics.events FINAL", &[]).await?;
    ask(&client, server, "OPTIMIZE TABLE analytics.sessions FINAL", &[]).await?;
    same(&expected, &answers(server, folder, range).await?, "merged")?;
    engine.stop().await?;
    Ok(
        "a day inserted three more times, shuffled, across restarts, and everything again in another order: no number changes",
    )
}

async fn start(folder: &Path) -> anyhow::Result<Engine> {
    engine::start(&folder.join("clickhouse"), &folder.join("engine.log")).await
}

async fn answers(server: &Server, folder: &Path, (from_ms, to_ms): (i64, i64)) -> anyhow::Result<Vec<Rows>> {
    let plugin = Plugin::start(&bin("gpx_footfall"), server, PROJECT, &folder.join("plugin.log")).await?;
    let mut out = Vec::new();
    for query in queries() {
        out.push(plugin.query(&query, from_ms, to_ms).await.with_context(|| query.to_string())?);
    }
    Ok(out)
}

fn same(expected: &[Rows], got: &[Rows], when: &str) -> anyhow::Result<()> {
    for ((query, expected), got) in queries().iter().zip(expected).zip(got) {
        ensure!(expected == got, "{when}, {query} returns\n{got:?}\ninstead of\n{expected:?}");
    }
    Ok(())
}

/// Sessions by title are computed from the events; totals come from the rollup.
fn both_ways_to_count_sessions(answers: &[Rows]) -> anyhow::Result<()> {
    let sum = |rows: &Rows, name: &str| rows.iter().filter_map(|row| row.get(name)?.as_i64()).sum::<i64>();
    let by = |name: &str| {
        queries()
            .iter()
            .position(|query| query["dimension"] == name)
            .and_then(|at| answers.get(at))
            .context("no such query")
    };
    for name in ["sessions", "events", "page_views"] {
        let total = sum(&answers[0], name);
        for dimension in ["country", "title"] {
            let split = sum(by(dimension)?, name);
            ensure!(split == total, "{name} by {dimension} add up to {split}, the total is {total}");
        }
    }
    Ok(())
}

//! `ingest-gateway import`, as an operator runs it: what comes in is exact, and what does not is told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

mod common;

use std::{fs, path::Path};

use common::Gateway;
use serde_json::json;

/// A file of `tests/golden/import`.
fn golden(name: &str) -> String {
    format!("{}/tests/golden/import/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn import(gateway: &Gateway, from: &str, project: &str, path: &Path) -> String {
    gateway.succeed(&["import", "--from", from, "--project", project, "--path", path.to_str().unwrap()])
}

/// The summary has each of these lines, and no other.
fn check(said: &str, lines: &[&str]) {
    let said: Vec<&str> = said.lines().map(str::trim).collect();
    assert_eq!(said, lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_databases_and_editors_are_read_as_they_were_meant() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());

    let said = import(&gateway, "umami", "website", golden("umami-postgres.csv").as_ref());
    check(&said, &["4 read", "4 stored"]);
    assert_eq!(
        gateway.sql("SELECT session_id, ts FROM analytics.events FINAL ORDER BY session_id").await,
        "v11\t2026-05-01 10:00:00.000\nv12\t2026-05-01 10:00:01.123\nv13\t2026-05-01 10:00:01.123\nv14\t2026-05-01 10:00:00.000"
    );

    gateway.sql("TRUNCATE TABLE analytics.events").await;
    let said = import(&gateway, "umami", "website", golden("umami-null.csv").as_ref());
    check(&said, &["3 read", "3 stored"]);
    assert_eq!(
        gateway
            .sql("SELECT count(), uniqExact(visitor), groupUniqArray((user_id, event, url, referrer)) FROM analytics.events FINAL")
            .await,
        "3\t3\t[('','page_view','https://shop.example/a','')]"
    );
    // A header that an editor put a mark before names its first column all the same.
    let marked = data.path().join("imported_visitors_1.csv");
    fs::write(&marked, "\u{feff}date,visitors,pageviews\n2026-05-01,3,\\N\n").unwrap();
    check(&import(&gateway, "plausible", "website", &marked), &["1 read", "1 stored"]);
    assert_eq!(
        gateway.sql("SELECT date, visitors, page_views FROM analytics.imported_days FINAL").await,
        "2026-05-01\t3\t0"
    );

    gateway.sql("TRUNCATE TABLE analytics.events").await;
    let said = import(&gateway, "jsonl", "app", golden("byte-order-mark.jsonl").as_ref());
    check(&said, &["2 read", "2 stored"]);
    assert_eq!(
        gateway.sql("SELECT event, ts FROM analytics.events FINAL ORDER BY ts").await,
        "j1\t2026-05-01 10:00:00.000\nj2\t2026-05-01 10:00:01.000"
    );
    assert!(gateway.stop());
}

/// Rows as other settings of ClickHouse write them, beside events whose details have the columns' names.
#[tokio::test(flavor = "multi_thread")]
async fn rows_are_told_from_events_and_read_in_every_form_of_their_numbers() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let lines = [
        json!({"project": "app", "ts": "2026-05-01 10:00:00.125", "event": "row", "visitor": 7, "event_id": 1}),
        json!({"project": "app", "ts": 1_777_629_600.125, "event": "row", "visitor": u64::MAX, "event_id": 2}),
        json!({"project": "app", "ts": 1_777_629_600_125_u64, "event": "row", "visitor": "18446744073709551615", "event_id": "3"}),
        json!({"project": "app", "ts": "yesterday", "event": "row", "visitor": 7, "event_id": 4}),
        json!({"project": "website", "ts": 1, "event": "row", "visitor": 7, "event_id": 5}),
        json!({"type": "event", "user_id": "ann", "timestamp": "2026-05-01T10:00:00Z", "project": "x", "ts": 5, "visitor": 6}),
        json!({"type": "event", "user_id": "bob", "timestamp": "2026-05-01T10:00:00Z", "visitor": -1.5}),
    ];
    let path = data.path().join("rows.jsonl");
    let mut text = lines.map(|line| line.to_string()).join("\n");
    text.push_str("\n{\"type\":\"event\",\"user_id\":\"cem\",\"timestamp\":1777629600,\"details\":{\"ts\":12345678901234567890123}}\n[1]\n");
    fs::write(&path, text).unwrap();
    let said = import(&gateway, "jsonl", "app", &path);
    check(
        &said,
        &[
            "9 read",
            "6 stored",
            "1 dropped: invalid_timestamp",
            "line 4: timestamp \"yesterday\" is not a date",
            "1 dropped: not_json",
            "line 9: it is no JSON object",
            "1 dropped: row of another project",
            "line 5: it is of the project \"website\"",
        ],
    );
    assert_eq!(
        gateway
            .sql("SELECT event_id, ts, visitor FROM analytics.events FINAL WHERE event = 'row' ORDER BY event_id")
            .await,
        "1\t2026-05-01 10:00:00.125\t7\n2\t2026-05-01 10:00:00.125\t18446744073709551615\n3\t2026-05-01 10:00:00.125\t18446744073709551615"
    );
    assert_eq!(
        gateway.sql("SELECT user_id, properties['ts'], properties['visitor'] FROM analytics.events FINAL WHERE event = 'event' ORDER BY user_id").await,
        "ann\t5\t6\nbob\t\t-1.5\ncem\t12345678901234567890123"
    );
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_files_that_begin_alike_are_two_imports() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let file = |name: &str, last: &str| {
        let line = |user: &str, minute: u32| {
            json!({"type": "a", "user_id": user, "timestamp": format!("2026-05-01T10:{minute:02}:00Z"), "details": {"fill": "x".repeat(1_500)}}).to_string()
        };
        let mut lines: Vec<String> = (0..59).map(|minute| line("same", minute)).collect();
        lines.push(line(last, 59));
        let path = data.path().join(name);
        fs::write(&path, lines.join("\n")).unwrap();
        path
    };
    let (first, second, copy) = (file("1.jsonl", "ann"), file("2.jsonl", "bob"), file("3.jsonl", "ann"));
    assert_eq!(fs::metadata(&first).unwrap().len(), fs::metadata(&second).unwrap().len());
    assert!(fs::metadata(&first).unwrap().len() > 65_536);
    for path in [&first, &second] {
        check(&import(&gateway, "jsonl", "app", path), &["60 read", "60 stored"]);
    }
    assert_eq!(
        gateway
            .sql(
                "SELECT groupArray(user_id) FROM (SELECT DISTINCT user_id FROM analytics.events FINAL ORDER BY user_id)"
            )
            .await,
        "['ann','bob','same']"
    );
    assert_eq!(gateway.stored().await, 61, "what both hold is there once");
    let said = import(&gateway, "jsonl", "app", &copy);
    assert!(said.contains("complete already"), "the same content under another name: {said}");
    let said = import(&gateway, "jsonl", "website", &first);
    assert!(!said.contains("complete already"), "another project is another import: {said}");
    assert!(gateway.stop());
}

/// Every column, a file of several projects, a damaged file; and counts that are the import's own,
/// whatever the table does meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_parquet_file_is_taken_whole_and_of_its_project_or_not_at_all() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    gateway.sql("INSERT INTO analytics.events (project, ts, event, visitor, event_id, path, bot_score, bot_reasons, latitude, longitude, screen_width, revenue_amount, revenue_currency, properties, delay_s) SELECT 'website', toDateTime64('2026-05-01 10:00:00.125', 3, 'UTC') + number, 'e', 18446744073709551615 - number % 7, number, '/n\u{e9}\\'', 200, ['a', 'b'], 52.1, -0.30000001, 60000, 12345678901234.1234, 'EUR', map('k', 'v\"\\n', '', ''), -5 FROM numbers(45000)").await;
    let everything =
        "SELECT count(), sum(cityHash64(*)) FROM (SELECT * FROM analytics.events FINAL WHERE project = 'website')";
    let before = gateway.sql(everything).await;
    let file = |name: &str, bytes: &[u8]| {
        let path = data.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let whole = gateway
        .bytes("SELECT * FROM analytics.events WHERE project = 'website' ORDER BY event_id FORMAT Parquet")
        .await;
    let website = file("website.parquet", &whole);
    gateway.sql("TRUNCATE TABLE analytics.events").await;

    let refused = |path: &Path, project: &str, words: &[&str]| {
        let output =
            gateway.command(&["import", "--from", "parquet", "--project", project, "--path", path.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && words.iter().all(|word| said.contains(word)), "{said}");
    };
    refused(&website, "app", &["project website", "--project is app", "nothing was imported"]);
    refused(
        &file("cut.parquet", &whole[..whole.len() - 100]),
        "website",
        &["cut.parquet", "not a complete Parquet file"],
    );
    let numbers = gateway.bytes("SELECT 'website' AS project, number FROM numbers(3) FORMAT Parquet").await;
    refused(&file("numbers.parquet", &numbers), "website", &["no column ts"]);
    assert_eq!(gateway.stored().await, 0);

    let said = import(&gateway, "parquet", "website", &website);
    check(&said, &["45000 read", "45000 stored"]);
    assert_eq!(gateway.sql(everything).await, before);
    // The table does not grow, and the counts are the same.
    let path = website.to_str().unwrap();
    let said = gateway.succeed(&["import", "--from", "parquet", "--project", "website", "--path", path, "--again"]);
    check(&said, &["45000 read", "45000 stored"]);
    assert_eq!(gateway.sql(everything).await, before);
    let said = import(&gateway, "parquet", "website", &website);
    check(&said, &["this import is complete already (--again reads it once more)", "45000 read", "45000 stored"]);

    // One event of another project, at the end of a file, is found before the first is stored.
    gateway.sql("INSERT INTO analytics.events (project, ts, event, visitor, event_id) SELECT 'app', toDateTime64('2026-05-02 10:00:00', 3, 'UTC'), 'e', 1, 100000").await;
    let mixed = gateway.bytes("SELECT * FROM analytics.events FINAL ORDER BY event_id FORMAT Parquet").await;
    gateway.sql("TRUNCATE TABLE analytics.events").await;
    refused(&file("mixed.parquet", &mixed), "website", &["project app", "--project is website"]);
    assert_eq!(gateway.stored().await, 0);
    assert!(gateway.stop());
}

//! Dropped events of the direct sink: what is kept of them, that nobody waits for it, and that they are stored once when
//! they are sent again after a fix. The real program, engine and commands.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use common::{
    Gateway,
    beside::{beside, restart},
};
use reqwest::Client;
use serde_json::{Value, json};

const TIME_MAX: Duration = Duration::from_secs(30);
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

async fn post(url: &str, events: &Value) -> (u16, Value) {
    let request = Client::new().post(format!("{url}/v1/events")).header("X-App", "app").header("User-Agent", FIREFOX);
    let answer = request.header("X-Forwarded-For", "81.2.69.160").json(events).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn outcomes(answer: &Value) -> Vec<&str> {
    answer["outcomes"].as_array().unwrap().iter().map(|outcome| outcome["outcome"].as_str().unwrap()).collect()
}

/// Waits for so many letters.
async fn letters(gateway: &Gateway, count: usize) -> Vec<Value> {
    let started = Instant::now();
    loop {
        let found = gateway.sql("SELECT count() FROM analytics.dead_letters").await;
        if found == count.to_string() {
            let list = gateway.succeed(&["dead-letters", "list", "--json", "--limit", "1000"]);
            return list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        }
        assert!(started.elapsed() < TIME_MAX, "{found} of {count} dead letters are there");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn metric(url: &str, name: &str) -> u64 {
    let text = reqwest::get(format!("{url}/metrics")).await.unwrap().text().await.unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap_or_else(|| panic!("no {name}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_event_is_kept_without_secrets_and_stored_once_after_a_fix() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let anonymous = json!({"type": "scroll", "revenue": {"amount": 1, "currency": "EU1"}});
    let (status, answer) = post(
        &gateway.url,
        &json!([
            {"type": "good", "user_id": "1"},
            {"type": "buy", "user_id": "ann", "timestamp": 1_772_388_000_123_i64, "revenue": {"amount": 5, "currency": "EU1"},
             "url": "https://shop.example/a?token=SECRET1", "details": {"password": "SECRET2", "order": "7"}},
            anonymous, anonymous,
            {"type": "a", "title": "x".repeat(1_100), "user_id": "bob"},
            7,
            {"type": "good", "user_id": "2"},
        ]),
    )
    .await;
    assert_eq!(status, 201);
    assert_eq!(outcomes(&answer), ["accepted", "dropped", "dropped", "dropped", "dropped", "dropped", "accepted"]);
    let letters = letters(&gateway, 5).await;
    let (stored, all) = (gateway.stored().await, serde_json::to_string(&letters).unwrap());
    assert_eq!(stored, 2, "the neighbours are stored");
    for secret in ["SECRET1", "SECRET2", "81.2.69.160"] {
        assert!(!all.contains(secret), "{secret}: {all}");
        let found = gateway.sql(format!("SELECT count() FROM analytics.dead_letters WHERE position(concat(body, message, context), '{secret}') > 0")).await;
        assert_eq!(found, "0", "{secret}");
    }
    let of = |reason: &str| letters.iter().filter(|letter| letter["reason"] == reason).collect::<Vec<_>>();
    assert_eq!((of("invalid_value").len(), of("too_long").len(), of("not_an_object").len()), (3, 1, 1));
    let bought =
        of("invalid_value").into_iter().find(|letter| letter["body"].as_str().unwrap().contains("buy")).unwrap();
    assert_eq!(
        (&bought["project"], &bought["field"], &bought["origin"]),
        (&json!("app"), &json!("revenue.currency"), &json!("gateway"))
    );
    let body: Value = serde_json::from_str(bought["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["details"]["order"], &body["details"]["password"]), (&json!("7"), &json!("REDACTED")));

    // Nothing is mended: they are dropped again, and become no new letters.
    let again = gateway.succeed(&["dead-letters", "resend", "--project", "app"]);
    assert!(
        again.contains("5 dead letters, of which 0 are stored") && again.contains("3 not: invalid_value"),
        "{again}"
    );
    let mended =
        ["dead-letters", "resend", "--reason", "invalid_value", "--set", r#"revenue={"amount":5,"currency":"EUR"}"#];
    let dry = gateway.succeed(&[&mended[..], &["--dry-run"]].concat());
    assert!(dry.contains("3 dead letters, of which 3 would be stored") && gateway.stored().await == 2, "{dry}");
    let mut elsewhere = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
    elsewhere.args(mended).arg("--dry-run").envs(gateway.clickhouse_environment()).env("PROJECTS", "website");
    let said = String::from_utf8(elsewhere.env_remove("KAFKA_BROKERS").output().unwrap().stderr).unwrap();
    let unknown = "unknown_project: project \\\"app\\\" is not configured: names match exactly, see PROJECTS";
    assert_eq!(said.matches(unknown).count(), 3, "{said}");
    for _ in 0..2 {
        let sent = gateway.succeed(&mended);
        assert!(sent.contains("3 dead letters, of which 3 are stored"), "{sent}");
        assert_eq!(gateway.stored().await, 5, "two that are equal are two events; sent twice, each is one");
    }
    let row = gateway.sql("SELECT user_id, toUnixTimestamp64Milli(ts), browser, bot, country, revenue_currency, properties['password'] FROM analytics.events FINAL WHERE event = 'buy'").await;
    assert_eq!(row, "ann\t1772388000123\tFirefox\t\t\tEUR\tREDACTED", "all but the place is as it would have been");
    let visitors = gateway
        .sql("SELECT uniqExact(visitor), countIf(visitor = 0) FROM analytics.events FINAL WHERE event = 'scroll'")
        .await;
    assert_eq!(visitors, "1\t0", "who did it is known without the address");
    // The same person, had the event been accepted.
    post(&gateway.url, &json!({"type": "scroll-good"})).await;
    let same =
        gateway.sql("SELECT uniqExact(visitor) FROM analytics.events FINAL WHERE startsWith(event, 'scroll')").await;
    assert_eq!(same, "1");

    let list = gateway.succeed(&["dead-letters", "list", "--reason", "too_long"]);
    assert!(list.lines().count() == 1 && list.contains("title has 1100 bytes"), "{list}");
    let wrong = gateway.command(&["dead-letters", "list", "--reason", "too-long"]);
    assert!(!wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("no such reason"));
    // Erasing a person finds the letter by its visitor: its body names the id as any other text.
    let receipt = gateway.succeed(&["erase", "--project", "app", "--user", "bob"]);
    let line = receipt.lines().find(|line| line.contains("dead_letters")).unwrap();
    assert_eq!(line.split_whitespace().skip(1).collect::<Vec<_>>(), ["1", "0"], "{receipt}");
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_the_operators_choice() {
    for (choice, letters_kept, bodies_kept) in [("reasons", 1, 0), ("off", 0, 0), ("keep", 1, 1)] {
        let data = tempfile::tempdir().unwrap();
        let gateway = Gateway::start_with(data.path(), &[("FOOTFALL_DEAD_LETTERS", choice)]);
        let (status, _) = post(&gateway.url, &json!([{"type": ""}, {"type": "a"}])).await;
        assert_eq!(status, 201);
        // At the end everything that waits is written.
        assert!(gateway.stop());
        let gateway = Gateway::start(data.path());
        let counts =
            gateway.sql("SELECT count(), countIf(body != ''), sum(bytes) > 0 FROM analytics.dead_letters").await;
        assert_eq!(counts, format!("{letters_kept}\t{bodies_kept}\t{letters_kept}"), "{choice}");
        if choice == "reasons" {
            let sent = gateway.succeed(&["dead-letters", "resend"]);
            assert!(sent.contains("1 not: the event is not kept"), "{sent}");
        }
        assert!(gateway.stop());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_dead_letters_and_what_finds_no_room_is_counted() {
    let (engine_data, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut engine = Gateway::start(engine_data.path());
    let gateway = beside(&engine, data.path(), &[("FOOTFALL_WRITE_KEYS", "")]);
    engine.program.process.kill().unwrap();
    engine.program.process.wait().unwrap();
    let mut events = vec![json!({"type": ""}); 2_000];
    events[7] = json!({"type": "good", "user_id": "1"});
    let started = Instant::now();
    for n in 0..8 {
        events[7]["timestamp"] = (1_772_388_000_123_i64 + n).into();
        let (status, answer) = post(&gateway.url, &Value::from(events.clone())).await;
        assert_eq!((status, &answer["accepted"], &answer["dropped"]), (201, &json!(1), &json!(1_999)));
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    let (waiting, lost) = (
        metric(&gateway.url, "footfall_dead_letters_waiting").await,
        metric(&gateway.url, "footfall_dead_letters_lost_total").await,
    );
    assert!(lost > 0 && waiting > 9_000, "{waiting} wait, {lost} are lost");
    assert_eq!(waiting + lost, 8 * 1_999, "each is accounted for");
    let _again = restart(&engine, engine_data.path());
    let started = Instant::now();
    while metric(&gateway.url, "footfall_dead_letters_waiting").await > 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "they are not written");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(metric(&gateway.url, "footfall_dead_letters_kept_total").await, waiting);
    assert_eq!(engine.sql("SELECT uniqExact(letter_id) FROM analytics.dead_letters").await, waiting.to_string());
    assert_eq!(engine.stored().await, 8);
}

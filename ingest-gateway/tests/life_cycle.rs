//! The operator's commands, as an operator runs them: the real program on the real engine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

mod common;

use std::{fmt::Write, fs, process::Command};

use common::Gateway;
use serde_json::{Value, json};

/// Everything that a query can see of the events and sessions, as one number each.
const EVENTS: &str = "SELECT count(), sum(cityHash64(*)) FROM (SELECT * FROM analytics.events FINAL)";
const SESSIONS: &str = "SELECT count(), sum(cityHash64(project, date, visitor, session, slot, entry, exit, length(page_views), length(other_events))) FROM analytics.sessions FINAL";

async fn send(gateway: &Gateway, project: &str, events: &Value) {
    let (status, answer) = gateway.post("/v1/events", project, events.to_string()).await;
    assert_eq!(status, 201, "{answer}");
}

/// Three people over two months; `ann` was an anonymous device before she signed in.
async fn people(gateway: &Gateway) {
    let at = |month: u32, day: u32, minute: u32| format!("2026-{month:02}-{day:02}T10:{minute:02}:00.125Z");
    let event = |who: Value, kind: &str, time: String| {
        let mut event = json!({"type": kind, "timestamp": time, "url": "https://x.example/a?utm_source=n\u{e9}ws", "path": "/a",
            "details": {"quote": "a\"b\\c\nd", "empty": ""}, "revenue": {"amount": 12.3456, "currency": "EUR"}});
        event.as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
        event
    };
    let device = json!({"anonymous_id": "device-1", "session_id": "s1"});
    let ann = json!({"anonymous_id": "device-1", "user_id": "ann", "session_id": "s1"});
    let bob = json!({"user_id": "bob"});
    let guest = json!({"anonymous_id": "device-2"});
    send(
        gateway,
        "website",
        &json!([
            event(device.clone(), "page_view", at(1, 5, 1)),
            event(device, "page_view", at(1, 5, 2)),
            event(ann.clone(), "sign_up", at(1, 5, 3)),
            event(ann, "purchase", at(2, 6, 4)),
            event(bob.clone(), "page_view", at(1, 7, 1)),
            event(bob, "page_view", at(2, 7, 50)),
            event(guest, "page_view", at(2, 8, 1)),
        ]),
    )
    .await;
    send(gateway, "app", &json!([{"type": "open", "user_id": "ann", "timestamp": "2026-01-05T10:00:00Z"}])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_erased_everywhere_and_nobody_else() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    people(&gateway).await;
    gateway.sql("INSERT INTO analytics.dead_letters (received_at, project, reason, body) VALUES (now(), 'website', 'x', '{\"user_id\": \"ann\"}'), (now(), 'website', 'x', '{\"user_id\": \"anna\"}')").await;

    let dry = gateway.succeed(&["erase", "--project", "website", "--user", "ann", "--dry-run"]);
    assert!(dry.contains("nothing was erased"), "{dry}");
    assert_eq!(gateway.stored().await, 8);
    let receipt = gateway.succeed(&["erase", "--project", "website", "--user", "ann"]);
    let lines: Vec<Vec<&str>> = receipt.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        lines,
        [
            ["analytics.events", "4", "0"],
            ["analytics.sessions", "3", "0"],
            ["analytics.dead_letters", "1", "0"],
            ["analytics.cohort_members", "0", "0"],
            ["analytics.links", "1", "0"],
            ["analytics.aliases", "0", "0"]
        ]
    );
    assert_eq!(
        gateway
            .sql("SELECT project, user_id, anonymous_id, count() FROM analytics.events FINAL GROUP BY ALL ORDER BY ALL")
            .await,
        "app\tann\t\t1\nwebsite\t\tdevice-2\t1\nwebsite\tbob\t\t2",
        "the same name in another project is another person"
    );
    assert_eq!(gateway.sql("SELECT count() FROM analytics.dead_letters").await, "1");
    // Again: nothing is found, nothing fails, and both receipts are kept without the name.
    let again = gateway.succeed(&["erase", "--project", "website", "--user", "ann"]);
    assert!(again.lines().skip(1).all(|line| line.split_whitespace().nth(1) == Some("0")), "{again}");
    assert_eq!(
        gateway.sql("SELECT groupArray(rows_found) FROM (SELECT rows_found FROM analytics.erasures ORDER BY at)").await,
        "[9,0]"
    );
    // By the number of a visitor, and by a device.
    let visitor = gateway.sql("SELECT any(visitor) FROM analytics.events WHERE user_id = 'bob'").await;
    gateway.succeed(&["erase", "--project", "website", "--visitor", &visitor]);
    gateway.succeed(&["erase", "--project", "website", "--anonymous", "device-2"]);
    assert_eq!(gateway.sql("SELECT project, count() FROM analytics.events FINAL GROUP BY project").await, "app\t1");
    assert!(!gateway.command(&["erase", "--project", "website"]).status.success(), "nobody is named");
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_comes_in_again_the_same_and_once() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    people(&gateway).await;
    gateway.sql("DELETE FROM analytics.events WHERE project = 'app'").await;
    gateway.sql("DELETE FROM analytics.sessions WHERE project = 'app'").await;
    let (events, sessions) = (gateway.sql(EVENTS).await, gateway.sql(SESSIONS).await);
    for format in ["jsonl", "parquet"] {
        let folder = data.path().join(format);
        let folder = folder.to_str().unwrap();
        let export = ["export", "--project", "website", "--format", format, "--to", folder];
        let said = gateway.succeed(&export);
        assert!(said.contains("7 events in all"), "{said}");
        let again = gateway.succeed(&export);
        assert_eq!(again.matches("(was there)").count(), 2, "a complete file is not written again: {again}");
        let other = gateway.command(&["export", "--project", "app", "--to", folder]);
        assert!(String::from_utf8_lossy(&other.stderr).contains("holds the project website"));

        gateway.sql("TRUNCATE TABLE analytics.events").await;
        gateway.sql("TRUNCATE TABLE analytics.sessions").await;
        for round in 0..2 {
            for month in ["202601", "202602"] {
                let file = format!("{folder}/website-{month}.{format}");
                let import = ["import", "--from", format, "--project", "website", "--path", &file, "--again"];
                // The first time without --again.
                gateway.succeed(&import[..import.len() - usize::from(round == 0)]);
            }
            assert_eq!(gateway.sql(EVENTS).await, events, "{format}, round {round}");
            assert_eq!(gateway.sql(SESSIONS).await, sessions, "{format}, round {round}");
        }
    }
    let foreign = data.path().join("foreign.jsonl");
    fs::copy(data.path().join("jsonl/website-202601.jsonl"), &foreign).unwrap();
    let said = gateway.succeed(&["import", "--from", "jsonl", "--project", "app", "--path", foreign.to_str().unwrap()]);
    assert!(said.contains("4 dropped: row of another project"), "{said}");
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn other_tools_events_come_in_counted() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let file = |name: &str, text: &str| {
        let path = data.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };

    // Events as clients send them: one is no JSON, one has no time, one is nobody's.
    let path = file(
        "events.jsonl",
        "{\"type\":\"a\",\"user_id\":\"1\",\"timestamp\":\"2026-01-01T00:00:00Z\"}\nnot json\n{\"type\":\"a\",\"user_id\":\"1\"}\n\n{\"type\":\"a\",\"timestamp\":1767225600}\n",
    );
    let import = ["import", "--from", "jsonl", "--project", "app", "--path", &path];
    let said = gateway.succeed(&import);
    for line in ["4 read", "1 stored", "1 dropped: not_json", "1 dropped: no timestamp", "1 dropped: nobody"] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(gateway.succeed(&import).contains("complete already"));

    let path = file(
        "website_event.csv",
        "website_id,session_id,visit_id,event_id,hostname,browser,os,device,screen,language,country,region,city,url_path,url_query,referrer_path,referrer_domain,page_title,event_type,event_name,created_at,distinct_id\n\
        w,sess-1,visit-1,e1,x.example,chrome,Mac OS,laptop,1440x900,en-US,DE,DE-BE,Berlin,/a,utm_source=news,/q,google.com,\"A, \"\"quoted\"\" title\",1,,2026-01-01 10:00:00,\n\
        w,sess-1,visit-1,e2,x.example,chrome,Mac OS,laptop,1440x900,en-US,DE,DE-BE,Berlin,/b,,,,B,2,sign-up,2026-01-01 10:01:00,user-9\n\
        w,sess-1,visit-1,e3,x.example,chrome,Mac OS,laptop,1440x900,en-US,DE,DE-BE,Berlin,/b,,,,B,1,,yesterday,\n\
        short,line\n",
    );
    let import = ["import", "--from", "umami", "--project", "website", "--path", &path];
    let said = gateway.succeed(&import);
    for line in ["4 read", "2 stored", "1 dropped: invalid_timestamp", "1 dropped: line with another number of columns"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }
    gateway.succeed(&["import", "--from", "umami", "--project", "website", "--path", &path, "--again"]);
    assert_eq!(
        gateway.sql("SELECT event, path, browser, os, device_type, country, city, title, referrer_source, utm_source, session_id, user_id FROM analytics.events FINAL WHERE project = 'website' ORDER BY ts").await,
        "page_view\t/a\tchrome\tMac OS\tdesktop\tDE\tBerlin\tA, \"quoted\" title\t\tnews\tvisit-1\t\nsign-up\t/b\tchrome\tMac OS\tdesktop\tDE\tBerlin\tB\t\t\tvisit-1\tuser-9"
    );

    // The article's table, with a column that nobody knows.
    gateway.sql("CREATE TABLE default.data (type LowCardinality(String), user_id String, session_id String, timestamp DateTime, locale String, path String, appVersion String, details Map(String, String), browser String, country String, nobody_knows UInt8) ENGINE = MergeTree ORDER BY (session_id, timestamp)").await;
    gateway.sql("INSERT INTO default.data SELECT 'click', toString(number % 7), concat('s', toString(number % 100)), toDateTime('2026-02-01 00:00:00') + number, 'en', '/p', '1', map('k', toString(number)), 'Firefox', 'FR', 1 FROM numbers(50000)").await;
    let import = ["import", "--from", "lab", "--project", "lab", "--table", "default.data"];
    for said in [gateway.succeed(&import), gateway.succeed(&[&import[..], &["--again"]].concat())] {
        assert!(said.contains("50000 read") && said.contains("50000 stored"), "{said}");
        assert_eq!(gateway.sql("SELECT count(), uniqExact(properties['k']), any(browser), any(country), uniqExact(visitor) FROM analytics.events FINAL WHERE project = 'lab'").await, "50000\t50000\tFirefox\tFR\t7");
    }

    let folder = data.path().join("plausible");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("imported_visitors_20260101_20260102.csv"), "date,visitors,pageviews,bounces,visits,visit_duration\n2026-01-01,10,30,4,12,600\n2026-01-02,1,1,1,1,0\nnever,1,1,1,1,0\n").unwrap();
    fs::write(folder.join("imported_browsers_20260101_20260102.csv"), "date,browser,browser_version,visitors,visits,visit_duration,bounces,pageviews\n2026-01-01,Chrome,1,6,7,1,1,9\n2026-01-01,Chrome,2,4,5,1,3,21\n").unwrap();
    for _ in 0..2 {
        let said = gateway.succeed(&[
            "import",
            "--from",
            "plausible",
            "--project",
            "website",
            "--path",
            folder.to_str().unwrap(),
        ]);
        assert!(
            said.contains("5 read") && said.contains("4 stored") && said.contains("1 dropped: invalid date"),
            "{said}"
        );
        assert_eq!(gateway.sql("SELECT concat('<', dimension, '>'), value, date, visitors, visits, page_views, bounces, visit_duration_s FROM analytics.imported_days FINAL ORDER BY ALL").await,
            "<>\t\t2026-01-01\t10\t12\t30\t4\t600\n<>\t\t2026-01-02\t1\t1\t1\t1\t0\n<browser>\tChrome\t2026-01-01\t10\t12\t30\t4\t2");
    }
    assert!(gateway.stop());
}

/// Killed while it runs, an import goes on where it was, and ends with each event once.
#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_was_cut_off_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let mut text = String::new();
    for n in 0..150_000 {
        writeln!(
            text,
            "{{\"type\":\"a\",\"user_id\":\"{}\",\"timestamp\":{}}}",
            n % 50,
            1_767_225_600_000_i64 + n * 10
        )
        .unwrap();
    }
    let path = data.path().join("many.jsonl");
    fs::write(&path, text).unwrap();
    let arguments = ["import", "--from", "jsonl", "--project", "app", "--path", path.to_str().unwrap()];
    let mut running = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"))
        .args(arguments)
        .envs(gateway.clickhouse_environment())
        .spawn()
        .unwrap();
    while gateway.sql("SELECT count() FROM analytics.imports").await.parse::<u64>().unwrap_or(0) < 2 {
        assert!(running.try_wait().unwrap().is_none(), "it was to be cut off, and is through");
    }
    running.kill().unwrap();
    running.wait().unwrap();
    assert!(gateway.stored().await < 150_000, "it was cut off");
    let said = gateway.succeed(&arguments);
    assert!(said.contains("150000 read") && said.contains("150000 stored"), "{said}");
    assert_eq!(gateway.stored().await, 150_000);
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_keeps_its_events_as_long_as_it_is_set() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    gateway.sql("INSERT INTO analytics.events (project, ts, event, visitor, event_id) SELECT arrayJoin(['app', 'website']), now64(3) - toIntervalDay(number * 10), 'e', 1, number FROM numbers(10)").await;
    let by_project = "SELECT project, count() FROM analytics.events FINAL GROUP BY project ORDER BY project";
    let sessions = "SELECT project, count() FROM analytics.sessions FINAL GROUP BY project ORDER BY project";
    assert_eq!(gateway.sql(by_project).await, "app\t10\nwebsite\t10");
    let said = gateway.succeed(&["retention", "--project", "app", "--days", "35"]);
    assert!(said.contains("app: events are kept for 35 days"), "{said}");
    gateway.sql("OPTIMIZE TABLE analytics.events FINAL").await;
    gateway.sql("OPTIMIZE TABLE analytics.sessions FINAL").await;
    assert_eq!(gateway.sql(by_project).await, "app\t4\nwebsite\t10", "35 days of app, all of website");
    assert_eq!(gateway.sql(sessions).await, "app\t4\nwebsite\t10");
    // Lifted, an old event stays again; the tables can be migrated and written as before.
    gateway.succeed(&["retention", "--project", "app", "--days", "0"]);
    gateway.sql("INSERT INTO analytics.events (project, ts, event, visitor, event_id) SELECT 'app', now64(3) - toIntervalDay(90), 'e', 1, 77").await;
    gateway.sql("OPTIMIZE TABLE analytics.events FINAL").await;
    assert_eq!(gateway.sql(by_project).await, "app\t5\nwebsite\t10");
    assert!(!gateway.command(&["retention", "--project", "a b", "--days", "1"]).status.success(), "no project's name");
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_what_is_wrong() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    people(&gateway).await;
    let healthy = gateway.command(&["doctor", "--disk-free-bytes-min", "1"]);
    let text = String::from_utf8_lossy(&healthy.stdout);
    assert!(healthy.status.success() && !text.contains("FAIL"), "{text}");
    for check in ["clickhouse", "clock", "migrations", "disk", "events", "geoip"] {
        assert!(text.contains(check), "{check}: {text}");
    }

    let broken = |gateway: &Gateway, arguments: &[&str], variables: &[(&str, &str)]| -> (String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
        command.args([&["doctor", "--json", "--disk-free-bytes-min", "1"][..], arguments].concat());
        command.envs(gateway.clickhouse_environment()).env_remove("KAFKA_BROKERS").envs(variables.iter().copied());
        let output = command.output().unwrap();
        assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
        let failed: Vec<&Value> =
            findings.as_array().unwrap().iter().filter(|finding| finding["state"] == "fail").collect();
        assert_eq!(failed.len(), 1, "one thing is wrong: {findings}");
        let text = |name: &str| failed[0][name].as_str().unwrap().to_owned();
        assert!(!text("advice").is_empty(), "each names what to do");
        (text("check"), text("seen"))
    };
    assert_eq!(broken(&gateway, &[], &[("CLICKHOUSE_URL", "http://127.0.0.1:1")]).0, "clickhouse");
    let output = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"))
        .arg("doctor")
        .envs(gateway.clickhouse_environment())
        .env("CLICKHOUSE_PASSWORD", "another")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("FAIL  clickhouse") && said.contains("check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD"),
        "{said}"
    );
    let (check, seen) = broken(&gateway, &[], &[("FOOTFALL_GEOIP", "/nowhere.mmdb")]);
    assert!(check == "geoip" && seen.contains("/nowhere.mmdb"), "{seen}");
    let mut output = gateway.command(&["doctor", "--json", "--disk-free-bytes-min", "18446744073709551615"]).stdout;
    output.truncate(output.trim_ascii_end().len());
    let findings: Value = serde_json::from_slice(&output).unwrap();
    assert!(findings.as_array().unwrap().iter().any(|f| f["check"] == "disk" && f["state"] == "fail"), "{findings}");

    gateway
        .sql("INSERT INTO analytics.schema_migrations (version, name, checksum) SELECT 3, 'compact_events', 'another'")
        .await;
    let (check, seen) = broken(&gateway, &[], &[]);
    assert!(check == "migrations" && seen.contains("migration 3"), "{seen}");
    gateway.sql("INSERT INTO analytics.schema_migrations (version, name, checksum) SELECT 99, 'future', ''").await;
    let (check, seen) = broken(&gateway, &[], &[]);
    assert!(check == "migrations" && seen.contains("version 99"), "{seen}");
    gateway.sql("DROP TABLE analytics.schema_migrations").await;
    assert_eq!(broken(&gateway, &[], &[]), ("migrations".into(), "none was ever applied".into()));
    let healthy = Gateway::start(&data.path().join("healthy"));
    assert_eq!(broken(&healthy, &[], &[("KAFKA_BROKERS", "127.0.0.1:1")]).0, "kafka");
    assert!(healthy.stop());
    assert!(gateway.stop());
}

//! Starts that cannot succeed: they end in time, and say what to do.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{
    io::Read,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use common::Gateway;

/// A start that has to fail within the time; what it says.
fn fails(environment: &[(&str, &str)], time_max: Duration) -> String {
    let mut process = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"))
        .env_remove("CLICKHOUSE_URL")
        .env_remove("KAFKA_BROKERS")
        .env("FOOTFALL_LISTEN", "127.0.0.1:0")
        .env("FOOTFALL_ENGINE_LISTEN", "127.0.0.1:0")
        .envs(environment.iter().copied())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > time_max {
            process.kill().unwrap();
            panic!("it neither serves nor ends");
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(!status.success());
    let mut said = String::new();
    process.stderr.unwrap().read_to_string(&mut said).unwrap();
    said
}

#[test]
fn without_a_journal_a_clickhouse_that_does_not_answer_ends_the_start() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let gateway = Gateway::start(data.path());
    let signal = |name: &str| {
        Command::new("kill").args([name, &gateway.program.process.id().to_string()]).status().unwrap();
    };
    let mut environment = gateway.clickhouse_environment().to_vec();
    environment.push(("FOOTFALL_DATA", other.path().to_str().unwrap()));
    environment.push(("FOOTFALL_JOURNAL_BYTES_MAX", "0"));
    signal("-STOP");
    let said = fails(&environment, Duration::from_secs(30));
    signal("-CONT");
    assert!(said.contains("ClickHouse does not answer: does it run, and is CLICKHOUSE_URL right?"), "{said}");
    assert!(gateway.stop());
}

#[test]
fn limits_that_contradict_each_other_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let environment = [
        ("FOOTFALL_DATA", data.path().to_str().unwrap()),
        ("FOOTFALL_PENDING_EVENTS_MAX", "99"),
        ("FOOTFALL_BATCH_EVENTS_MAX", "100"),
    ];
    let said = fails(&environment, Duration::from_secs(10));
    assert!(
        said.contains("FOOTFALL_PENDING_EVENTS_MAX is 99, less than the 100 of FOOTFALL_BATCH_EVENTS_MAX"),
        "{said}"
    );
}

#[test]
fn two_paths_that_would_be_one_are_refused() {
    let data = tempfile::tempdir().unwrap();
    let environment =
        [("FOOTFALL_DATA", data.path().to_str().unwrap()), ("FOOTFALL_PATHS", "/api/event=/a,/api/send=/a")];
    let said = fails(&environment, Duration::from_secs(10));
    assert!(said.contains("FOOTFALL_PATHS"), "{said}");
    assert!(said.contains("/a cannot be both /api/send (umami) and /api/event (plausible)"), "{said}");
}

#[test]
fn damaged_salts_are_not_replaced_in_silence() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("visitor-salts.json"), "{\"20000\":[1,2").unwrap();
    let said = fails(&[("FOOTFALL_DATA", data.path().to_str().unwrap())], Duration::from_secs(20));
    assert!(said.contains("visitor-salts.json is damaged: restore it, or delete it"), "{said}");
}

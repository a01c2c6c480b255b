//! `--check-config`: what is wrong is found before the gateway that runs is stopped for it, and nothing is changed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{fs, path::Path, process::Command};

use common::Gateway;

/// The exit code, and what is said.
fn check(data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
    command.arg("--check-config").args(arguments).env("FOOTFALL_DATA", data).env("FOOTFALL_LISTEN", "127.0.0.1:0");
    command.env_remove("CLICKHOUSE_URL").env_remove("KAFKA_BROKERS").envs(environment.iter().copied());
    let output = command.output().unwrap();
    (output.status.code().unwrap(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

#[test]
fn each_mistake_is_named_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("not/there/yet");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let empty = file("empty", "");
    assert_eq!(check(&data, &[], &[]).0, 0, "{}", check(&data, &[], &[]).1);
    assert!(!data.exists(), "a check creates nothing");
    let (code, said) = check(
        &data,
        &[],
        &[
            ("FOOTFALL_GEOIP", "/nowhere.mmdb"),
            ("FOOTFALL_TLS_CERTIFICATE", &empty),
            ("FOOTFALL_TLS_KEY", "/nowhere.key"),
        ],
    );
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("/nowhere.mmdb") && said.contains("there is no certificate in it"), "all is checked: {said}");
    for (environment, expected) in [
        (("PROJECTS", "a b"), "PROJECTS"),
        (("FOOTFALL_WRITE_KEYS", "short=app"), "has 5 bytes, but must have 16 to 256"),
        (("FOOTFALL_TRUSTED_PROXIES", "10.0.0.0/99"), "10.0.0.0/99 is no network"),
        (("FOOTFALL_BATCH_EVENTS_MAX", "1000000"), "FOOTFALL_PENDING_EVENTS_MAX"),
        (("FOOTFALL_SINK", "kafka"), "needs KAFKA_BROKERS"),
        (("CLICKHOUSE_URL", "http://user:pw@host"), "must not hold a user or password"),
        (("FOOTFALL_LISTEN", "192.0.2.1:80"), "192.0.2.1:80"),
        (("FOOTFALL_CONNECTIONS_MAX", "4000000000"), "FOOTFALL_CONNECTIONS_MAX is 4000000000"),
        (("FOOTFALL_DATA", "/proc/nowhere"), "/proc/nowhere"),
        (("FOOTFALL_TLS_KEY", "/a"), "give both, or none"),
    ] {
        let (code, said) = check(&data, &[], &[environment]);
        assert_eq!((code, said.contains(expected)), (1, true), "{environment:?}: {said}");
    }
    fs::create_dir_all(&data).unwrap();
    fs::write(data.join("visitor-salts.json"), "{\"1\":").unwrap();
    let (code, said) = check(&data, &[], &[]);
    assert_eq!((code, said.contains("visitor-salts.json is damaged")), (1, true), "{said}");
    assert_eq!(check(&data, &["--no-such-option"], &[]).0, 2);
    assert_eq!(check(&data, &["doctor"], &[]).0, 2, "a check is no command's");
}

#[test]
fn a_sink_that_does_not_answer_has_a_code_of_its_own() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let other = tempfile::tempdir().unwrap();
    let reachable = gateway.clickhouse_environment();
    let (code, said) = check(other.path(), &["--check-sink"], &reachable);
    assert_eq!((code, said.contains("version")), (0, true), "{said}");
    let wrong = [reachable[0], reachable[1], ("CLICKHOUSE_PASSWORD", "wrong-password")];
    let (code, said) = check(other.path(), &["--check-sink"], &wrong);
    assert_eq!((code, said.contains("check CLICKHOUSE_USER and CLICKHOUSE_PASSWORD")), (3, true), "{said}");
    assert!(!said.contains("wrong-password"));
    assert_eq!(check(other.path(), &["--check-sink"], &[("CLICKHOUSE_URL", "http://127.0.0.1:1")]).0, 3);
    assert_eq!(check(other.path(), &["--check-sink"], &[("KAFKA_BROKERS", "127.0.0.1:1")]).0, 3);
    assert_eq!(check(other.path(), &[], &[("KAFKA_BROKERS", "127.0.0.1:1")]).0, 0, "it is asked only if told to");
    // Beside a gateway that runs: its address is taken, and that is no mistake.
    let listen = gateway.url.trim_start_matches("http://");
    let (code, said) = check(data.path(), &[], &[("FOOTFALL_LISTEN", listen)]);
    assert_eq!((code, said.contains("is in use")), (0, true), "{said}");
    assert!(gateway.stop());
}

/// The log is JSON where it is asked for, an object a line, and holds no secret.
#[test]
fn logs_are_json_where_they_are_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
    command.env("FOOTFALL_DATA", data.path()).env("FOOTFALL_LISTEN", "127.0.0.1:0").env("FOOTFALL_LOG_FORMAT", "json");
    command
        .env_remove("KAFKA_BROKERS")
        .env("CLICKHOUSE_URL", "http://127.0.0.1:1")
        // With one it would wait for ClickHouse.
        .env("FOOTFALL_JOURNAL_BYTES_MAX", "0")
        .env("CLICKHOUSE_PASSWORD", "SECRET-PASSWORD");
    command.env("FOOTFALL_WRITE_KEYS", "SECRET-WRITE-KEY-0=app").env("RUST_LOG", "debug");
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<serde_json::Value> = said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(!lines.is_empty(), "{said}");
    for line in lines {
        assert!(line["timestamp"].is_string() && line["level"].is_string() && line["target"].is_string(), "{line}");
    }
    assert!(said.lines().last().unwrap().starts_with("ingest-gateway: "), "why it ended: {said}");
    assert!(!said.contains("SECRET"), "{said}");
}

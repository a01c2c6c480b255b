//! Memory, slots, connections: what one request takes leaves the others alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

mod common;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use common::{Process, User, answer};
use embedded::lanes::READS_MAX;
use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const MEMORY_BYTES_MAX: &str = "1073741824";
const GREEDY: &str = "SELECT length(groupArray(number)) FROM numbers(200000000)";

#[tokio::test]
async fn a_statement_does_not_take_the_process_s_memory() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Process::start(&folder.path().join("data"), &[("FOOTFALL_ENGINE_MEMORY_BYTES_MAX", MEMORY_BYTES_MAX)]);
    let lifted = format!("{GREEDY} SETTINGS max_memory_usage = 0");
    for (user, sql, expected) in [
        (User::Default, lifted.as_str(), "MEMORY_LIMIT_EXCEEDED"),
        (User::Default, GREEDY, "MEMORY_LIMIT_EXCEEDED"),
        (User::Reader, GREEDY, "MEMORY_LIMIT_EXCEEDED"),
        (User::Reader, &lifted, "SETTING_CONSTRAINT_VIOLATION"),
    ] {
        let (status, text) = engine.post(user, "/", sql).await;
        assert!(status >= 400 && text.contains(expected), "{user:?} {sql}: {status} {text}");
    }
    // Many at once, whose results are held while nobody takes them.
    let whole = "SELECT repeat('x', 1000) AS s FROM numbers(100000) FORMAT JSON";
    let at_once = (0..24).map(|n| engine.post(User::Reader, "/", if n % 2 == 0 { GREEDY } else { whole }));
    for (status, text) in futures_util::future::join_all(at_once).await {
        assert!(status == 200 || text.contains("MEMORY_LIMIT_EXCEEDED"), "{status} {}", &text[..text.len().min(300)]);
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", engine.child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak_kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak_kib < 1_600 << 10, "{peak_kib} KiB, the limit is 1 GiB");
    assert_eq!(engine.run("SELECT 1").await, "1", "the process lives");
    assert!(engine.stop());

    let little = std::process::Command::new(env!("CARGO_BIN_EXE_footfall-engine"))
        .args(["--listen", "127.0.0.1:0", "--memory-bytes-max", "1000", "--data"])
        .arg(folder.path().join("data"))
        .output()
        .unwrap();
    assert!(!little.status.success());
    assert!(String::from_utf8_lossy(&little.stderr).contains("1000 bytes, at least 268435456"));
}

/// 64 slow questions once kept events waiting for as long as they took.
#[tokio::test]
async fn slow_reads_do_not_stop_inserts() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(Process::start(&folder.path().join("data"), &[]));
    engine.run("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a").await;
    let mut slow = tokio::task::JoinSet::new();
    for _ in 0..READS_MAX + 8 {
        let engine = Arc::clone(&engine);
        slow.spawn(async move { engine.post(User::Reader, "/", "SELECT sleep(3), sleep(3), sleep(2)").await });
    }
    while engine.http.get(format!("{}/ping", engine.url)).send().await.is_err() {}
    tokio::time::sleep(Duration::from_secs(1)).await;
    for number in 0..20 {
        let started = Instant::now();
        let (status, text) = engine.post(User::Default, "/", &format!("INSERT INTO t VALUES ({number})")).await;
        assert_eq!(status, 200, "{text}");
        assert!(started.elapsed() < Duration::from_secs(3), "an insert took {:?}", started.elapsed());
    }
    assert!(slow.try_join_next().is_none(), "the reads were to be still running");
    let kill = engine.post(User::Default, "/", "KILL QUERY WHERE query LIKE 'SELECT sleep%' ASYNC").await;
    assert_eq!(kill.0, 200, "killing needs no slot: {}", kill.1);
    while slow.join_next().await.is_some() {}
    assert_eq!(engine.run("SELECT count() FROM t").await, "20");
}

#[tokio::test]
async fn connections_and_bodies_end() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Process::start(&folder.path().join("data"), &[]);
    let address = engine.url.strip_prefix("http://").unwrap().to_owned();
    let closed = |first: &'static str| {
        let address = address.clone();
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(first.as_bytes()).await.unwrap();
            let started = Instant::now();
            let mut rest = Vec::new();
            let read = tokio::time::timeout(Duration::from_secs(25), stream.read_to_end(&mut rest)).await;
            assert!(read.is_ok(), "a connection that sent {first:?} stays open");
            (started.elapsed(), String::from_utf8_lossy(&rest).into_owned())
        })
    };
    let all = [
        closed(""),
        closed("POST / HTT"),
        closed("GET /ping HTTP/1.1\r\nHost: localhost\r\nX-Half"),
        closed("GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ];
    for task in all {
        let (elapsed, _) = task.await.unwrap();
        assert!(elapsed < Duration::from_secs(15), "{elapsed:?}");
    }

    let long = "x".repeat(60_000);
    let (status, _) = answer(engine.request(Method::GET, &format!("/?query=SELECT+'{long}'"), User::Reader)).await;
    assert_eq!(status, 200, "a long address is answered");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let longer = format!("GET /?query={} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(200_000));
    stream.write_all(longer.as_bytes()).await.unwrap();
    let mut refusal = vec![0; 12];
    stream.read_exact(&mut refusal).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&refusal), "HTTP/1.1 431", "one that is too long is refused");
    let (status, text) = engine.post(User::Reader, "/", &format!("SELECT '{}'", "x".repeat(300_000))).await;
    assert!(status == 400 && text.contains("QUERY_IS_TOO_LARGE"), "{status} {text}");
    // A megabyte of zeros in a few kilobytes, as a statement in ClickHouse's own compression.
    let block = embedded::http::native::write_block(&vec![0; 1 << 20]);
    let request = engine.request(Method::POST, "/?decompress=1", User::Reader).body(block);
    let (status, text) = answer(request).await;
    assert!(status == 400 && text.contains("at most 262144 are allowed"), "{status} {text}");
}

//! Who sends too slowly or too often, at the real program: bodies that do not come to their end are given up and cannot
//! keep others out, and one address sends no more requests than it may.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use common::Program;

const MIB: usize = 1 << 20;
/// There is memory for eight of the largest bodies, for as long as their clients like.
const EIGHT_BODIES: [(&str, &str); 6] = [
    ("FOOTFALL_BODY_BYTES_MAX", "1048576"),
    ("FOOTFALL_DECODED_BYTES_MAX", "1048576"),
    ("FOOTFALL_BATCH_EVENTS_MAX", "100"),
    ("FOOTFALL_IN_FLIGHT_BYTES_MAX", "8388608"),
    ("FOOTFALL_BODY_PAUSE_MS_MAX", "600000"),
    ("FOOTFALL_REQUEST_MS_MAX", "600000"),
];

/// Its sink is a Kafka that is not there: what is taken waits for it.
fn start(data: &std::path::Path, environment: &[(&str, &str)]) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
    command
        .env("FOOTFALL_LISTEN", "127.0.0.1:0")
        .env("FOOTFALL_DATA", data)
        .env("KAFKA_BROKERS", "127.0.0.1:1")
        .env("PROJECTS", "app")
        .envs(environment.iter().copied());
    Program::start(&mut command)
}

fn begin(gateway: &Program, announced: usize, sent: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(gateway.url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let head = format!("POST /v1/events HTTP/1.1\r\nHost: x\r\nX-App: app\r\nContent-Length: {announced}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(sent).unwrap();
    stream
}

fn answer(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let mut piece = [0; 4_096];
    // To the end of the JSON: the connection may stay open.
    while !answer.ends_with(b"}") {
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "no answer: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..count]);
    }
    String::from_utf8(answer).unwrap()
}

async fn in_flight_bytes(gateway: &Program) -> usize {
    let metrics = reqwest::get(format!("{}/metrics", gateway.url)).await.unwrap().text().await.unwrap();
    let line = metrics.lines().find_map(|line| line.strip_prefix("footfall_in_flight_bytes ")).unwrap();
    line.parse().unwrap()
}

/// Of the program's memory, what it may write to, whether or not it has.
fn data_bytes(gateway: &Program) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1_024
}

#[test]
fn a_body_that_stops_is_given_up() {
    let data = tempfile::tempdir().unwrap();
    let gateway = start(data.path(), &[("FOOTFALL_BODY_PAUSE_MS_MAX", "300")]);
    let started = Instant::now();
    let answer = answer(begin(&gateway, 1_000, b"{\"type\":"));
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"body_too_slow\""), "{answer}");
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

/// Regression: a few clients that hold back the last byte had all of the memory for as long as they liked, and everybody
/// else was told to come again.
#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_hold_the_memory_give_way() {
    let data = tempfile::tempdir().unwrap();
    let gateway = start(data.path(), &EIGHT_BODIES);
    let held = vec![b' '; MIB - 1];
    let slow: Vec<TcpStream> = (0..8).map(|_| begin(&gateway, MIB, &held)).collect();
    while in_flight_bytes(&gateway).await < 8 * (MIB - 1) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let large = || {
        let mut stream = begin(&gateway, MIB, &held);
        stream.write_all(b" ").unwrap();
        answer(stream)
    };
    let started = Instant::now();
    let mut refused = 0;
    // A body of white space is no JSON, which is not said before all of it is read.
    let taken = loop {
        let answer = large();
        if !answer.contains("\"busy\"") {
            break answer;
        }
        assert!(
            answer.starts_with("HTTP/1.1 503 ") && answer.to_ascii_lowercase().contains("retry-after: 1"),
            "{answer}"
        );
        refused += 1;
        assert!(started.elapsed() < Duration::from_secs(30), "others are kept out");
        std::thread::sleep(Duration::from_millis(500));
    };
    assert!(taken.contains("\"not_json\""), "{taken}");
    assert!(refused > 0, "there was room all along");
    let mut given_up = slow.into_iter().map(|stream| {
        stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        let mut piece = [0; 4_096];
        (&stream).read(&mut piece).map_or(String::new(), |count| String::from_utf8_lossy(&piece[..count]).into_owned())
    });
    let given_up = given_up.find(|answer| !answer.is_empty()).unwrap();
    assert!(given_up.starts_with("HTTP/1.1 503 ") && given_up.contains("on its way for longest"), "{given_up}");
}

/// Regression: each of them had a buffer as long as it announced.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_announced_takes_no_memory_before_it_comes() {
    const BODIES: usize = 300;
    let data = tempfile::tempdir().unwrap();
    let gateway = start(data.path(), &[&EIGHT_BODIES[..], &[("FOOTFALL_DURABLE_IN", "journal")]].concat());
    let before = data_bytes(&gateway);
    let mut announced: Vec<TcpStream> = (0..BODIES).map(|_| begin(&gateway, MIB, b"[")).collect();
    // The first step of a buffer is a KiB.
    while in_flight_bytes(&gateway).await != BODIES * 1_024 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let taken = data_bytes(&gateway).saturating_sub(before);
    assert!(taken < BODIES / 2 * MIB, "{taken} bytes for {BODIES} bodies of a byte");
    for n in 0..50 {
        let event = format!(r#"{{"type": "a", "user_id": "{n}", "details": {{"a": "{}"}}}}"#, "x".repeat(8_000));
        let request = reqwest::Client::new().post(format!("{}/v1/events", gateway.url)).header("X-App", "app");
        assert_eq!(request.body(event).send().await.unwrap().status(), 201, "event {n} is kept out");
    }
    // One that goes on is read to its end.
    let mut one = announced.pop().unwrap();
    one.write_all(&vec![b' '; MIB - 2]).unwrap();
    one.write_all(b"]").unwrap();
    let answer = answer(one);
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("\"empty\""), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_sends_no_more_requests_than_it_may() {
    let data = tempfile::tempdir().unwrap();
    let gateway = start(data.path(), &[("FOOTFALL_ADDRESS_REQUESTS_PER_S_MAX", "2")]);
    let client = reqwest::Client::new();
    // Each is refused, but counts: it costs work as well.
    let send = async |ip: &str| {
        let request = client.post(format!("{}/e/", gateway.url)).header("X-Forwarded-For", ip).body("no event");
        request.send().await.unwrap()
    };
    let started = Instant::now();
    let mut sent = 0;
    let refused = loop {
        let answer = send("203.0.113.7").await;
        if answer.status() == 429 {
            break answer;
        }
        assert_eq!(answer.status(), 400);
        sent += 1;
        assert!(sent <= 20 + 2 * started.elapsed().as_secs() + 2, "{sent} requests passed");
    };
    assert!(sent >= 20, "{sent} requests passed, ten seconds' worth should");
    let wait_s: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert_eq!(wait_s, 1);
    let error: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(error["error"]["reason"], "too_many_requests");
    assert_eq!(send("203.0.113.8").await.status(), 400, "another address has its own");
    let status = client.get(format!("{}/healthz", gateway.url)).header("X-Forwarded-For", "203.0.113.7");
    assert_eq!(status.send().await.unwrap().status(), 200, "nobody sends events there");
    tokio::time::sleep(Duration::from_secs(wait_s)).await;
    assert_eq!(send("203.0.113.7").await.status(), 400);
}

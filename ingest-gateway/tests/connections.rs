//! Connections as clients really make them: too many, silent, slow, and with too large a body.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use axum::{body::Body, http::Request};
use common::Gateway;
use hyper_util::rt::{TokioExecutor, TokioIo};
use ingest_gateway::connections::descriptors;

const EVENT: &str = r#"{"type":"a","timestamp":1713326652000}"#;

fn connect(gateway: &Gateway) -> TcpStream {
    let stream = TcpStream::connect(gateway.url.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn head(more: &str) -> String {
    format!("POST /v1/events HTTP/1.1\r\nHost: x\r\nX-App: app\r\n{more}\r\n")
}

/// Sends an event; the connection stays open.
fn send(stream: &mut TcpStream) -> String {
    write!(stream, "{}{EVENT}", head(&format!("Content-Length: {}\r\n", EVENT.len()))).unwrap();
    answer(stream)
}

/// One answer, its body included.
fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut byte = [0];
    let end_of_head = loop {
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
        if answer.ends_with(b"\r\n\r\n") {
            break answer.len();
        }
    };
    let head = String::from_utf8(answer.clone()).unwrap().to_ascii_lowercase();
    let length: usize =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0").parse().unwrap();
    answer.resize(end_of_head + length, 0);
    stream.read_exact(&mut answer[end_of_head..]).unwrap();
    String::from_utf8(answer).unwrap()
}

/// How long the gateway keeps the connection.
fn closed_after(stream: &mut TcpStream) -> Duration {
    let started = Instant::now();
    let mut bytes = [0; 64];
    match stream.read(&mut bytes) {
        Ok(0) => {}
        Ok(_) => panic!("{}", String::from_utf8_lossy(&bytes)),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "it is still open"),
    }
    started.elapsed()
}

async fn metric(gateway: &Gateway, line: &str) -> u64 {
    let text = reqwest::get(format!("{}/metrics", gateway.url)).await.unwrap().text().await.unwrap();
    text.lines()
        .find_map(|l| l.strip_prefix(line)?.strip_prefix(' '))
        .unwrap_or_else(|| panic!("{text}"))
        .parse()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_lock_nobody_out() {
    const SILENT: usize = 1_100;
    assert!(descriptors::raise() > 3 * SILENT as u64, "this test needs descriptors of its own: raise ulimit -Hn");
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 1024 && exec \"$0\"", env!("CARGO_BIN_EXE_ingest-gateway")]);
    let gateway = Gateway::start_by(command, data.path(), &[]);
    let mut used = connect(&gateway);
    assert!(send(&mut used).contains(" 201 "));
    let silent: Vec<TcpStream> = (0..SILENT)
        .map(|n| {
            let mut stream = connect(&gateway);
            match n % 3 {
                0 => {}
                1 => stream.write_all(b"POST /v1/ev").unwrap(),
                _ => stream.write_all(b"PRI * HTTP/2.0\r\n").unwrap(),
            }
            // A connection that is in use stays.
            if n % 100 == 0 {
                assert!(send(&mut used).contains(" 201 "));
            }
            stream
        })
        .collect();
    let started = Instant::now();
    for _ in 0..20 {
        assert!(send(&mut connect(&gateway)).contains(" 201 "));
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert_eq!(metric(&gateway, "footfall_connections_max").await, 512);
    assert!(metric(&gateway, "footfall_connections").await <= 512);
    assert!(metric(&gateway, "footfall_connections_closed_total{reason=\"room\"}").await >= 588);
    assert_eq!(metric(&gateway, "footfall_accept_errors_total").await, 0, "the limit comes before the system's");
    drop(silent);
    assert_eq!(gateway.stored().await, 1, "one event, however often");
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_and_a_pause_have_their_time() {
    let data = tempfile::tempdir().unwrap();
    let gateway =
        Gateway::start_with(data.path(), &[("FOOTFALL_HEAD_MS_MAX", "1000"), ("FOOTFALL_IDLE_MS_MAX", "3000")]);
    let mut silent = connect(&gateway);
    let mut slow = connect(&gateway);
    slow.write_all(b"POST /v1/events HT").unwrap();
    let mut trickling = slow.try_clone().unwrap();
    thread::spawn(move || {
        while trickling.write_all(b"T").is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    });
    let mut kept = connect(&gateway);
    assert!(send(&mut kept).contains(" 201 "));
    let took = closed_after(&mut slow);
    assert!((700..2_500).contains(&took.as_millis()), "a head: {took:?}");
    thread::sleep(Duration::from_millis(500));
    assert!(send(&mut kept).contains(" 201 "), "a pause within its time");
    closed_after(&mut silent);
    let took = closed_after(&mut kept);
    assert!((1_000..4_500).contains(&took.as_millis()), "a pause: {took:?}");
    assert_eq!(metric(&gateway, "footfall_connections_closed_total{reason=\"slow_head\"}").await, 1);
    assert_eq!(metric(&gateway, "footfall_connections_closed_total{reason=\"idle\"}").await, 2);
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_much_reads_why() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    // As Node's fetch and Python's http.client do: the whole body, then the answer.
    let mut stream = connect(&gateway);
    let body = vec![b' '; 3 << 20];
    for _ in 0..2 {
        stream.write_all(head(&format!("Content-Length: {}\r\n", body.len())).as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
        let answer = answer(&mut stream);
        assert!(answer.contains(" 413 ") && answer.contains("3145728 bytes"), "{answer}");
    }
    assert!(send(&mut stream).contains(" 201 "), "the connection is still good");
    // In chunks, whose sum nobody knows before.
    stream.write_all(head("Transfer-Encoding: chunked\r\n").as_bytes()).unwrap();
    for _ in 0..3 {
        write!(stream, "{:x}\r\n", 1 << 20).unwrap();
        stream.write_all(&body[..1 << 20]).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let said = answer(&mut stream);
    assert!(said.contains(" 413 ") && said.contains("more than 20000 bytes"), "{said}");
    assert!(send(&mut stream).contains(" 201 "));
    // Another refusal, with its body behind it.
    stream
        .write_all(format!("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes())
        .unwrap();
    stream.write_all(&body).unwrap();
    assert!(answer(&mut stream).contains("missing_project"));

    // More than anybody reads to be polite: the connection is closed, and says so.
    let mut stream = connect(&gateway);
    write!(stream, "{}", head("Content-Length: 1000000000\r\n")).unwrap();
    let mut writing = stream.try_clone().unwrap();
    let writer = thread::spawn(move || while writing.write_all(&body).is_ok() {});
    let said = answer(&mut stream).to_ascii_lowercase();
    assert!(said.contains(" 413 ") && said.contains("connection: close"), "{said}");
    writer.join().unwrap();
    // Who asks first is told before the body is sent.
    let mut stream = connect(&gateway);
    write!(stream, "{}", head("Expect: 100-continue\r\nContent-Length: 3000000\r\n")).unwrap();
    let said = answer(&mut stream).to_ascii_lowercase();
    assert!(said.contains(" 413 ") && said.contains("connection: close"), "{said}");
    closed_after(&mut stream);
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_large_is_named() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let long =
        format!("POST /v1/events?project={} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "a".repeat(9_000));
    let large = head(&format!("Content-Length: 0\r\nCookie: {}\r\n", "a".repeat(33_000)));
    let many = head(&format!("Content-Length: 0\r\n{}", "X-A: 1\r\n".repeat(80)));
    for (request, status, reason, said) in [
        (long, " 414 ", "address_too_long", "the address has 9019 bytes, at most 8192 are allowed"),
        (large, " 431 ", "headers_too_large", "at most 80 of 32768 bytes are allowed"),
        (many, " 431 ", "headers_too_large", "there are 83 headers of "),
    ] {
        let mut stream = connect(&gateway);
        stream.write_all(request.as_bytes()).unwrap();
        let answer = answer(&mut stream);
        assert!(answer.contains(status) && answer.contains(reason) && answer.contains(said), "{answer}");
        let refused = metric(&gateway, &format!("footfall_requests_refused_total{{reason=\"{reason}\"}}")).await;
        assert!(refused > 0, "{reason} is counted");
    }
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_waits_for_answers_and_not_for_silence() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let silent = connect(&gateway);
    let mut slow = connect(&gateway);
    slow.write_all(b"POST /v1/events HT").unwrap();
    let mut kept = connect(&gateway);
    assert!(send(&mut kept).contains(" 201 "));
    // Its body comes after the signal.
    let mut busy = connect(&gateway);
    write!(busy, "{}", head(&format!("Content-Length: {}\r\n", EVENT.len()))).unwrap();
    // It asks and never reads: its answers fill every buffer on the way.
    let mut deaf = connect(&gateway);
    deaf.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let asked = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".repeat(10_000);
    while deaf.write_all(&asked).is_ok() {}
    thread::sleep(Duration::from_millis(300));
    let started = Instant::now();
    let sender = thread::spawn(move || {
        thread::sleep(Duration::from_millis(500));
        write!(busy, "{EVENT}").unwrap();
        answer(&mut busy)
    });
    assert!(gateway.stop());
    let took = started.elapsed();
    assert!(sender.join().unwrap().contains(" 201 "));
    assert!(took < Duration::from_secs(8), "{took:?}");
    drop((silent, slow, kept, deaf));
}

/// A proxy speaks HTTP/2 without TLS, by prior knowledge.
#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_answered_on_the_same_address() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start_with(data.path(), &[("FOOTFALL_IDLE_MS_MAX", "2000")]);
    let stream = tokio::net::TcpStream::connect(gateway.url.strip_prefix("http://").unwrap()).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let post = async |body: Vec<u8>| {
        let request = Request::post("http://x/v1/events").header("x-app", "app").body(Body::from(body)).unwrap();
        let answer = sender.clone().send_request(request).await.unwrap();
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(Body::new(answer.into_body()), 10_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    };
    for _ in 0..3 {
        let (status, answer) = post(EVENT.into()).await;
        assert_eq!(status, 201, "{answer}");
        let (status, answer) = post(vec![b' '; 3 << 20]).await;
        assert_eq!(status, 413, "{answer}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let ended = tokio::time::timeout(Duration::from_secs(10), connection).await;
    ended.expect("an idle connection ends as well").unwrap().unwrap();
    assert!(gateway.stop());
}

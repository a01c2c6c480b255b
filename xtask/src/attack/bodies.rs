//! Bodies that are small on the wire but large in memory.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use async_compression::tokio::write::{GzipEncoder, ZstdEncoder};
use futures_util::future::join_all;
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{PROJECT, Target};

/// Number of concurrent bodies.
const AT_ONCE: usize = 16;
const BOMBS: usize = 32;
const FLOODS: usize = 64;
/// A body of 16 MiB, the default limit after decompression.
const DECODED_BYTES: usize = 16 << 20;
/// Bodies whose last byte is held back: how many of which length. The large ones fill the memory that all requests share,
/// the small ones what is left of it.
const UNFINISHED: [(usize, usize); 3] = [(66, 2 << 20), (24, 128 << 10), (24, 4 << 10)];
const EVENT_TIME_MAX: Duration = Duration::from_secs(20);

/// Nested objects, which exhausted the process's memory when each was parsed into a tree.
pub async fn bombs(target: &Target) -> anyhow::Result<()> {
    let one = br#"{"":{"":{"":{"":{"":0}}}}}"#;
    let mut text = vec![b'['];
    while text.len() < DECODED_BYTES - 64 {
        text.extend_from_slice(one);
        text.push(b',');
    }
    text.extend_from_slice(b"0]");
    let mut encoder = ZstdEncoder::new(Vec::new());
    encoder.write_all(&text).await?;
    encoder.shutdown().await?;
    let body = encoder.into_inner();
    let statuses = send(target, "zstd", &body, BOMBS).await?;
    ensure!(statuses.iter().all(|status| [413, 503].contains(status)), "unexpected status among {statuses:?}");
    Ok(())
}

/// Large valid events that compress to almost nothing.
pub async fn floods(target: &Target) -> anyhow::Result<()> {
    let long = "x".repeat(8_000);
    let details: serde_json::Map<_, _> = (0..50).map(|at| (format!("d{at}"), long.clone().into())).collect();
    let events: Vec<_> = (0..30)
        .map(|at| json!({"type": "flood", "user_id": at, "timestamp": 1_767_225_600_000_i64 + at, "details": details}))
        .collect();
    let mut encoder = GzipEncoder::new(Vec::new());
    encoder.write_all(&serde_json::to_vec(&events)?).await?;
    encoder.shutdown().await?;
    let body = encoder.into_inner();
    let statuses = send(target, "gzip", &body, FLOODS).await?;
    ensure!(statuses.iter().all(|status| [201, 503].contains(status)), "unexpected status among {statuses:?}");
    ensure!(statuses.contains(&201), "none of them was accepted: {statuses:?}");
    Ok(())
}

/// Bodies without their last byte, which together hold all of the memory: an event must get through, though it may be told to
/// come again.
pub async fn unfinished(target: &Target) -> anyhow::Result<()> {
    let address = target.gateway.first_line.trim_start_matches("http://").to_owned();
    let mut open = Vec::new();
    for (count, bytes) in UNFINISHED {
        let head =
            format!("POST /v1/events HTTP/1.1\r\nHost: x\r\nX-App: {PROJECT}\r\nContent-Length: {bytes}\r\n\r\n");
        let body = vec![b' '; bytes - 1];
        for _ in 0..count {
            let mut stream = TcpStream::connect(&address).await?;
            stream.write_all(head.as_bytes()).await?;
            // What finds no room is refused, and the connection closed.
            let _ = stream.write_all(&body).await;
            open.push(stream);
        }
    }
    let started = Instant::now();
    loop {
        let event = json!({"type": "between", "user_id": "u", "timestamp": 1_767_225_600_000_i64});
        let request = target.client.post(target.events_url()).header("X-App", PROJECT).json(&event);
        match request.send().await.context("the gateway did not respond")?.status().as_u16() {
            201 => return Ok(()),
            503 => ensure!(started.elapsed() < EVENT_TIME_MAX, "unfinished bodies keep events out"),
            status => bail!("an event next to unfinished bodies got status {status}"),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn send(target: &Target, encoding: &str, body: &[u8], count: usize) -> anyhow::Result<Vec<u16>> {
    let mut statuses = Vec::with_capacity(count);
    while statuses.len() < count {
        let requests = (0..AT_ONCE).map(|_| {
            let request = target.client.post(target.events_url()).header("X-App", PROJECT);
            request.header("Content-Encoding", encoding).body(body.to_owned()).send()
        });
        for answer in join_all(requests).await {
            statuses.push(answer.context("the gateway did not respond")?.status().as_u16());
        }
    }
    Ok(statuses)
}

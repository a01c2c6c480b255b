//! Requests over a fixed number of connections, each asking again as soon as it has its answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request,
    body::Bytes,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpStream, task::JoinSet};

use super::page_view::{page_view, visit, visitor_ip};
use crate::traffic::USER_AGENTS;

const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
const ANSWER_TIME_MAX: Duration = Duration::from_secs(60);

/// What is sent, and over how many connections.
#[derive(Clone, Copy)]
pub struct Load {
    /// Connections, each with one request at a time.
    pub connections: usize,
    /// Requests over all connections.
    pub requests: usize,
    /// Events of a request: one as an object, more as an array.
    pub events_per_request: usize,
    /// The number of the first event, so that no two runs send the same.
    pub first_event: usize,
}

/// The times from a request's first byte to its answer's last.
pub struct Latency {
    /// The median, in milliseconds.
    pub p50_ms: f64,
    /// The 99th percentile, in milliseconds.
    pub p99_ms: f64,
}

impl Load {
    /// Events of all requests.
    pub fn events(&self) -> usize {
        self.requests * self.events_per_request
    }

    /// Sends everything to `http://address/path`.
    ///
    /// # Errors
    /// If a connection fails or an answer is not 200 or 201.
    pub async fn send(self, url: &str) -> anyhow::Result<Latency> {
        let url: hyper::Uri = url.parse()?;
        let address = url.authority().context("an address without a host")?.to_string();
        let next = Arc::new(AtomicUsize::new(0));
        let mut connections = JoinSet::new();
        for _ in 0..self.connections {
            let (url, address, next) = (url.clone(), address.clone(), Arc::clone(&next));
            connections.spawn(async move {
                let mut times = Vec::with_capacity(self.requests / self.connections + 1);
                let mut sender = connect(&address).await?;
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= self.requests {
                        return anyhow::Ok(times);
                    }
                    times.push(self.one(&mut sender, &url, &address, n).await?);
                }
            });
        }
        let mut times = Vec::with_capacity(self.requests);
        while let Some(of_connection) = connections.join_next().await {
            times.extend(of_connection??);
        }
        times.sort_by(f64::total_cmp);
        let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
        Ok(Latency { p50_ms: at(50), p99_ms: at(99) })
    }

    async fn one(
        &self,
        sender: &mut SendRequest<Full<Bytes>>,
        url: &hyper::Uri,
        host: &str,
        n: usize,
    ) -> anyhow::Result<f64> {
        let visit = visit(self.first_event + n * self.events_per_request);
        let request = Request::post(url.path())
            .header("Host", host)
            .header("Content-Type", "application/json")
            .header("X-App", "website")
            .header("X-Forwarded-For", visitor_ip(visit))
            .header("User-Agent", USER_AGENTS[visit % (USER_AGENTS.len() - 1)])
            .header("Accept-Language", "en")
            .body(Full::new(self.body(n)))?;
        sender.ready().await?;
        let started = Instant::now();
        let answer = async {
            let answer = sender.send_request(request).await?;
            let status = answer.status();
            let body = answer.into_body().collect().await?.to_bytes();
            ensure!(
                status == 200 || status == 201,
                "request {n} was answered {status}: {}",
                String::from_utf8_lossy(&body)
            );
            Ok(started.elapsed().as_secs_f64() * 1e3)
        };
        tokio::time::timeout(ANSWER_TIME_MAX, answer).await.with_context(|| format!("request {n} has no answer"))?
    }

    fn body(&self, n: usize) -> Bytes {
        let first = self.first_event + n * self.events_per_request;
        let body = match self.events_per_request {
            1 => page_view(first),
            many => Value::Array((first..first + many).map(page_view).collect()),
        };
        body.to_string().into()
    }
}

async fn connect(address: &str) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = tokio::time::timeout(CONNECT_TIME_MAX, TcpStream::connect(address)).await??;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

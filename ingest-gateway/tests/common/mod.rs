//! The gateway with its embedded engine, as a process of its own, and its commands.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod beside;
pub mod door;
pub mod inside;
pub mod site;
pub mod wire;

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder};
use reqwest::Client;
use serde_json::Value;
use tokio::io::AsyncWriteExt;

const SETTLE_TIME_MAX: Duration = Duration::from_secs(20);

/// A running gateway.
pub struct Gateway {
    pub program: Program,
    pub url: String,
    pub clickhouse: String,
    /// Of the engine's user `default`.
    pub password: String,
}

impl Gateway {
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// As [`Gateway::start`], with further variables.
    pub fn start_with(data: &Path, environment: &[(&str, &str)]) -> Self {
        Self::start_by(Command::new(env!("CARGO_BIN_EXE_ingest-gateway")), data, environment)
    }

    /// As [`Gateway::start_with`], by a command that becomes the gateway's program.
    pub fn start_by(mut command: Command, data: &Path, environment: &[(&str, &str)]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        command
            .env("FOOTFALL_LISTEN", "127.0.0.1:0")
            .env("FOOTFALL_ENGINE_LISTEN", format!("127.0.0.1:{port}"))
            .env("FOOTFALL_DATA", data)
            .env("FOOTFALL_BATCH_EVENTS_MAX", "100")
            .env("FOOTFALL_BODY_BYTES_MAX", "20000")
            .env("FOOTFALL_DECODED_BYTES_MAX", "40000")
            .env("FOOTFALL_WRITE_KEYS", "0123456789abcdef=website")
            .env(
                "FOOTFALL_GEOIP",
                concat!(env!("CARGO_MANIFEST_DIR"), "/../vector-components/testdata/geoip/GeoLite2-City-Test.mmdb"),
            )
            .env("PROJECTS", "app,website")
            .env_remove("CLICKHOUSE_URL")
            .env_remove("KAFKA_BROKERS")
            .envs(environment.iter().copied());
        let program = Program::start(&mut command);
        let url = program.url.clone();
        let password = std::fs::read_to_string(data.join("clickhouse/engine-password")).unwrap();
        Self { program, url, clickhouse: format!("http://127.0.0.1:{port}"), password }
    }

    pub async fn post(&self, path: &str, project: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        let request = Client::new().post(format!("{}{path}", self.url)).header("X-App", project);
        let answer = request.header("X-Forwarded-For", "81.2.69.160").body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub async fn sql(&self, sql: impl Into<String>) -> String {
        String::from_utf8(self.bytes(sql).await).unwrap().trim().to_owned()
    }

    /// As [`Gateway::sql`], of a format that is no text.
    pub async fn bytes(&self, sql: impl Into<String>) -> Vec<u8> {
        self.settle().await;
        self.bytes_now(sql).await
    }

    /// As [`Gateway::bytes`], whatever waits in the journal.
    pub async fn bytes_now(&self, sql: impl Into<String>) -> Vec<u8> {
        let request = Client::new().post(&self.clickhouse).basic_auth("default", Some(&self.password)).body(sql.into());
        request.send().await.unwrap().bytes().await.unwrap().to_vec()
    }

    /// Waits until ClickHouse has what was answered; a gateway that is gone has nothing to wait for.
    pub async fn settle(&self) {
        let started = Instant::now();
        while let Ok(answer) = Client::new().get(format!("{}/metrics", self.url)).send().await {
            let text = answer.text().await.unwrap();
            if text.lines().any(|line| line == "footfall_journal_events 0") {
                return;
            }
            assert!(started.elapsed() < SETTLE_TIME_MAX, "the journal is not empty after {SETTLE_TIME_MAX:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn stored(&self) -> u64 {
        self.sql("SELECT count() FROM analytics.events FINAL").await.parse().unwrap()
    }

    /// Runs a command of the gateway's program against this gateway's engine.
    pub fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
        command.args(arguments).envs(self.clickhouse_environment()).env_remove("KAFKA_BROKERS").env("RUST_LOG", "warn");
        command.output().unwrap()
    }

    /// By which another program reaches this gateway's engine as a ClickHouse server.
    pub fn clickhouse_environment(&self) -> [(&'static str, &str); 3] {
        [("CLICKHOUSE_URL", &self.clickhouse), ("CLICKHOUSE_USER", "default"), ("CLICKHOUSE_PASSWORD", &self.password)]
    }

    /// As [`Gateway::command`], which has to succeed; its standard output.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn stop(self) -> bool {
        self.program.stop()
    }
}

/// A process that says its address in its first line; killed when dropped.
pub struct Program {
    pub process: Child,
    pub url: String,
}

impl Program {
    pub fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
        assert!(url.starts_with("http"), "the gateway did not start: is the engine there? (cargo xtask engine)");
        Self { process, url: url.trim().to_owned() }
    }

    pub fn stop(mut self) -> bool {
        Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().unwrap();
        self.process.wait().unwrap().success()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A body in a `Content-Encoding`.
pub async fn packed(encoding: &str, bytes: &[u8]) -> Vec<u8> {
    macro_rules! pack {
        ($encoder:ty) => {{
            let mut encoder = <$encoder>::new(Vec::new());
            encoder.write_all(bytes).await.unwrap();
            encoder.shutdown().await.unwrap();
            encoder.into_inner()
        }};
    }
    match encoding {
        "gzip" => pack!(GzipEncoder<Vec<u8>>),
        "deflate" => pack!(ZlibEncoder<Vec<u8>>),
        "br" => pack!(BrotliEncoder<Vec<u8>>),
        "zstd" => pack!(ZstdEncoder<Vec<u8>>),
        _ => bytes.to_vec(),
    }
}

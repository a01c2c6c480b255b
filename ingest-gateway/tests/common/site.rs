//! Projects in a file, as senders and operators see them: the real program, the real engine, real requests.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use reqwest::{Client, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};

use super::Gateway;

pub const SECRET: &str = "secret-key-of-the-backend";
pub const RELOAD_TIME_MAX: Duration = Duration::from_secs(20);
/// Of the test database.
pub const LONDON: &str = "81.2.69.160";
pub const SEOUL: &str = "2001:220::1";
pub const BROWSER: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";

/// A gateway whose projects are in a file.
pub struct Site {
    pub gateway: Gateway,
    pub file: PathBuf,
    data: tempfile::TempDir,
}

/// What a request was answered.
pub struct Answered {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Site {
    pub fn start(projects: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("projects.toml");
        std::fs::write(&file, projects).unwrap();
        let gateway = start(data.path(), &file);
        Self { gateway, file, data }
    }

    /// The same again after `kill -9`.
    pub fn again(mut self) -> Self {
        self.gateway.program.process.kill().unwrap();
        self.gateway.program.process.wait().unwrap();
        let gateway = start(self.data.path(), &self.file);
        Self { gateway, ..self }
    }

    pub async fn send(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answered {
        let request = Client::new().post(format!("{}{path}", self.gateway.url)).body(body.to_string());
        let with_header = |request: RequestBuilder, (name, value): &(&str, &str)| request.header(*name, *value);
        let answer = headers.iter().fold(request, with_header).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        Answered { status, headers, body: serde_json::from_str(&text).unwrap_or_else(|_| text.into()) }
    }

    pub async fn get(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(format!("{}{path}", self.gateway.url)).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Waits until `/readyz` says it.
    pub async fn says(&self, what: &str) -> String {
        let started = Instant::now();
        loop {
            let (status, text) = self.get("/readyz").await;
            assert_eq!(status, 200, "events are taken: {text}");
            if text.contains(what) {
                return text;
            }
            assert!(started.elapsed() < RELOAD_TIME_MAX, "{what:?} is not said: {text}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A command of the program, with this gateway's environment; whether it succeeded, and what it said.
    pub fn command(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
        let output = command
            .args(arguments)
            .envs(self.gateway.clickhouse_environment())
            .env("FOOTFALL_LISTEN", self.gateway.url.trim_start_matches("http://"))
            .env("FOOTFALL_PROJECTS_FILE", &self.file)
            .env_remove("PROJECTS")
            .env("RUST_LOG", "warn")
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    }
}

fn start(data: &Path, file: &Path) -> Gateway {
    let file = file.to_str().unwrap();
    let environment = [("PROJECTS", ""), ("FOOTFALL_WRITE_KEYS", ""), ("FOOTFALL_PROJECTS_FILE", file)];
    Gateway::start_with(data, &environment)
}

impl Answered {
    #[track_caller]
    pub fn is_refused(&self, status: u16, reason: &str) {
        assert_eq!((self.status, &self.body["error"]["reason"]), (status, &json!(reason)), "{}", self.body);
    }

    pub fn retry_after_s(&self) -> u64 {
        self.headers["retry-after"].to_str().unwrap().parse().unwrap()
    }

    pub fn outcomes(&self) -> Vec<&str> {
        let reason = |of: &'_ Value| of["reason"].as_str().is_some();
        let outcomes = self.body["outcomes"].as_array().unwrap().iter();
        outcomes.map(|of| if reason(of) { of["reason"].as_str() } else { of["outcome"].as_str() }.unwrap()).collect()
    }
}

pub fn event(name: &str) -> Value {
    json!({"type": name, "user_id": "u", "timestamp": chrono::Utc::now().timestamp_millis()})
}

//! The engine as a process of its own, and requests to it.

#![allow(dead_code, reason = "each test file uses its part")]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use embedded::Passwords;

/// A running `footfall-engine`.
pub struct Process {
    pub child: Child,
    pub url: String,
    pub passwords: Passwords,
    pub http: reqwest::Client,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    Default,
    Reader,
}

/// A status and a text.
pub type Answer = (u16, String);

impl Process {
    pub fn start(data: &Path, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_footfall-engine"))
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env_remove("FOOTFALL_ENGINE_PASSWORD")
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(data.with_extension("log")).unwrap())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
        let log = || std::fs::read_to_string(data.with_extension("log")).unwrap();
        assert!(url.starts_with("http"), "the engine did not start (cargo xtask engine): {}", log());
        let passwords = Passwords::read(data).unwrap();
        Self { child, url: url.trim().to_owned(), passwords, http: reqwest::Client::new() }
    }

    pub fn request(&self, method: reqwest::Method, path: &str, user: User) -> reqwest::RequestBuilder {
        let (name, password) = match user {
            User::Default => ("default", &self.passwords.default),
            User::Reader => ("reader", &self.passwords.reader),
        };
        self.http.request(method, format!("{}{path}", self.url)).basic_auth(name, Some(password.reveal()))
    }

    pub async fn post(&self, user: User, path: &str, sql: &str) -> Answer {
        answer(self.request(reqwest::Method::POST, path, user).body(sql.to_owned())).await
    }

    /// As `default`; it has to succeed.
    pub async fn run(&self, sql: &str) -> String {
        let (status, text) = self.post(User::Default, "/", sql).await;
        assert_eq!(status, 200, "{sql}: {text}");
        text.trim().to_owned()
    }

    pub async fn get(&self, user: User, parameters: &[(&str, &str)]) -> Answer {
        answer(self.request(reqwest::Method::GET, "/", user).query(parameters)).await
    }

    pub fn stop(mut self) -> bool {
        Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        self.child.wait().unwrap().success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// An engine with two databases of a table each.
pub async fn with_tables(data: &Path) -> Process {
    let engine = Process::start(data, &[]);
    for sql in [
        "CREATE DATABASE analytics",
        "CREATE TABLE analytics.t (a UInt64) ENGINE = MergeTree ORDER BY a",
        "INSERT INTO analytics.t SELECT number FROM numbers(10)",
        "CREATE VIEW analytics.v AS SELECT a FROM analytics.t WHERE a < 5",
        "CREATE DATABASE other",
        "CREATE TABLE other.t (a UInt64) ENGINE = MergeTree ORDER BY a",
    ] {
        engine.run(sql).await;
    }
    engine
}

//! How to reach a ClickHouse, and running a statement over its HTTP interface.

use std::path::Path;

use anyhow::ensure;
use embedded::Passwords;
use reqwest::Client;

/// A ClickHouse with its user and password.
#[derive(Clone)]
pub struct Server {
    /// Its HTTP URL.
    pub url: String,
    user: String,
    password: String,
    /// The password of the embedded engine's user `reader`.
    reader_password: Option<String>,
}

impl Server {
    /// The embedded engine running on this data folder.
    ///
    /// # Errors
    /// If its passwords cannot be read.
    pub fn embedded(url: &str, data: &Path) -> anyhow::Result<Self> {
        let passwords = Passwords::read(data)?;
        Ok(Self {
            url: url.to_owned(),
            user: "default".to_owned(),
            password: passwords.default.reveal().to_owned(),
            reader_password: Some(passwords.reader.reveal().to_owned()),
        })
    }

    /// A server with the credentials from `CLICKHOUSE_USER` and `CLICKHOUSE_PASSWORD`.
    pub fn external(url: String) -> Self {
        let variable = |name| std::env::var(name).unwrap_or_default();
        Self {
            url,
            user: variable("CLICKHOUSE_USER"),
            password: variable("CLICKHOUSE_PASSWORD"),
            reader_password: None,
        }
    }

    /// A server without authentication.
    pub fn without_user(url: &str) -> Self {
        Self { url: url.to_owned(), user: String::new(), password: String::new(), reader_password: None }
    }

    /// The same with the read-only user, as for a data source.
    pub fn reader(&self) -> Self {
        match &self.reader_password {
            Some(password) => Self { user: "reader".to_owned(), password: password.clone(), ..self.clone() },
            None => self.clone(),
        }
    }

    /// The same at another URL.
    pub fn at(&self, url: String) -> Self {
        Self { url, ..self.clone() }
    }

    /// The user; empty if none is needed.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The user's password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Environment variables for our programs.
    pub fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("CLICKHOUSE_URL", self.url.clone()),
            ("CLICKHOUSE_USER", self.user.clone()),
            ("CLICKHOUSE_PASSWORD", self.password.clone()),
        ]
    }

    /// Environment variables for the tests in [`root`](crate::root)`/tests`.
    pub fn test_environment(&self) -> [(&'static str, String); 4] {
        let reader = self.reader();
        [
            ("FOOTFALL_CLICKHOUSE", self.url.clone()),
            ("FOOTFALL_CLICKHOUSE_PASSWORD", self.password.clone()),
            ("FOOTFALL_CLICKHOUSE_READER", reader.user),
            ("FOOTFALL_CLICKHOUSE_READER_PASSWORD", reader.password),
        ]
    }
}

/// Runs a statement; `parameters` go into the URL, including `param_*`.
pub async fn ask(client: &Client, server: &Server, sql: &str, parameters: &[(&str, &str)]) -> anyhow::Result<String> {
    let mut url = reqwest::Url::parse(&server.url)?;
    url.query_pairs_mut().extend_pairs(parameters);
    let mut request = client.post(url).body(sql.to_owned());
    if !server.user.is_empty() {
        request = request.header("X-ClickHouse-User", &server.user).header("X-ClickHouse-Key", &server.password);
    }
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    ensure!(status.is_success(), "ClickHouse answered {status}: {text}");
    Ok(text.trim().to_owned())
}

//! Which ClickHouse: a server, or the embedded engine.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use clickhouse::Client;

use crate::migrate::cluster::Cluster;

/// For a gateway's open engine to answer; then it is not to be used.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

/// How to reach ClickHouse.
#[derive(Clone)]
#[expect(missing_docs, reason = "as the options of the same names")]
pub struct ClickHouse {
    pub url: Option<String>,
    pub user: String,
    pub password: String,
    pub cluster: Option<Cluster>,
    pub engine_listen: SocketAddr,
    pub engine_memory_bytes_max: Option<u64>,
}

impl ClickHouse {
    /// A client of the server that is configured, or of the embedded engine, started.
    ///
    /// # Errors
    /// If the engine cannot be started.
    pub async fn connect(&self, data: &Path) -> anyhow::Result<(Client, Option<embedded::Server>)> {
        let client = Client::default();
        if let Some(url) = &self.url {
            return Ok((client.with_url(url).with_user(&self.user).with_password(&self.password), None));
        }
        let engine = self.start_engine(data).await?;
        Ok((of_engine(client.with_url(engine.url()), &engine.passwords), Some(engine)))
    }

    /// As [`ClickHouse::connect`]; if a gateway's embedded engine is open already, that one.
    ///
    /// # Errors
    /// As [`ClickHouse::connect`].
    pub async fn open(&self, data: &Path) -> anyhow::Result<(Client, Option<embedded::Server>)> {
        if self.url.is_none()
            && embedded::is_open(&engine_folder(data))
            && let Ok(passwords) = embedded::Passwords::read(&engine_folder(data))
        {
            let client = Client::default().with_url(format!("http://{}", self.engine_listen));
            let client = of_engine(client, &passwords);
            let asked = client.query_raw("SELECT 1").fetch_one::<u8>();
            if let Ok(Ok(_)) = tokio::time::timeout(ANSWER_TIME_MAX, asked).await {
                return Ok((client, None));
            }
        }
        self.connect(data).await
    }

    async fn start_engine(&self, data: &Path) -> anyhow::Result<embedded::Server> {
        embedded::Server::start(embedded::Options {
            library: embedded::library::find()?,
            data: engine_folder(data),
            listen: self.engine_listen,
            password: embedded::Password::from_environment()?,
            memory_bytes_max: self.engine_memory_bytes_max,
        })
        .await
    }
}

/// The engine's part of the data folder.
fn engine_folder(data: &Path) -> PathBuf {
    data.join("clickhouse")
}

fn of_engine(client: Client, passwords: &embedded::Passwords) -> Client {
    client.with_user("default").with_password(passwords.default.reveal())
}

impl fmt::Debug for ClickHouse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClickHouse").field("url", &self.url).field("user", &self.user).finish_non_exhaustive()
    }
}

/// `CLICKHOUSE_URL`; none if it is empty.
pub fn parse_url(text: &str) -> anyhow::Result<Option<String>> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = url::Url::parse(text).context("CLICKHOUSE_URL is not a URL such as http://localhost:8123")?;
    if !url.username().is_empty() || url.password().is_some() {
        bail!("CLICKHOUSE_URL must not hold a user or password: use CLICKHOUSE_USER and CLICKHOUSE_PASSWORD");
    }
    Ok(Some(text.trim_end_matches('/').to_owned()))
}

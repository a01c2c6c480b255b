//! The ClickHouse engine on loopback: `libchdb` behind ClickHouse's own HTTP interface.
//!
//! Everything that speaks to a ClickHouse server over HTTP speaks to this unchanged, so
//! a site moves from the embedded engine to a server by changing one URL.
//!
//! # Path of a request
//! [`http`] reads the request and decodes its body, [`sql`] finds out what kind of
//! statement it is, and a worker thread runs it on a connection of its own
//! ([`engine`]), with the request's settings and database; the result is streamed back.
//!
//! # Invariants
//! * `unsafe` stands in [`ffi`] and nowhere else.
//! * A connection serves one request and is closed after it, so no setting, database or
//!   temporary table leaks from one request into another; a `session_id` keeps one.
//! * Only loopback addresses are bound: the interface has no passwords.

pub mod engine;
pub mod ffi;
pub mod http;
pub mod library;
pub mod sql;

use std::{net::SocketAddr, path::Path, sync::Arc};

use axum::serve::ListenerExt;

pub use engine::Engine;

/// A running engine with its HTTP interface.
pub struct Server {
    /// The address that is really bound.
    pub address: SocketAddr,
    task: tokio::task::JoinHandle<std::io::Result<()>>,
    stop: tokio::sync::watch::Sender<bool>,
}

impl Server {
    /// Opens the data folder and serves it on `listen`.
    ///
    /// # Errors
    /// If the library or the folder cannot be opened, or the address is not on loopback
    /// or is taken.
    pub async fn start(library: &Path, data: &Path, listen: SocketAddr) -> anyhow::Result<Self> {
        anyhow::ensure!(
            listen.ip().is_loopback(),
            "the embedded engine has no passwords and listens on loopback only, not on {listen}: \
             for other hosts run a ClickHouse server and set CLICKHOUSE_URL"
        );
        std::fs::create_dir_all(data)?;
        let (library, data) = (library.to_owned(), data.to_owned());
        let engine = tokio::task::spawn_blocking(move || Engine::open(&library, &data)).await??;
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .map_err(|e| anyhow::anyhow!("cannot listen on {listen}: {e}; give another address"))?;
        let address = listener.local_addr()?;
        let (stop, mut stopped) = tokio::sync::watch::channel(false);
        let app = http::router(Arc::new(engine), address);
        let task = tokio::spawn(async move {
            let wait = async move {
                let _ = stopped.wait_for(|stop| *stop).await;
            };
            axum::serve(listener.tap_io(without_delay), app).with_graceful_shutdown(wait).await
        });
        tracing::info!(%address, "ClickHouse's HTTP interface is open");
        Ok(Self { address, task, stop })
    }

    /// The URL of the interface.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets running requests end, then stops.
    ///
    /// # Errors
    /// If serving ended with an error.
    pub async fn stop(self) -> anyhow::Result<()> {
        let _ = self.stop.send(true);
        Ok(self.task.await??)
    }
}

/// Small answers go out at once, not when the client has acknowledged what came before.
fn without_delay(stream: &mut tokio::net::TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY cannot be set");
    }
}

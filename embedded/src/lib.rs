//! The ClickHouse engine on loopback: `libchdb` behind ClickHouse's own HTTP interface.
//!
//! Everything that speaks to a ClickHouse server over HTTP speaks to this unchanged, so
//! a site moves from the embedded engine to a server by changing one URL.
//!
//! # Path of a request
//! [`http`] refuses web pages, checks the password, reads the request and decodes its body;
//! [`sql`] finds out what kind of statement it is; it waits for its turn ([`lanes`]), and a
//! worker thread runs it on a connection of its own ([`engine`]), with the request's settings
//! and database, and with the rights to read alone if that is what it may do ([`reading`]); the
//! result is streamed back.
//!
//! # Invariants
//! * `unsafe` stands in [`ffi`] and nowhere else.
//! * A connection serves one request and is closed after it, so no setting, database or
//!   temporary table leaks from one request into another; a `session_id` keeps one, for requests
//!   that may do everything.
//! * Only loopback addresses are bound, and only `/ping` is answered without a password.
//! * A reader's statement reaches no file and no network, changes nothing, and cannot lift its
//!   limits.

pub mod config;
pub mod engine;
pub mod ffi;
pub mod http;
pub mod lanes;
pub mod library;
pub mod reading;
pub mod refusal;
pub mod secrets;
pub mod sql;
mod stop;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

pub use engine::Engine;
pub use secrets::{Password, Passwords};
pub use stop::stop_signal;

/// How to start the engine.
#[derive(Debug, Clone)]
pub struct Options {
    /// The engine's library; see [`library::find`].
    pub library: PathBuf,
    /// The folder of the data; made if it is not there.
    pub data: PathBuf,
    /// The loopback address to listen on.
    pub listen: SocketAddr,
    /// The password of `default`; if there is none, that of the folder, made at the first start.
    pub password: Option<Password>,
    /// The memory of the engine; 60 % of the machine's or the container's if it is not given.
    pub memory_bytes_max: Option<u64>,
}

impl Options {
    /// With everything else by default.
    #[must_use]
    pub fn new(library: &Path, data: &Path, listen: SocketAddr) -> Self {
        Self { library: library.to_owned(), data: data.to_owned(), listen, password: None, memory_bytes_max: None }
    }
}

/// Whether some process has an engine open on the folder: its lock is held. Who sends the
/// folder's password asks first, since an address alone says nothing of who listens there.
#[must_use]
pub fn is_open(data: &Path) -> bool {
    let status = std::fs::File::open(data.join("status"));
    status.is_ok_and(|file| matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
}

/// A running engine with its HTTP interface.
pub struct Server {
    /// The address that is really bound.
    pub address: SocketAddr,
    /// What its clients have to send.
    pub passwords: Arc<Passwords>,
    task: tokio::task::JoinHandle<Result<(), std::convert::Infallible>>,
    stop: tokio::sync::watch::Sender<bool>,
}

impl Server {
    /// Opens the data folder and serves it on `options.listen`.
    ///
    /// # Errors
    /// If the library or the folder cannot be opened, or the address is not on loopback
    /// or is taken.
    pub async fn start(options: Options) -> anyhow::Result<Self> {
        let Options { library, data, listen, password, memory_bytes_max } = options;
        anyhow::ensure!(
            listen.ip().is_loopback(),
            "the embedded engine is for this machine and listens on loopback only, not on {listen}: \
             for other hosts run a ClickHouse server and set CLICKHOUSE_URL"
        );
        secrets::private_folder(&data)?;
        let (engine, passwords) = tokio::task::spawn_blocking(move || {
            let engine = Engine::open(&library, &data, memory_bytes_max)?;
            // Only now: the folder is this process's own.
            anyhow::Ok((engine, Passwords::open(&data, password.as_ref())?))
        })
        .await??;
        let listener = tokio::net::TcpListener::bind(listen)
            .await
            .map_err(|e| anyhow::anyhow!("cannot listen on {listen}: {e}; give another address"))?;
        let address = listener.local_addr()?;
        let passwords = Arc::new(passwords);
        let app = http::router(Arc::new(engine), Arc::clone(&passwords), address);
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let task = tokio::spawn(http::serve::serve(listener, app, stopped));
        tracing::info!(%address, "ClickHouse's HTTP interface is open");
        Ok(Self { address, passwords, task, stop })
    }

    /// The URL of the interface.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets running requests end, then stops.
    ///
    /// # Errors
    /// If serving ended with a panic.
    pub async fn stop(self) -> anyhow::Result<()> {
        let _ = self.stop.send(true);
        match self.task.await? {
            Ok(()) => Ok(()),
        }
    }
}

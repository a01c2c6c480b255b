//! `footfall-engine`: the embedded ClickHouse engine as a process of its own.

use std::{net::SocketAddr, path::PathBuf};

use clap::Parser;
use embedded::Password;

/// The ClickHouse engine behind ClickHouse's HTTP interface, on loopback. `FOOTFALL_ENGINE_PASSWORD`
/// is the password of its user `default`; else one is made, and kept in the data folder.
#[derive(Parser)]
struct Options {
    /// The folder of the data; made if it is not there.
    #[arg(long, env = "FOOTFALL_DATA", default_value = ".footfall/clickhouse")]
    data: PathBuf,
    /// The loopback address to listen on.
    #[arg(long, env = "FOOTFALL_ENGINE_LISTEN", default_value = "127.0.0.1:8123")]
    listen: SocketAddr,
    /// The engine's library; found in the cache folder if not given.
    #[arg(long, env = "FOOTFALL_LIBCHDB")]
    library: Option<PathBuf>,
    /// The engine's memory, in bytes; if not given, 60 % of the machine's or the container's.
    #[arg(long, env = "FOOTFALL_ENGINE_MEMORY_BYTES_MAX")]
    memory_bytes_max: Option<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let options = Options::parse();
    let library = match options.library {
        Some(path) => path,
        None => embedded::library::find()?,
    };
    let server = embedded::Server::start(embedded::Options {
        library,
        data: options.data,
        listen: options.listen,
        password: Password::from_environment()?,
        memory_bytes_max: options.memory_bytes_max,
    })
    .await?;
    // Before anybody knows the address, and can stop us.
    let stopped = embedded::stop_signal()?;
    println!("{}", server.url());
    stopped.await;
    server.stop().await
}

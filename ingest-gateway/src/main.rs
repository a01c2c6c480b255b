//! `ingest-gateway`: serve events, or look after the tables.

use std::process::ExitCode;

use clap::Parser;
use ingest_gateway::cli::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match Cli::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ingest-gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

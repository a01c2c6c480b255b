//! `ingest-gateway`: serve events, or look after the tables.

use std::process::ExitCode;

use clap::Parser;
use ingest_gateway::{
    config::{Command, Config, Options},
    operate, server,
};

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ingest-gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let options = Options::parse();
    let command = options.command.clone().unwrap_or_default();
    let config = Config::resolve(options)?;
    match command {
        Command::Serve => server::serve(config).await,
        command => operate::run(command, &config).await,
    }
}

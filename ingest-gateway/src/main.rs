//! `ingest-gateway`: serve events, or look after the tables.

use std::process::ExitCode;

use clap::Parser;
use ingest_gateway::{cli::Cli, logs};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    logs::start(cli.options.log_format);
    match cli.run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ingest-gateway: {error:#}");
            ExitCode::FAILURE
        }
    }
}

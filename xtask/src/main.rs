//! `cargo xtask`: the commands used in README and CI.

mod attack;
mod bench;
mod broker;
mod chaos;
mod clickhouse;
mod demo;
mod dependencies;
mod engine;
mod front_end;
mod gateway;
mod installed;
mod modules;
mod package;
mod plugin;
mod plugin_zip;
mod portable;
mod prerequisites;
mod process;
mod prometheus;
mod seed;
mod test;
mod traffic;
mod types;
mod usage;
mod vector;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

/// Footfall's commands.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the whole product on this machine and show sessions and a funnel.
    Demo(demo::Options),
    /// Run every test, against the real components.
    Test(test::Options),
    /// Fill ClickHouse with synthetic events.
    Seed(seed::Options),
    /// Attack real processes under limits: expanding bodies, idle connections, greedy statements.
    Attack(attack::Options),
    /// Kill Kafka for a minute and the gateway twice under load, and compare what is stored with what was acknowledged.
    Chaos(chaos::Options),
    /// Run a benchmark against a named peer.
    Bench(bench::Options),
    /// A handler that only reads bodies: the limit in `bench gateway`.
    #[command(hide = true)]
    BenchBareHandler,
    /// Build the packages to install: plugins, gateway, SBOMs, checksums.
    Package(package::Options),
    /// Write the schema of the queries and the front end's types, from the backend's models.
    Types,
    /// Download the ClickHouse engine into the cache folder.
    Engine,
}

#[tokio::main]
async fn main() -> ExitCode {
    let result = match Options::parse().command {
        Command::Demo(options) => demo::run(options).await,
        Command::Test(options) => test::run(options).await,
        Command::Seed(options) => seed::run(options).await,
        Command::Attack(options) => attack::run(&options).await,
        Command::Chaos(options) => chaos::run(options).await,
        Command::Package(options) => package::run(&options),
        Command::BenchBareHandler => bench::serve_bare().await,
        Command::Bench(options) => bench::run(&options).await,
        Command::Types => types::run(),
        Command::Engine => prerequisites::check(&prerequisites::DEMO).and_then(|()| engine::install()).map(|path| {
            println!("{}", path.display());
        }),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\ncargo xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The repository's root.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}

/// The cargo that runs this, with its toolchain.
fn cargo() -> std::process::Command {
    let mut cargo = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// The build output folder.
fn bin(name: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("release").join(name)
}

//! `cargo xtask bench NAME`: measures both sides in one run, then prints one line of JSON.

mod bento;
mod gateway;
mod load;
mod page_view;
mod pipeline;
mod queries;
mod storage;
mod vector;

use std::path::PathBuf;

use anyhow::ensure;
use clap::{Args, ValueEnum};

pub use self::gateway::serve_bare;
use crate::{cargo, root};

/// Options for the benchmarks.
#[derive(Args)]
pub struct Options {
    /// What to measure.
    name: Name,
    /// A folder with uap-core's test cases (test_ua.yaml, …); adds the accuracy of both sides.
    #[arg(long)]
    uap_cases: Option<PathBuf>,
    /// Events in the tables of `queries` and `storage`.
    #[arg(long, default_value_t = 10_000_000)]
    rows: u64,
    /// Messages in the topic of `vector`.
    #[arg(long, default_value_t = 400_000)]
    messages: u64,
    /// Events of each shape in `gateway`, and of each side in `pipeline`.
    #[arg(long, default_value_t = 100_000)]
    events: usize,
    /// Layouts for `storage`, separated by commas; all if empty.
    #[arg(long, default_value = "")]
    layouts: String,
    /// Keep the tables, and reuse those of an earlier run.
    #[arg(long)]
    keep: bool,
}

#[derive(ValueEnum, Clone, Copy)]
enum Name {
    /// Enrichment against the article's remap program, run by the vrl crate.
    Enrich,
    /// The data source's funnels and sessions against windowFunnel on the article's table and on
    /// ours, a funnel with self-joins, grouping raw events, and a scan of the columns.
    Queries,
    /// Layouts of the events table: bytes per row and the time of the dashboards' queries.
    Storage,
    /// The gateway's requests: against Bento (`BENTO_BIN`), Vector (`VECTOR_BIN`), a handler that does nothing,
    /// and librdkafka's producer.
    Gateway,
    /// From POST to row: CPU time of all processes, ours against the article's chain (`BENTO_BIN`, `VECTOR_BIN`).
    Pipeline,
    /// Kafka → Vector → blackhole and ClickHouse: parse_json alone, the article's remap and our transform, in
    /// the program of `VECTOR_BIN`.
    Vector,
}

/// Runs one benchmark.
pub async fn run(options: &Options) -> anyhow::Result<()> {
    match options.name {
        Name::Enrich => enrich(options),
        Name::Storage => storage::run(options.rows, &options.layouts, options.keep).await,
        Name::Gateway => gateway::run(options.events).await,
        Name::Pipeline => pipeline::run(options.events).await,
        Name::Vector => vector::run(options.messages).await,
        Name::Queries => queries::run(options.rows, options.keep).await,
    }
}

/// A separate workspace, since VRL is a large dependency.
fn enrich(options: &Options) -> anyhow::Result<()> {
    let mut cargo = cargo();
    cargo.args(["run", "--release", "--target-dir"]).arg(root().join("target/enrich-bench"));
    cargo.arg("--manifest-path").arg(root().join("vector-components/bench/Cargo.toml"));
    if let Some(folder) = &options.uap_cases {
        cargo.arg("--").arg(folder.canonicalize()?);
    }
    let status = cargo.status()?;
    ensure!(status.success(), "the benchmark exited with {status}");
    Ok(())
}

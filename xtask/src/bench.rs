//! `cargo xtask bench NAME`: both sides in one run, then one line of JSON.

use std::path::PathBuf;

use anyhow::ensure;
use clap::{Args, ValueEnum};

use crate::{cargo, root};

/// Options of the benchmarks.
#[derive(Args)]
pub struct Options {
    /// What to measure.
    name: Name,
    /// A folder with uap-core's test cases (test_ua.yaml, …): adds the accuracy of both sides.
    #[arg(long)]
    uap_cases: Option<PathBuf>,
}

#[derive(ValueEnum, Clone, Copy)]
enum Name {
    /// Enrichment against the article's remap program, run by the vrl crate.
    Enrich,
}

/// Builds the benchmark, which is a workspace of its own, and runs it.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let Name::Enrich = options.name;
    let mut cargo = cargo();
    cargo.args(["run", "--release", "--target-dir"]).arg(root().join("target/enrich-bench"));
    cargo.arg("--manifest-path").arg(root().join("vector-components/bench/Cargo.toml"));
    if let Some(folder) = &options.uap_cases {
        cargo.arg("--").arg(folder.canonicalize()?);
    }
    let status = cargo.status()?;
    ensure!(status.success(), "the benchmark ended with {status}");
    Ok(())
}

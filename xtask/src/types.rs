//! `cargo xtask types`: the backend's models → the schema of the queries → the front end's types. Both files are
//! committed; `grafana-backend/tests/query_schema.rs` and the step "front end" fail if they are not up to date.

use std::{fs, process::Stdio};

use anyhow::{Context, ensure};

use crate::{cargo, front_end, root};

const SCHEMA: &str = "grafana-backend/plugin/src/query/schema.json";

/// Writes both files.
pub fn run() -> anyhow::Result<()> {
    let mut print = cargo();
    print.args(["run", "--release", "--quiet", "--package", "grafana-backend", "--example", "query_schema"]);
    let output = print.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    ensure!(output.status.success(), "the schema could not be made: {}", output.status);
    fs::write(root().join(SCHEMA), output.stdout).with_context(|| format!("cannot write {SCHEMA}"))?;
    front_end::write_types()
}

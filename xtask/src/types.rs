//! `cargo xtask types`: the backend's models → the schema of the queries → the front end's types. Both files are
//! committed; `grafana-backend/tests/query_schema.rs` and the step "front end" fail if they are not up to date.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

use crate::{bin, cargo, front_end, root};

const SCHEMA: &str = "grafana-backend/plugin/src/query/schema.json";

/// Writes both files.
pub fn run() -> anyhow::Result<()> {
    let mut build = cargo();
    // Of the whole workspace, as everything else is built: the dependencies of one package alone have other features.
    build.args(["build", "--release", "--quiet", "--workspace", "--example", "query_schema"]);
    let status = build.status().context("cannot start cargo")?;
    ensure!(status.success(), "the schema's example cannot be built: {status}");
    let output = Command::new(bin("examples/query_schema")).stderr(Stdio::inherit()).output();
    let output = output.context("cannot start the schema's example")?;
    ensure!(output.status.success(), "the schema could not be made: {}", output.status);
    fs::write(root().join(SCHEMA), output.stdout).with_context(|| format!("cannot write {SCHEMA}"))?;
    front_end::write_types()
}

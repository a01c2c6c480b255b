//! Named cohorts of the demo's project, by the command that an operator uses.

use std::process::{Command, Stdio};

use anyhow::ensure;

use super::generator::PROJECT;
use crate::{bin, clickhouse::Server};

/// Name, description and definition.
const COHORTS: [[&str; 3]; 2] = [
    ["buyers", "Who bought within a year", r#"{"did": {"events": {"event": "purchase"}, "days": 365}}"#],
    [
        "undecided",
        "Who signed up within 90 days and has not bought since",
        r#"{"all": [{"did": {"events": {"event": "sign_up"}, "days": 90}}, {"did": {"events": {"event": "purchase"}, "days": 90, "atMost": 0}}]}"#,
    ],
];

/// Defines them; those of an earlier run are defined anew.
pub fn define(server: &Server) -> anyhow::Result<()> {
    for [name, description, filter] in COHORTS {
        let status = Command::new(bin("ingest-gateway"))
            .args(["cohort", "define", "--project", PROJECT])
            .args(["--name", name, "--description", description, "--filter", filter])
            .envs(server.environment())
            .stdout(Stdio::null())
            .status()?;
        ensure!(status.success(), "cannot define the cohort {name:?}");
    }
    Ok(())
}

//! Grafana's own test library, @grafana/plugin-e2e, against a Grafana that runs elsewhere with Footfall's plugins,
//! provisioning and data. Its files are type-checked in any case, against the library that they use.

use std::{fs, path::Path, process::Command};

use anyhow::Context;

use crate::{process::run_to_end, root};

/// Fetch → check → run where `GRAFANA_URL` is given.
pub fn run() -> anyhow::Result<&'static str> {
    let tests = root().join("tests/grafana");
    fetch(&tests)?;
    run_to_end(Command::new("npm").args(["run", "--silent", "typecheck"]).current_dir(&tests))?;
    let is_given = std::env::var("GRAFANA_URL").is_ok_and(|url| !url.is_empty());
    if !is_given {
        return Ok("NOT RUN, only type-checked: GRAFANA_URL is not set (docs/develop.md)");
    }
    run_to_end(Command::new("npm").args(["run", "--silent", "test"]).current_dir(&tests))?;
    Ok("@grafana/plugin-e2e: settings, editors, dashboards, alerts and the app in a running Grafana")
}

/// Browsers are not downloaded: `CHROMIUM` names one, or `npx playwright install chromium` was run.
fn fetch(tests: &Path) -> anyhow::Result<()> {
    let lock = fs::read(tests.join("package-lock.json")).context("tests/grafana/package-lock.json")?;
    let marker = tests.join("node_modules/.footfall-lock");
    if fs::read(&marker).is_ok_and(|known| known == lock) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(tests);
    run_to_end(npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))?;
    Ok(fs::write(marker, lock)?)
}

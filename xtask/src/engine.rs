//! Downloads the ClickHouse engine with npm, which verifies it against the lockfile.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{bin, clickhouse::Server, process::Process, root};

/// The unpacked library's size, only for the progress bar.
const LIBRARY_BYTES: u64 = 569_042_782;

/// Installs the pinned engine if necessary and returns the library's path.
pub fn install() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("FOOTFALL_LIBCHDB") {
        return Ok(path.into());
    }
    let folder = embedded::library::install_folder()?;
    if let Ok(path) = embedded::library::find() {
        return Ok(path);
    }
    // Installed elsewhere and renamed, so that an interrupted download leaves nothing half-installed.
    let aside = folder.with_extension("part");
    let _ = fs::remove_dir_all(&aside);
    fs::create_dir_all(&aside).with_context(|| format!("cannot create {}", aside.display()))?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(root().join("embedded/npm").join(file), aside.join(file))?;
    }
    npm_ci(&aside)?;
    let _ = fs::remove_dir_all(&folder);
    fs::rename(&aside, &folder)?;
    embedded::library::find()
}

fn npm_ci(folder: &Path) -> anyhow::Result<()> {
    let mut npm = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .spawn()
        .context("cannot start npm")?;
    let style = ProgressStyle::with_template("  engine  {bar:40} {bytes}/{total_bytes}  {elapsed}")?;
    let bar = ProgressBar::new(LIBRARY_BYTES).with_style(style);
    let status = loop {
        if let Some(status) = npm.try_wait()? {
            break status;
        }
        bar.set_position(size(folder).min(LIBRARY_BYTES));
        std::thread::sleep(Duration::from_millis(200));
    };
    bar.finish_and_clear();
    if !status.success() {
        bail!(
            "npm could not download the ClickHouse engine ({status}); see the message above. Is the npm registry reachable?"
        );
    }
    Ok(())
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.metadata().map_or(0, |m| if m.is_dir() { size(&entry.path()) } else { m.len() })).sum()
}

/// A running engine.
pub struct Engine {
    /// How to reach it.
    pub server: Server,
    /// Its process.
    pub process: Process,
}

/// Starts the engine on a data folder.
pub async fn start(data: &Path, log: &Path) -> anyhow::Result<Engine> {
    start_with(data, log, &[]).await
}

/// The same with additional environment variables.
pub async fn start_with(data: &Path, log: &Path, environment: &[(&str, String)]) -> anyhow::Result<Engine> {
    let arguments = ["--data", &data.display().to_string(), "--listen", "127.0.0.1:0"];
    let process = Process::start(&bin("footfall-engine"), &arguments, environment, log).await?;
    Ok(Engine { server: Server::embedded(&process.first_line, data)?, process })
}

impl Engine {
    /// Stops it like a service manager.
    ///
    /// # Errors
    /// If it does not stop in time.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.process.stop().await.map(drop)
    }
}

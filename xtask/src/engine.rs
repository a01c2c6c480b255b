//! Fetching the ClickHouse engine by npm, which checks it against the lockfile.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{bin, clickhouse::Server, process::Process, root};

/// The unpacked library's size, for the progress bar alone.
const LIBRARY_BYTES: u64 = 569_042_782;

/// Installs the pinned engine if it is not there, and gives the library's path.
pub fn install() -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os("FOOTFALL_LIBCHDB") {
        return Ok(path.into());
    }
    let folder = embedded::library::install_folder()?;
    if let Ok(path) = embedded::library::find() {
        return Ok(path);
    }
    // Installed aside and renamed, so that an interrupted fetch leaves nothing half there.
    let aside = folder.with_extension("part");
    let _ = fs::remove_dir_all(&aside);
    fs::create_dir_all(&aside).with_context(|| format!("cannot make {}", aside.display()))?;
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
            "npm could not fetch the ClickHouse engine ({status}); its message stands above. Is the npm registry reachable?"
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
    /// How it is reached.
    pub server: Server,
    /// Its process.
    pub process: Process,
}

/// Opens the engine on a data folder.
pub async fn start(data: &Path, log: &Path) -> anyhow::Result<Engine> {
    start_with(data, log, &[]).await
}

/// The same with more of its environment.
pub async fn start_with(data: &Path, log: &Path, environment: &[(&str, String)]) -> anyhow::Result<Engine> {
    let arguments = ["--data", &data.display().to_string(), "--listen", "127.0.0.1:0"];
    let process = Process::start(&bin("footfall-engine"), &arguments, environment, log).await?;
    Ok(Engine { server: Server::embedded(&process.first_line, data)?, process })
}

impl Engine {
    /// Ends it as a service manager does.
    ///
    /// # Errors
    /// If it does not end in time.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.process.stop().await.map(drop)
    }
}

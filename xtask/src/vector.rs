//! A Vector for a run: the binary `VECTOR_BIN`, with the shipped files of provisioning/vector,
//! in its own folder.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

use crate::{clickhouse::Server, process::free_port, root};

const STOP_TIME_MAX: Duration = Duration::from_secs(60);
/// `api.address` in the shipped files.
const API: &str = "127.0.0.1:8686";
/// The comment in footfall.yaml that shows how to set GeoIP files.
const GEOIP_COMMENT: &str = "# geoip: /var/lib/GeoIP/GeoLite2-City.mmdb";
/// Where metrics.yaml listens.
const METRICS: &str = "127.0.0.1:9598";

/// The binary `VECTOR_BIN`.
///
/// # Errors
/// If the variable is not a file.
pub fn program() -> anyhow::Result<Option<PathBuf>> {
    let Some(path) = std::env::var_os("VECTOR_BIN").filter(|path| !path.is_empty()) else { return Ok(None) };
    let path = std::path::absolute(path)?;
    ensure!(path.is_file(), "VECTOR_BIN is {}, which is not a file", path.display());
    Ok(Some(path))
}

/// Vector's working directory, with its settings in the folder `secrets`.
pub struct Place {
    /// Where Vector is started.
    pub folder: PathBuf,
    /// The URL of its metrics.
    pub metrics: String,
}

/// Creates the working directory: the given shipped files, and their settings.
///
/// # Errors
/// If a file cannot be read or written.
pub fn place(folder: &Path, files: &[&str], kafka: &str, clickhouse: &Server) -> anyhow::Result<Place> {
    let secrets = folder.join("secrets");
    fs::create_dir_all(&secrets)?;
    let (api, metrics) = (format!("127.0.0.1:{}", free_port()?), format!("127.0.0.1:{}", free_port()?));
    for name in files {
        let shipped = fs::read_to_string(root().join("provisioning/vector").join(name))?;
        // Vector's own listening addresses are not settings.
        fs::write(folder.join(name), shipped.replace(API, &api).replace(METRICS, &metrics))?;
    }
    fs::write(folder.join("data.yaml"), format!("data_dir: {}\n", folder.display()))?;
    for (name, value) in [
        ("kafka_brokers", kafka),
        ("clickhouse_url", &clickhouse.url),
        ("clickhouse_user", clickhouse.user()),
        ("clickhouse_password", clickhouse.password()),
        ("visitor_salt", "000102030405060708090a0b0c0d0e0f"),
    ] {
        fs::write(secrets.join(name), format!("{value}\n"))?;
    }
    Ok(Place { folder: folder.to_owned(), metrics: format!("http://{metrics}") })
}

/// Sets a GeoIP database in the shipped file's transform.
///
/// # Errors
/// If the file cannot be changed.
pub fn set_geoip(file: &Path, geoip: &str) -> anyhow::Result<()> {
    let shipped = fs::read_to_string(file)?;
    ensure!(shipped.contains(GEOIP_COMMENT), "footfall.yaml does not show how to set GeoIP files");
    Ok(fs::write(file, shipped.replace(GEOIP_COMMENT, &format!("geoip: {geoip}")))?)
}

/// Runs one of Vector's commands to completion and returns its output.
///
/// # Errors
/// If it fails, with its output.
pub fn command(program: &Path, folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output()?;
    let said = [output.stdout.as_slice(), b"\n", &output.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    ensure!(output.status.success(), "vector {} exited with {}:\n{said}", arguments.join(" "), output.status);
    Ok(said)
}

/// A running Vector; killed when dropped.
pub struct Vector {
    child: Child,
    log: PathBuf,
}

impl Vector {
    /// Starts it in its folder with a configuration and its metrics.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(program: &Path, folder: &Path, file: &str) -> anyhow::Result<Self> {
        let log = folder.join("vector.log");
        let out = fs::OpenOptions::new().create(true).append(true).open(&log)?;
        let child = Command::new(program)
            .args(["--config", file, "--config", "data.yaml", "--config", "metrics.yaml", "--threads", "2"])
            .env("VECTOR_LOG", "info")
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { child, log })
    }

    /// Its process id, for reading /proc.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Checks that it is still running; if not, fails with the end of its log.
    ///
    /// # Errors
    /// If it has exited.
    pub fn check(&mut self) -> anyhow::Result<()> {
        let Some(status) = self.child.try_wait()? else { return Ok(()) };
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(30).collect();
        anyhow::bail!("Vector exited with {status}:\n{}", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// If the process is gone.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Stops it like a service manager, and waits.
    ///
    /// # Errors
    /// If it does not stop in time.
    pub fn stop(mut self) -> anyhow::Result<()> {
        Command::new("kill").args(["-TERM", &self.pid().to_string()]).status()?;
        let started = Instant::now();
        while started.elapsed() < STOP_TIME_MAX {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        anyhow::bail!("Vector did not stop within {} s", STOP_TIME_MAX.as_secs())
    }
}

impl Drop for Vector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

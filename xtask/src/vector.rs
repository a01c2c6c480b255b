//! A Vector for a run: the program of `VECTOR_BIN`, with files of provisioning/vector as they are
//! shipped, in a folder of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

use crate::{clickhouse::Server, process::free_port, root};

const STOP_TIME_MAX: Duration = Duration::from_secs(60);
/// What `api.address` of the shipped files is.
const API: &str = "127.0.0.1:8686";
/// How footfall.yaml says where GeoIP files are given.
const GEOIP_COMMENT: &str = "# geoip: /var/lib/GeoIP/GeoLite2-City.mmdb";
/// Where metrics.yaml listens.
const METRICS: &str = "127.0.0.1:9598";

/// The program of `VECTOR_BIN`.
///
/// # Errors
/// If the variable names no file.
pub fn program() -> anyhow::Result<Option<PathBuf>> {
    let Some(path) = std::env::var_os("VECTOR_BIN").filter(|path| !path.is_empty()) else { return Ok(None) };
    let path = std::path::absolute(path)?;
    ensure!(path.is_file(), "VECTOR_BIN names {}, which is no file", path.display());
    Ok(Some(path))
}

/// What Vector has to be told: the files of the folder `secrets`.
pub struct Place {
    /// Where Vector is started.
    pub folder: PathBuf,
    /// Where its metrics are.
    pub metrics: String,
}

/// Makes the folder that Vector is started in: the shipped files of these names, and their settings.
///
/// # Errors
/// If a file cannot be read or written.
pub fn place(folder: &Path, files: &[&str], kafka: &str, clickhouse: &Server) -> anyhow::Result<Place> {
    let secrets = folder.join("secrets");
    fs::create_dir_all(&secrets)?;
    let (api, metrics) = (format!("127.0.0.1:{}", free_port()?), format!("127.0.0.1:{}", free_port()?));
    for name in files {
        let shipped = fs::read_to_string(root().join("provisioning/vector").join(name))?;
        // Where Vector itself listens is no setting.
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

/// Gives the transform of the shipped file a GeoIP database.
///
/// # Errors
/// If the file cannot be changed.
pub fn set_geoip(file: &Path, geoip: &str) -> anyhow::Result<()> {
    let shipped = fs::read_to_string(file)?;
    ensure!(shipped.contains(GEOIP_COMMENT), "footfall.yaml does not say how GeoIP files are given");
    Ok(fs::write(file, shipped.replace(GEOIP_COMMENT, &format!("geoip: {geoip}")))?)
}

/// Runs one of Vector's commands to its end and gives what it printed.
///
/// # Errors
/// If it fails; with what it printed.
pub fn command(program: &Path, folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output()?;
    let said = [output.stdout.as_slice(), b"\n", &output.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    ensure!(output.status.success(), "vector {} ended with {}:\n{said}", arguments.join(" "), output.status);
    Ok(said)
}

/// A running Vector; killed when dropped.
pub struct Vector {
    child: Child,
    log: PathBuf,
}

impl Vector {
    /// Starts it in its folder on a configuration, with its metrics.
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

    /// Its process, for what Linux tells of it.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs; if not, with the end of its log.
    ///
    /// # Errors
    /// If it has ended.
    pub fn check(&mut self) -> anyhow::Result<()> {
        let Some(status) = self.child.try_wait()? else { return Ok(()) };
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = log.lines().rev().take(30).collect();
        anyhow::bail!("Vector ended with {status}:\n{}", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
    }

    /// `kill -9`.
    ///
    /// # Errors
    /// If there is no such process any more.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, as a service manager does, and waits.
    ///
    /// # Errors
    /// If it does not end in time.
    pub fn stop(mut self) -> anyhow::Result<()> {
        Command::new("kill").args(["-TERM", &self.pid().to_string()]).status()?;
        let started = Instant::now();
        while started.elapsed() < STOP_TIME_MAX {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        anyhow::bail!("Vector did not end within {} s", STOP_TIME_MAX.as_secs())
    }
}

impl Drop for Vector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

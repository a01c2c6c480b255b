//! Child processes that stop with this one.

use std::{
    net::TcpListener,
    path::Path,
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

use crate::usage;

/// How long a child gets to stop on its own.
const STOP_TIME_MAX: Duration = Duration::from_secs(30);

/// Time limit of one command in a step; the longest is the first build.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(30 * 60);

/// A running program; killed when dropped.
pub struct Process {
    child: Child,
    /// The first line of its standard output; for our programs, their URL.
    pub first_line: String,
}

impl Process {
    /// Starts a program and waits for its first line.
    pub async fn start(
        program: &Path,
        arguments: &[&str],
        environment: &[(&str, String)],
        log: &Path,
    ) -> anyhow::Result<Self> {
        let log_file = std::fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut child = Command::new(program)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut first_line = String::new();
        let mut lines = BufReader::new(stdout);
        lines.read_line(&mut first_line).await?;
        if first_line.is_empty() {
            let text = std::fs::read_to_string(log).unwrap_or_default();
            bail!("{} did not start:\n{text}", program.display());
        }
        // Keep reading, so that the program never blocks on writing.
        tokio::spawn(async move {
            let mut line = String::new();
            while matches!(lines.read_line(&mut line).await, Ok(n) if n > 0) {
                line.clear();
            }
        });
        Ok(Self { child, first_line: first_line.trim().to_owned() })
    }

    /// The process id; 0 if it has ended.
    pub fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// The program's peak memory in MiB, as reported by Linux; 0 if unavailable.
    pub fn peak_memory_mib(&self) -> f64 {
        usage::peak_memory_mib(self.pid()).unwrap_or_default()
    }

    /// `kill -9`.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Stops the program like a service manager, and waits.
    pub async fn stop(mut self) -> anyhow::Result<ExitStatus> {
        if let Some(pid) = self.child.id() {
            Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
        }
        match tokio::time::timeout(STOP_TIME_MAX, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => bail!("a program did not stop within {} s", STOP_TIME_MAX.as_secs()),
        }
    }
}

/// Runs a command to completion, or kills it at the time limit: a test that hangs has failed.
pub fn run_to_end(command: &mut std::process::Command) -> anyhow::Result<()> {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut child = command.stdin(Stdio::null()).spawn().with_context(|| format!("cannot start {program}"))?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > COMMAND_TIME_MAX {
            child.kill()?;
            bail!("{program} did not finish within {} min", COMMAND_TIME_MAX.as_secs() / 60);
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    ensure!(status.success(), "{program} exited with {status}");
    Ok(())
}

/// Waits for SIGINT or SIGTERM.
pub async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt => {}
        },
        Err(_) => drop(interrupt.await),
    }
}

/// Waits until something listens on `address`; `check` says whether it still can.
pub async fn until_listening(
    address: &str,
    time_max: Duration,
    mut check: impl FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let started = Instant::now();
    while TcpStream::connect(address).await.is_err() {
        check()?;
        ensure!(started.elapsed() < time_max, "nothing listens on {address} after {} s", time_max.as_secs());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// A currently free port.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

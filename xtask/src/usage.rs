//! What a process has taken, as Linux tells.

use anyhow::Context;

/// Linux counts CPU time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// User and system time of a process, its threads included, in seconds.
///
/// # Errors
/// If there is no such process.
pub fn cpu_s(pid: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, after_name) = stat.rsplit_once(')').context("/proc/PID/stat has no name")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|n| n.parse::<f64>().ok()).context("/proc/PID/stat is too short");
    Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}

/// The most resident memory that a process has had, in MiB.
///
/// # Errors
/// If there is no such process.
pub fn peak_memory_mib(pid: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

/// Events per second of CPU time.
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
pub fn per_second(events: u64, cpu_s: f64) -> f64 {
    events as f64 / cpu_s
}

//! File descriptors: each connection takes one, and so do the sinks.

use anyhow::ensure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Connections at once, if nothing else is said.
pub const CONNECTIONS_DEFAULT: u64 = 10_000;
/// For the sinks: half of all, at most so many. The embedded engine opens files by the hundred.
const RESERVED_MAX: u64 = 4_096;

/// More than anything here needs.
const DESCRIPTORS_MAX: u64 = 1 << 20;

/// Raises the process' limit as far as it may; how many descriptors there can be.
#[must_use]
pub fn raise() -> u64 {
    let limits = getrlimit(Resource::Nofile);
    let (soft, hard) = (limits.current.unwrap_or(u64::MAX), limits.maximum.unwrap_or(u64::MAX));
    let wanted = hard.min(DESCRIPTORS_MAX);
    if soft < wanted {
        match setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limits.maximum }) {
            Ok(()) => return wanted,
            Err(error) => tracing::warn!(%error, soft, wanted, "the limit of file descriptors cannot be raised"),
        }
    }
    soft
}

/// How many connections there may be.
///
/// # Errors
/// If as many are asked for as the descriptors do not suffice for.
pub fn connections_max(asked: Option<usize>, descriptors: u64) -> anyhow::Result<usize> {
    let room = descriptors - (descriptors / 2).min(RESERVED_MAX);
    let Some(asked) = asked else {
        return Ok(usize::try_from(room.min(CONNECTIONS_DEFAULT))?);
    };
    ensure!(asked > 0, "FOOTFALL_CONNECTIONS_MAX is 0: at least one connection is needed");
    ensure!(
        asked as u64 <= room && u32::try_from(asked).is_ok(),
        "FOOTFALL_CONNECTIONS_MAX is {asked}, but of {descriptors} file descriptors (ulimit -n) {room} can be \
         connections: raise the one (LimitNOFILE= in systemd) or lower the other"
    );
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sinks_keep_their_part() {
        assert_eq!(connections_max(None, 1_024).unwrap(), 512);
        assert_eq!(connections_max(None, 20_000).unwrap(), 10_000);
        assert_eq!(connections_max(None, 12_000).unwrap(), 12_000 - 4_096);
        assert_eq!(connections_max(Some(512), 1_024).unwrap(), 512);
        assert_eq!(connections_max(Some(50_000), 1 << 20).unwrap(), 50_000);
        let error = connections_max(Some(513), 1_024).unwrap_err().to_string();
        assert!(error.contains("FOOTFALL_CONNECTIONS_MAX is 513") && error.contains("512 can be"), "{error}");
        connections_max(Some(0), 1_024).unwrap_err();
    }
}

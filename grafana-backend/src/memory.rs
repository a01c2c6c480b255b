//! The memory that all running queries of this plugin share: what they read is counted before it is held, so
//! that no query, and no number of them, takes the plugin down with it.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::QueryError;

/// By default half of the machine's or container's memory, and no more than this;
/// `FOOTFALL_PLUGIN_MEMORY_BYTES_MAX` in Grafana's environment changes it.
const DEFAULT_BYTES_MAX: usize = 4 << 30;
const VARIABLE: &str = "FOOTFALL_PLUGIN_MEMORY_BYTES_MAX";
/// With less, no query that holds events could run.
const BYTES_MIN: usize = 64 << 20;
/// What is counted at once.
const PAGE_BYTES: usize = 4_096;

/// Room for all queries.
#[derive(Debug, Clone)]
pub struct Memory {
    pages: Arc<Semaphore>,
    bytes_max: usize,
}

impl Default for Memory {
    fn default() -> Self {
        Self::from_environment()
    }
}

/// Half of what there is, as Linux tells.
fn default_bytes() -> usize {
    let machine = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let machine = machine.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let machine = machine.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
    let container =
        std::fs::read_to_string("/sys/fs/cgroup/memory.max").unwrap_or_default().trim().parse::<usize>().ok();
    let there_are = [machine.map(|kib| kib.saturating_mul(1024)), container].into_iter().flatten().min();
    there_are.map_or(DEFAULT_BYTES_MAX, |bytes| (bytes / 2).clamp(BYTES_MIN, DEFAULT_BYTES_MAX))
}

/// The room that a query holds, given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    memory: Memory,
    permit: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

impl Memory {
    /// As large as the environment says.
    #[must_use]
    pub fn from_environment() -> Self {
        let given = std::env::var(VARIABLE).ok().filter(|text| !text.is_empty());
        match given.as_deref().map(str::parse::<usize>) {
            None => Self::new(default_bytes()),
            Some(Ok(bytes)) if bytes >= BYTES_MIN => Self::new(bytes),
            Some(_) => {
                let bytes = default_bytes();
                tracing::error!("{VARIABLE} is not a number of bytes of at least {BYTES_MIN}: {bytes} are used");
                Self::new(bytes)
            }
        }
    }

    /// Of so many bytes.
    #[must_use]
    pub fn new(bytes_max: usize) -> Self {
        Self { pages: Arc::new(Semaphore::new((bytes_max / PAGE_BYTES).min(Semaphore::MAX_PERMITS))), bytes_max }
    }

    /// All of it, in bytes.
    #[must_use]
    pub fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    /// Holds nothing yet.
    #[must_use]
    pub fn start(&self) -> Held {
        Held { memory: self.clone(), permit: None, bytes: 0 }
    }
}

impl Held {
    /// Bytes that are held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Holds more.
    ///
    /// # Errors
    /// If the queries hold all of it.
    pub fn grow(&mut self, bytes: usize) -> Result<(), QueryError> {
        self.bytes = self.bytes.saturating_add(bytes);
        let pages = self.bytes.div_ceil(PAGE_BYTES);
        let have = self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let Some(more) = pages.checked_sub(have).filter(|more| *more > 0) else { return Ok(()) };
        let full = QueryError::Memory(self.memory.bytes_max >> 20);
        let more = u32::try_from(more).map_err(|_| full.clone())?;
        let new = Arc::clone(&self.memory.pages).try_acquire_many_owned(more).map_err(|_| full)?;
        match &mut self.permit {
            Some(permit) => permit.merge(new),
            None => self.permit = Some(new),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_share_it_and_give_it_back() {
        let memory = Memory::new(10 * PAGE_BYTES);
        let (mut a, mut b) = (memory.start(), memory.start());
        a.grow(1).unwrap();
        a.grow(PAGE_BYTES - 1).unwrap();
        assert_eq!(memory.pages.available_permits(), 9, "a page is taken once");
        b.grow(9 * PAGE_BYTES).unwrap();
        assert_eq!(a.grow(1), Err(QueryError::Memory(0)));
        drop(b);
        a.grow(5 * PAGE_BYTES).unwrap();
        drop(a);
        assert_eq!(memory.pages.available_permits(), 10);
    }
}

//! What became of events, in numbers that add up.

use std::{collections::BTreeMap, ops::AddAssign};

use serde::{Deserialize, Serialize};
use vector_components::Reason;

/// One account: of a project, or of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Events in the bodies that were read.
    pub received: u64,
    /// Events that are durable.
    pub stored: u64,
    /// Events that stood twice in a request, or were known to be stored.
    pub duplicate: u64,
    /// Events that break the contract.
    pub dropped: u64,
    /// Events whose sender was told to send them again, or has no answer.
    pub failed: u64,
    /// Events without an outcome yet.
    pub pending: u64,
    /// The dropped ones, by reason; reasons without any are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dropped_by_reason: BTreeMap<Reason, u64>,
}

impl Counts {
    /// Whether every event has one outcome, or waits for it.
    #[must_use]
    pub fn add_up(&self) -> bool {
        self.received == self.stored + self.duplicate + self.dropped + self.failed + self.pending
            && self.dropped == self.dropped_by_reason.values().sum::<u64>()
    }

    /// Those that wait when a process ends have no answer: their senders send them again.
    pub(super) fn end(&mut self) {
        self.failed += std::mem::take(&mut self.pending);
    }
}

impl AddAssign<&Self> for Counts {
    fn add_assign(&mut self, more: &Self) {
        self.received += more.received;
        self.stored += more.stored;
        self.duplicate += more.duplicate;
        self.dropped += more.dropped;
        self.failed += more.failed;
        self.pending += more.pending;
        for (reason, count) in &more.dropped_by_reason {
            *self.dropped_by_reason.entry(*reason).or_default() += count;
        }
    }
}

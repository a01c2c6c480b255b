//! Why a project takes nothing of a request, though the request may be right.

use super::quota::Exceeded;

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says it")]
pub enum Refusal {
    #[error("the write key is not known")]
    UnknownKey { field: &'static str },
    #[error("the write key is revoked")]
    RevokedKey { field: &'static str },
    #[error("project {project} takes events with a write key only")]
    KeyNeeded { project: String, field: &'static str },
    #[error("pages of {origin} may not send events of project {project}: see its allowed_origins")]
    Origin { project: String, origin: String },
    #[error("{} more than {per_s} events a second: send this again in {wait_s} s", if *.is_address { "this address sends" } else { "the project is sent" })]
    TooFast { is_address: bool, per_s: u32, wait_s: u64 },
    #[error("the body holds {events} events, and the project takes at most {events_max} at once")]
    TooMany { events: u32, events_max: u32 },
    #[error("{exceeded}")]
    Quota { exceeded: Exceeded, wait_s: u64 },
}

impl Refusal {
    /// When to come again, in seconds; none if there is no use.
    #[must_use]
    pub fn wait_s(&self) -> Option<u64> {
        match self {
            Self::TooFast { wait_s, .. } | Self::Quota { wait_s, .. } => Some(*wait_s),
            _ => None,
        }
    }
}

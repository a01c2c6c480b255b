//! Where a visit ends that no client has marked.

/// A visit without a session id ends after so long without an event, as is the custom everywhere.
pub const INACTIVITY_MS_MAX: i64 = 30 * 60_000;

//! Where a visit ends that no client has marked.

/// A visit without a session id ends after this long without an event, as is usual in the field.
pub const INACTIVITY_MS_MAX: i64 = 30 * 60_000;

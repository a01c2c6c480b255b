//! The range of time that is asked about.

/// A half-open range of time, in milliseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first instant in it.
    pub from_ms: i64,
    /// The first instant after it.
    pub to_ms: i64,
    /// The panel's bucket.
    pub interval_ms: i64,
}

//! A compact synthetic event: what it shares with others is an index into the [`World`]'s tables.
//!
//! [`World`]: super::world::World

/// One event.
#[derive(Clone, Copy)]
pub struct SeedRow {
    /// Index of the project.
    pub project: u16,
    /// As in `analytics.events`, milliseconds.
    pub ts: i64,
    /// Index in [`EVENTS`].
    pub event: u8,
    /// Index in [`PATHS`].
    pub path: u8,
    /// Index of the world's user agents.
    pub agent: u8,
    /// Index of the world's locations.
    pub place: u8,
    /// Index of the world's sources; only a visit's entry has one.
    pub source: u8,
    /// Whether it is a visit's entry.
    pub entry: bool,
    /// As in `analytics.events`.
    pub visitor: u64,
    /// Formatted in hexadecimal; 0 for a client without session ids.
    pub session: u64,
    /// As in `analytics.events`.
    pub event_id: u64,
    /// The user's number, if signed in; otherwise `anonymous` is set.
    pub user: Option<u64>,
    /// Formatted in hexadecimal.
    pub anonymous: u64,
    /// With four decimals, as an integer.
    pub revenue: i64,
    /// Index in [`PROPERTIES`].
    pub property: u8,
    /// As in `analytics.events`.
    pub delay_ms: i64,
}

/// Event names.
pub const EVENTS: [&str; 4] = ["page_view", "click", "sign_up", "purchase"];

/// A property's name and value; the first entry is no property.
pub const PROPERTIES: [(&str, &str); 8] = [
    ("", ""),
    ("button", "plan"),
    ("button", "menu"),
    ("button", "video"),
    ("button", "search"),
    ("plan", "pro"),
    ("plan", "free"),
    ("plan", "team"),
];

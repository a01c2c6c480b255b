//! A made-up event, small: what it shares with others is an index of the [`World`]'s tables.
//!
//! [`World`]: super::world::World

/// One event.
#[derive(Clone, Copy)]
pub struct SeedRow {
    /// Of the projects.
    pub project: u16,
    /// As in `analytics.events`, milliseconds.
    pub ts: i64,
    /// Of [`EVENTS`].
    pub event: u8,
    /// Of [`PATHS`].
    pub path: u8,
    /// Of the world's agents.
    pub agent: u8,
    /// Of the world's places.
    pub place: u8,
    /// Of the world's sources; the entry of a visit has one.
    pub source: u8,
    /// Whether it is the entry of a visit.
    pub entry: bool,
    /// As in `analytics.events`.
    pub visitor: u64,
    /// Written in hexadecimal digits; 0 for a client that keeps no session.
    pub session: u64,
    /// As in `analytics.events`.
    pub event_id: u64,
    /// The user's number, if signed in; else `anonymous` is set.
    pub user: Option<u64>,
    /// Written in hexadecimal digits.
    pub anonymous: u64,
    /// Four decimals, as a whole number.
    pub revenue: i64,
    /// Of [`PROPERTIES`].
    pub property: u8,
    /// As in `analytics.events`.
    pub delay_ms: i64,
}

/// The names of events.
pub const EVENTS: [&str; 4] = ["page_view", "click", "sign_up", "purchase"];

/// A property's name and value; the first is none.
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

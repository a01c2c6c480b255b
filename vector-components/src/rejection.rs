//! Why an event was not taken: one closed list of reasons, so that every count by
//! reason has a bounded label set and every client gets a message it can act on.

use serde::{Deserialize, Serialize};

/// The named reasons for which an event is dropped. The snake_case name is the value
/// on the wire, in metrics and in dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// No project was named.
    MissingProject,
    /// The project is not in the configured list.
    UnknownProject,
    /// The bytes are not JSON, or not of the shape of a body.
    NotJson,
    /// An event in the body is not a JSON object.
    NotAnObject,
    /// A required field is absent or empty.
    MissingField,
    /// A field has another JSON type than the contract says.
    WrongType,
    /// A field holds a value that is not allowed.
    InvalidValue,
    /// A string is longer than its limit in bytes.
    TooLong,
    /// The event as a whole has more bytes than allowed.
    TooLarge,
    /// Arrays and objects are nested deeper than allowed.
    TooDeep,
    /// There are more entries than allowed.
    TooMany,
    /// The timestamp cannot be read.
    InvalidTimestamp,
    /// The timestamp is before the earliest or too far in the future.
    TimestampOutOfRange,
    /// The page that sent it is none of the project's.
    OriginNotAllowed,
    /// The project takes no more events for now.
    QuotaExceeded,
    /// A program sent it, and the project keeps none of those.
    Bot,
}

impl Reason {
    /// Every reason, for metrics that must start at zero.
    pub const ALL: [Reason; 16] = [
        Reason::MissingProject,
        Reason::UnknownProject,
        Reason::NotJson,
        Reason::NotAnObject,
        Reason::MissingField,
        Reason::WrongType,
        Reason::InvalidValue,
        Reason::TooLong,
        Reason::TooLarge,
        Reason::TooDeep,
        Reason::TooMany,
        Reason::InvalidTimestamp,
        Reason::TimestampOutOfRange,
        Reason::OriginNotAllowed,
        Reason::QuotaExceeded,
        Reason::Bot,
    ];

    /// The name on the wire, in metrics and in dead letters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Reason::MissingProject => "missing_project",
            Reason::UnknownProject => "unknown_project",
            Reason::NotJson => "not_json",
            Reason::NotAnObject => "not_an_object",
            Reason::MissingField => "missing_field",
            Reason::WrongType => "wrong_type",
            Reason::InvalidValue => "invalid_value",
            Reason::TooLong => "too_long",
            Reason::TooLarge => "too_large",
            Reason::TooDeep => "too_deep",
            Reason::TooMany => "too_many",
            Reason::InvalidTimestamp => "invalid_timestamp",
            Reason::TimestampOutOfRange => "timestamp_out_of_range",
            Reason::OriginNotAllowed => "origin_not_allowed",
            Reason::QuotaExceeded => "quota_exceeded",
            Reason::Bot => "bot",
        }
    }
}

/// One rejected event: the reason, the field, and a sentence for a person that names
/// the limit and the value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
pub struct Rejection {
    /// The named reason.
    pub reason: Reason,
    /// The field at fault, in dotted form (`details.plan`); empty for the whole body.
    pub field: String,
    /// A sentence naming the field, the limit and the value, safe to show.
    pub message: String,
}

impl Rejection {
    /// A rejection of `field` for `reason`.
    pub fn new(reason: Reason, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { reason, field: field.into(), message: message.into() }
    }
}

/// A value cut to a length fit for an error message, with control characters escaped.
#[must_use]
pub fn shown(value: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 64;
    let mut out: String = value.chars().take(SHOWN_CHARS_MAX).flat_map(char::escape_debug).collect();
    if value.chars().nth(SHOWN_CHARS_MAX).is_some() {
        out.push('…');
    }
    format!("\"{out}\"")
}

//! Records that were not stored, and the count of all: each has one reason and a place in its source.

use std::{collections::BTreeMap, fmt};

use vector_components::{Reason, Rejection, rejection::shown};

/// Examples that are kept of each reason.
const EXAMPLES_MAX: usize = 3;

/// Why a record was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Dropped {
    /// The event contract refuses it.
    #[error("{}", .0.message)]
    Rejected(Rejection),
    /// It is no JSON object.
    #[error("it is no JSON object")]
    NotJson,
    /// It would be a new event at every import.
    #[error("an event without a timestamp would be another one at every import")]
    NoTimestamp,
    /// Nobody did it.
    #[error("it has neither user_id, anonymous_id nor session_id")]
    Nobody,
    /// It was exported from another project.
    #[error("it is of the project {}", shown(.0))]
    OtherProject(String),
    /// A row of the source that lacks its id.
    #[error("event_id is empty")]
    NoEventId,
    /// A line of CSV that does not fit its header.
    #[error("it has {found} columns, and the header {wanted}")]
    Columns {
        /// Of the line.
        found: usize,
        /// Of the header.
        wanted: usize,
    },
    /// A date that is none.
    #[error("date {} is not YYYY-MM-DD", shown(.0))]
    InvalidDate(String),
    /// Bytes that are no text.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// A line beyond the limit.
    #[error("it is longer than {bytes_max} bytes")]
    LineTooLong {
        /// The limit.
        bytes_max: usize,
    },
    /// A row that cannot be written as JSON.
    #[error("it cannot be written as a row: {0}")]
    Unwritable(String),
}

impl Dropped {
    /// The name that it is counted under.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.reason.as_str(),
            Self::NotJson => "not_json",
            Self::NoTimestamp => "no timestamp",
            Self::Nobody => "nobody: neither user_id, anonymous_id nor session_id",
            Self::OtherProject(_) => "row of another project",
            Self::NoEventId => "no event_id",
            Self::Columns { .. } => "line with another number of columns",
            Self::InvalidDate(_) => "invalid date",
            Self::NotUtf8 => "line that is not UTF-8",
            Self::LineTooLong { .. } => "line that is too long",
            Self::Unwritable(_) => "row that cannot be written",
        }
    }

    /// A timestamp that is no instant, as JSON.
    #[must_use]
    pub fn timestamp(json: &str) -> Self {
        let message = format!("timestamp {} is not a date", shown(unquoted(json)));
        Self::Rejected(Rejection::new(Reason::InvalidTimestamp, "timestamp", message))
    }

    /// A row that could not be written as JSON.
    #[must_use]
    pub fn unwritable(error: serde_json::Error) -> Self {
        Self::Unwritable(error.to_string())
    }
}

/// A JSON string without its quotation marks; anything else as it is.
pub(super) fn unquoted(json: &str) -> &str {
    json.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(json)
}

/// Where a record stands in its source; counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A line of a file; the first, if it has several.
    Line(u64),
    /// A row of a table.
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(out, "line {line}"),
            Self::Row(row) => write!(out, "row {row}"),
        }
    }
}

/// How an import went.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Records read, those of earlier runs included.
    pub read: u64,
    /// Stored, likewise. Each is what this import itself has inserted.
    pub stored: u64,
    /// Dropped by earlier runs, whose reasons they have told.
    pub dropped_before: u64,
    /// Dropped, by reason.
    pub dropped: BTreeMap<&'static str, Reasoned>,
}

/// What was dropped for one reason.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Reasoned {
    /// How many.
    pub count: u64,
    /// The first of them: place and message.
    pub examples: Vec<String>,
}

impl Tally {
    /// Counts a dropped record.
    pub fn drop(&mut self, place: Place, dropped: &Dropped) {
        let reasoned = self.dropped.entry(dropped.reason()).or_default();
        reasoned.count += 1;
        if reasoned.examples.len() < EXAMPLES_MAX {
            reasoned.examples.push(format!("{place}: {dropped}"));
        }
    }

    /// All that was dropped.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped_before + self.dropped.values().map(|reasoned| reasoned.count).sum::<u64>()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{:>12} read", self.read)?;
        writeln!(out, "{:>12} stored", self.stored)?;
        if self.dropped_before > 0 {
            writeln!(out, "{:>12} dropped: by an earlier run", self.dropped_before)?;
        }
        for (reason, Reasoned { count, examples }) in &self.dropped {
            writeln!(out, "{count:>12} dropped: {reason}")?;
            for example in examples {
                writeln!(out, "{:>12} {example}", "")?;
            }
        }
        Ok(())
    }
}

//! What is asked about sessions, checked. The rules are in docs/queries/sessions.md.

use serde::Deserialize;

use crate::{
    error::QueryError,
    query::{LIMIT_MAX, Range, dimension::Dimension, interval::Unit},
};

const LIMIT_DEFAULT: u32 = 10;
/// The dimension that is taken at a session's last event.
pub const EXIT_PATH: &str = "exit_path";

/// A question about sessions.
#[derive(Debug, Clone, PartialEq)]
pub struct Sessions {
    /// What is shown.
    pub shown: Shown,
    /// With the range of the same length before.
    pub compare: bool,
    /// With the durations' median and 90th percentile.
    pub quantiles: bool,
}

/// What is shown of sessions.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// One row for the range.
    Totals,
    /// One row a bucket.
    OverTime(Unit),
    /// One row a value, the most sessions first.
    By {
        /// What splits them.
        label: Label,
        /// Rows at most.
        limit: u32,
    },
    /// One row a session, the newest first.
    List {
        /// Rows at most.
        limit: u32,
    },
}

/// What splits sessions.
#[derive(Debug, Clone, PartialEq)]
pub enum Label {
    /// Nothing.
    None,
    /// The value of the session's first event.
    Entry(Dimension),
    /// The path of its last.
    Exit,
}

impl Label {
    /// The name shown above the values.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::None => "",
            Self::Entry(dimension) => dimension.title(),
            Self::Exit => EXIT_PATH,
        }
    }
}

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Raw {
    result: String,
    dimension: String,
    limit: Option<u32>,
    interval: String,
    compare: bool,
    quantiles: bool,
}

impl Raw {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn resolve(self, range: Range) -> Result<Sessions, QueryError> {
        let shown = match self.result.as_str() {
            "" | "totals" => Shown::Totals,
            "over_time" => Shown::OverTime(Unit::parse(&self.interval, range)?),
            "by" if self.dimension == EXIT_PATH => Shown::By { label: Label::Exit, limit: self.limit()? },
            "by" => Shown::By { label: Label::Entry(Dimension::parse(&self.dimension)?), limit: self.limit()? },
            "list" => Shown::List { limit: self.limit()? },
            other => {
                let message = format!("{other:?} is not known: totals, over_time, by or list");
                return Err(QueryError::invalid("result", message));
            }
        };
        let list = matches!(shown, Shown::List { .. });
        Ok(Sessions { shown, compare: self.compare && !list, quantiles: self.quantiles && !list })
    }

    fn limit(&self) -> Result<u32, QueryError> {
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(QueryError::invalid("limit", format!("{limit} is not from 1 to {LIMIT_MAX}")));
        }
        Ok(limit)
    }
}

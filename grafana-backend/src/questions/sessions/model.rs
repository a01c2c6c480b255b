//! What is asked about sessions, checked. The rules are in docs/queries/sessions.md.

use serde::Deserialize;

use super::measure::{MEASURES, Measure};
use crate::{
    check::within,
    error::QueryError,
    events::dimension::Dimension,
    time::{comparison::Comparison, range::Range, unit::Unit},
};

/// Rows of a breakdown or a list.
const LIMIT_MAX: u32 = 1_000;
const LIMIT_DEFAULT: u32 = 10;
/// The dimension that is taken at a session's last event.
const EXIT_PATH: &str = "exit_path";

/// A question about sessions.
#[derive(Debug, Clone, PartialEq)]
pub struct Sessions {
    /// What is shown.
    pub shown: Shown,
    /// With an earlier range.
    pub compare: Option<Comparison>,
    /// The numbers that are shown.
    pub measures: Vec<Measure>,
    /// The events that count as page views.
    pub page_view_events: Vec<String>,
}

impl Sessions {
    /// Whether the durations' quantiles are needed, which cost a sort.
    #[must_use]
    pub fn has_quantiles(&self) -> bool {
        self.measures.iter().any(|measure| measure.is_quantile())
    }
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
pub struct SessionsJson {
    result: String,
    dimension: String,
    limit: Option<u32>,
    interval: String,
    compare: serde_json::Value,
    quantiles: bool,
    measures: Vec<String>,
}

impl SessionsJson {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self, range: Range, page_view_events: &[String]) -> Result<Sessions, QueryError> {
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
        let compare = Comparison::parse(&self.compare)?.filter(|_| !matches!(shown, Shown::List { .. }));
        Ok(Sessions { shown, compare, measures: self.measures()?, page_view_events: page_view_events.to_vec() })
    }

    /// Those that are named; if none is, all, the quantiles only if they are wanted.
    fn measures(&self) -> Result<Vec<Measure>, QueryError> {
        if self.measures.is_empty() {
            let all = MEASURES.iter().map(|(measure, _)| *measure);
            return Ok(all.filter(|measure| self.quantiles || !measure.is_quantile()).collect());
        }
        let known = |asked: &String| {
            let found = MEASURES.iter().find(|(_, name)| name == asked);
            found.map(|(measure, _)| *measure).ok_or_else(|| {
                let all = MEASURES.map(|(_, name)| name).join(", ");
                QueryError::invalid("measures", format!("{asked:?} is not known: one of {all}"))
            })
        };
        self.measures.iter().map(known).collect()
    }

    fn limit(&self) -> Result<u32, QueryError> {
        within("limit", self.limit.unwrap_or(LIMIT_DEFAULT), 1..=LIMIT_MAX)
    }
}

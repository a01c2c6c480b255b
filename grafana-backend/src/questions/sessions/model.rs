//! What is asked about sessions, checked. The rules are in docs/queries/sessions.md.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::measure::{MEASURES, Measure};
use crate::{
    check::within,
    error::QueryError,
    events::dimension::Dimension,
    time::{
        comparison::{CompareJson, Comparison},
        range::Range,
        unit::{Interval, Unit},
    },
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

/// Number, duration and depth of sessions: docs/queries/sessions.md.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct SessionsJson {
    /// What is shown.
    result: ResultName,
    /// What splits them: a column of a session's first event, `property:<name>`, or `exit_path`.
    dimension: String,
    /// Rows at most.
    #[schemars(range(min = 1, max = LIMIT_MAX))]
    limit: u32,
    /// The bucket.
    interval: Interval,
    /// With an earlier range.
    compare: CompareJson,
    /// Whether the median and the 90th percentile of the durations are among the numbers.
    quantiles: bool,
    /// The numbers that are shown; all if absent, the quantiles only with `quantiles`.
    measures: Vec<Measure>,
}

/// What is shown of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SessionsResult")]
enum ResultName {
    /// One row for the range.
    #[default]
    Totals,
    /// One row a bucket.
    OverTime,
    /// One row a value, the most sessions first.
    By,
    /// One row a session, the newest first.
    List,
}

impl Default for SessionsJson {
    fn default() -> Self {
        Self {
            result: ResultName::Totals,
            dimension: String::new(),
            limit: LIMIT_DEFAULT,
            interval: Interval::Auto,
            compare: CompareJson::default(),
            quantiles: false,
            measures: Vec::new(),
        }
    }
}

impl SessionsJson {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self, range: Range, page_view_events: &[String]) -> Result<Sessions, QueryError> {
        let shown = match self.result {
            ResultName::Totals => Shown::Totals,
            ResultName::OverTime => Shown::OverTime(self.interval.unit(range)),
            ResultName::By => Shown::By { label: self.label()?, limit: self.limit()? },
            ResultName::List => Shown::List { limit: self.limit()? },
        };
        let compare = Comparison::parse(&self.compare)?.filter(|_| !matches!(shown, Shown::List { .. }));
        Ok(Sessions { shown, compare, measures: self.measures(), page_view_events: page_view_events.to_vec() })
    }

    fn label(&self) -> Result<Label, QueryError> {
        match self.dimension.as_str() {
            EXIT_PATH => Ok(Label::Exit),
            dimension => Dimension::parse(dimension).map(Label::Entry),
        }
    }

    /// Those that are named; if none is, all, the quantiles only if they are wanted.
    fn measures(&self) -> Vec<Measure> {
        if self.measures.is_empty() {
            let all = MEASURES.iter().map(|(measure, _)| *measure);
            return all.filter(|measure| self.quantiles || !measure.is_quantile()).collect();
        }
        self.measures.clone()
    }

    fn limit(&self) -> Result<u32, QueryError> {
        within("limit", self.limit, 1..=LIMIT_MAX)
    }
}

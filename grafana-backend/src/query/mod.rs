//! The typed query, from Grafana's JSON.

pub mod dimension;
pub mod filter;
pub mod sql;

use serde::Deserialize;

use crate::{error::QueryError, settings::Settings};
use dimension::Dimension;
use filter::EventFilter;

/// Funnel steps, at least and at most.
pub const STEPS: std::ops::RangeInclusive<usize> = 2..=10;
/// The longest conversion window: 366 days, in milliseconds.
pub const WINDOW_MS_MAX: i64 = 366 * 86_400_000;
/// The conversion window if none is given: 7 days, in milliseconds.
pub const WINDOW_MS_DEFAULT: i64 = 7 * 86_400_000;
/// Rows of a breakdown.
pub const LIMIT_MAX: u32 = 1_000;
const LIMIT_DEFAULT: u32 = 10;

/// A query with everything it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The project, exactly.
    pub project: String,
    /// The panel's range and bucket.
    pub range: Range,
    /// What is asked.
    pub kind: Kind,
}

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

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Sessions: see docs/queries/sessions.md.
    Sessions(Sessions),
    /// A funnel: see docs/queries/funnel.md.
    Funnel(Funnel),
}

/// A question about sessions.
#[derive(Debug, Clone, PartialEq)]
pub enum Sessions {
    /// One row for the range.
    Totals,
    /// One row a bucket.
    OverTime,
    /// One row a value, the most sessions first.
    By {
        /// Taken at the session's first event.
        dimension: Dimension,
        /// Rows at most.
        limit: u32,
    },
}

/// A question about a funnel.
#[derive(Debug, Clone, PartialEq)]
pub struct Funnel {
    /// 2 to 10 steps, in order.
    pub steps: Vec<Step>,
    /// From the first step to the last, inclusive, in milliseconds.
    pub window_ms: i64,
    /// Who has to take the steps.
    pub by: Actor,
}

/// A funnel step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What the bar is called.
    pub name: String,
    /// Which events are this step.
    pub filter: EventFilter,
}

/// Who has to take the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// One visitor, over all sessions.
    #[default]
    Visitor,
    /// One client's session; events without a session id are left out.
    Session,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Raw {
    query_type: String,
    project: String,
    result: String,
    dimension: String,
    limit: Option<u32>,
    steps: Vec<RawStep>,
    conversion_window_ms: Option<i64>,
    by: Actor,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RawStep {
    name: String,
    event: String,
    path: String,
}

impl Query {
    /// Reads one query of a request.
    ///
    /// # Errors
    /// Names the field that is wrong, the limit and the value.
    pub fn read(json: &[u8], query_type: &str, range: Range, settings: &Settings) -> Result<Self, QueryError> {
        let raw: Raw = serde_json::from_slice(json).map_err(|e| QueryError::invalid("query", e.to_string()))?;
        if range.from_ms >= range.to_ms {
            return Err(QueryError::invalid("timeRange", "its end is not after its start"));
        }
        let project = if raw.project.is_empty() { settings.default_project.clone() } else { raw.project.clone() };
        if project.is_empty() {
            let hint = "none is given: name one, or set a default project in the datasource's settings";
            return Err(QueryError::invalid("project", hint));
        }
        let kind = match if raw.query_type.is_empty() { query_type } else { &raw.query_type } {
            "sessions" => Kind::Sessions(raw.sessions()?),
            "funnel" => Kind::Funnel(raw.funnel()?),
            other => {
                return Err(QueryError::invalid("queryType", format!("{other:?} is not known: sessions or funnel")));
            }
        };
        Ok(Self { project, range, kind })
    }
}

impl Raw {
    fn sessions(&self) -> Result<Sessions, QueryError> {
        match self.result.as_str() {
            "" | "totals" => Ok(Sessions::Totals),
            "over_time" => Ok(Sessions::OverTime),
            "by" => {
                let limit = self.limit.unwrap_or(LIMIT_DEFAULT);
                if !(1..=LIMIT_MAX).contains(&limit) {
                    return Err(QueryError::invalid("limit", format!("{limit} is not from 1 to {LIMIT_MAX}")));
                }
                Ok(Sessions::By { dimension: Dimension::parse(&self.dimension)?, limit })
            }
            other => Err(QueryError::invalid("result", format!("{other:?} is not known: totals, over_time or by"))),
        }
    }

    fn funnel(self) -> Result<Funnel, QueryError> {
        if !STEPS.contains(&self.steps.len()) {
            let message = format!("{} are given, a funnel has {} to {}", self.steps.len(), STEPS.start(), STEPS.end());
            return Err(QueryError::invalid("steps", message));
        }
        let window_ms = self.conversion_window_ms.unwrap_or(WINDOW_MS_DEFAULT);
        if !(1..=WINDOW_MS_MAX).contains(&window_ms) {
            let message = format!("{window_ms} is not from 1 to {WINDOW_MS_MAX} (366 days)");
            return Err(QueryError::invalid("conversionWindowMs", message));
        }
        let steps = self.steps.into_iter().enumerate().map(|(at, step)| step.resolve(at)).collect::<Result<_, _>>()?;
        Ok(Funnel { steps, window_ms, by: self.by })
    }
}

impl RawStep {
    fn resolve(self, at: usize) -> Result<Step, QueryError> {
        if self.event.is_empty() && self.path.is_empty() {
            return Err(QueryError::invalid(format!("steps[{at}]"), "it has neither an event nor a path"));
        }
        let filter = EventFilter { event: self.event, path: self.path };
        let name = if self.name.is_empty() { filter.to_string() } else { self.name };
        Ok(Step { name, filter })
    }
}

#[cfg(test)]
mod tests;

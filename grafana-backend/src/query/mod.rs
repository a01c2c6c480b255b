//! The typed query, from Grafana's JSON.

pub mod comparison;
pub mod dimension;
mod fields;
pub mod filter;
pub mod interval;
pub mod label;
pub mod sql;

use chrono_tz::Tz;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::QueryError,
    funnel::{self, model::Funnel},
    lifecycle::{self, Lifecycle},
    live::{self, Live},
    paths::{self, Paths},
    raw_sql::{self, RawSql},
    retention::{self, Retention},
    sessions::{self, model::Sessions},
    settings::Settings,
    spikes::{self, Spikes},
    timeline::{self, Timeline},
    trend::{self, model::Trend},
};
use filter::{AdHoc, Filter};
use sql::Sql;

/// Rows of a breakdown.
pub const LIMIT_MAX: u32 = 1_000;

/// A query with everything it needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The project, exactly.
    pub project: String,
    /// The panel's range and bucket.
    pub range: Range,
    /// The viewer's time zone.
    pub zone: Tz,
    /// Events that count, for the whole query.
    pub filter: Filter,
    /// When it was asked, in milliseconds since 1970 UTC.
    pub now_ms: i64,
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
    Funnel(Box<Funnel>),
    /// Counts over time: see docs/queries/trend.md.
    Trend(Trend),
    /// Who comes back: see docs/queries/retention.md.
    Retention(Box<Retention>),
    /// New, returning, resurrecting, dormant, and stickiness: see docs/queries/lifecycle.md.
    Lifecycle(Lifecycle),
    /// From page to page: see docs/queries/paths.md.
    Paths(Box<Paths>),
    /// Single events: see docs/queries/events.md.
    Events(Timeline),
    /// Times of far more events than usual: see docs/queries/events.md.
    Spikes(Spikes),
    /// Who is there now: see docs/queries/live.md.
    Live(Live),
    /// A statement that a person wrote: see docs/queries/sql.md.
    Sql(RawSql),
}

impl Kind {
    /// The type's name, of a closed list.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sessions(_) => "sessions",
            Self::Funnel(_) => "funnel",
            Self::Trend(_) => "trend",
            Self::Retention(_) => "retention",
            Self::Lifecycle(_) => "lifecycle",
            Self::Paths(_) => "paths",
            Self::Spikes(_) => "spikes",
            Self::Events(_) => "events",
            Self::Live(_) => "live",
            Self::Sql(_) => "sql",
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Raw {
    query_type: String,
    project: String,
    timezone: String,
    filter: Value,
    adhoc_filters: Vec<AdHoc>,
}

impl Query {
    /// Reads one query of a request.
    ///
    /// # Errors
    /// Names the field that is wrong, the limit and the value.
    pub fn read(json: &[u8], query_type: &str, range: Range, settings: &Settings) -> Result<Self, QueryError> {
        fields::check(json)?;
        let raw: Raw = parse(json)?;
        if range.from_ms >= range.to_ms {
            return Err(QueryError::invalid("timeRange", "its end is not after its start"));
        }
        let project = if raw.project.is_empty() { settings.default_project.clone() } else { raw.project.clone() };
        let is_sql = raw.query_type == "sql" || (raw.query_type.is_empty() && query_type == "sql");
        if project.is_empty() && !is_sql {
            let hint = "none is given: name one, or set a default project in the datasource's settings";
            return Err(QueryError::invalid("project", hint));
        }
        let zone = match raw.timezone.as_str() {
            "" | "utc" | "browser" => Tz::UTC,
            name => name.parse().map_err(|_| {
                QueryError::invalid(
                    "timezone",
                    format!("{name:?} is no name of the IANA database, such as Europe/Berlin"),
                )
            })?,
        };
        let filter = Filter::read(&raw.filter, "filter")?.and(Filter::ad_hoc(&raw.adhoc_filters)?);
        let kind = match if raw.query_type.is_empty() { query_type } else { &raw.query_type } {
            "sessions" => Kind::Sessions(parse::<sessions::model::Raw>(json)?.resolve(range)?),
            "funnel" => Kind::Funnel(Box::new(parse::<funnel::model::Raw>(json)?.resolve(range)?)),
            "trend" => Kind::Trend(parse::<trend::model::Raw>(json)?.resolve(range)?),
            "retention" => Kind::Retention(Box::new(parse::<retention::Raw>(json)?.resolve()?)),
            "lifecycle" => Kind::Lifecycle(parse::<lifecycle::Raw>(json)?.resolve(range, false)?),
            "stickiness" => Kind::Lifecycle(parse::<lifecycle::Raw>(json)?.resolve(range, true)?),
            "paths" => Kind::Paths(Box::new(parse::<paths::Raw>(json)?.resolve()?)),
            "events" => Kind::Events(parse::<timeline::Raw>(json)?.resolve(false)?),
            "annotations" => Kind::Events(parse::<timeline::Raw>(json)?.resolve(true)?),
            "spikes" => Kind::Spikes(parse::<spikes::Raw>(json)?.resolve(range)?),
            "live" => Kind::Live(parse::<live::Raw>(json)?.resolve()?),
            "sql" => Kind::Sql(parse::<raw_sql::Raw>(json)?.resolve(range)?),
            other => {
                const KNOWN: &str = "sessions, funnel, trend, retention, lifecycle, stickiness, paths, events, annotations, spikes, live or sql";
                return Err(QueryError::invalid("queryType", format!("{other:?} is not known: {KNOWN}")));
            }
        };
        Ok(Self { project, range, zone, filter, now_ms: chrono::Utc::now().timestamp_millis(), kind })
    }

    /// Appends the condition that an event is of this query: its project, a time and the
    /// query's own filter.
    pub fn scope(&self, sql: &mut Sql, from_ms: i64, to_ms: i64) {
        sql.text("project = ")
            .string(&self.project)
            .text(" AND ts >= fromUnixTimestamp64Milli(")
            .int(from_ms)
            .text(", 'UTC') AND ts < fromUnixTimestamp64Milli(")
            .int(to_ms)
            .text(", 'UTC')");
        if !self.filter.is_empty() {
            sql.text(" AND ").sub(|sql| self.filter.write(sql));
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(json: &[u8]) -> Result<T, QueryError> {
    serde_json::from_slice(json).map_err(|e| QueryError::invalid("query", e.to_string()))
}

#[cfg(test)]
mod tests;

//! What is asked of a trend, checked. The rules are in docs/queries/trend.md.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    check::{at_most, one_of},
    error::QueryError,
    events::{breakdown::Breakdown, event_filter::EventFilter, one_of::OneOf},
    time::{comparison::Comparison, range::Range, unit::Unit},
};

const SERIES_MAX: usize = 2;

/// A question about a trend.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// One series, or two.
    pub series: Vec<Series>,
    /// How two become one.
    pub formula: Option<Formula>,
    /// The bucket, or all of the range in one row.
    pub unit: Option<Unit>,
    /// By what it is split.
    pub breakdown: Option<Breakdown>,
    /// Each bucket has the sum of those before as well; counts and sums only.
    pub cumulative: bool,
    /// With an earlier range.
    pub compare: Option<Comparison>,
    /// A row a bucket and value, instead of a column a value.
    pub long: bool,
}

/// Which events, and what of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Which.
    pub filter: EventFilter,
    /// What of them.
    pub measure: Measure,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Events.
    #[default]
    Count,
    /// Distinct persons.
    Visitors,
    /// Distinct users; events without a user id are left out.
    Users,
    /// Distinct client's sessions; events without one are left out.
    Sessions,
    /// Events of a person, on average.
    PerVisitor,
    /// The sum of revenue.
    Revenue,
}

/// How two series become one; nothing is divided by zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formula {
    Divide,
    Minus,
    Plus,
    Times,
}

/// By their names in a query.
const FORMULAS: [(&str, Option<Formula>); 4] = [
    ("A/B", Some(Formula::Divide)),
    ("A-B", Some(Formula::Minus)),
    ("A+B", Some(Formula::Plus)),
    ("A*B", Some(Formula::Times)),
];

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct TrendJson {
    series: Vec<SeriesJson>,
    formula: String,
    interval: String,
    result: String,
    breakdown: BreakdownJson,
    cumulative: bool,
    compare: Value,
    shape: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct SeriesJson {
    event: OneOf,
    path: OneOf,
    filter: Value,
    measure: Measure,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct BreakdownJson {
    dimension: String,
    limit: Option<u32>,
}

impl TrendJson {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self, range: Range) -> Result<Trend, QueryError> {
        let given = if self.series.is_empty() { vec![SeriesJson::default()] } else { self.series };
        at_most("series", given.len(), SERIES_MAX)?;
        let series = given.into_iter().enumerate().map(|(at, series)| series.check(at));
        let series: Vec<Series> = series.collect::<Result<_, _>>()?;
        let formula = one_of("formula", &self.formula.replace(' ', ""), None, &FORMULAS)?;
        if formula.is_some() != (series.len() == 2) {
            return Err(QueryError::invalid("formula", "a formula has two series, and two series have a formula"));
        }
        if self.cumulative && series.iter().any(|s| !matches!(s.measure, Measure::Count | Measure::Revenue)) {
            return Err(QueryError::invalid("cumulative", "distinct actors of buckets cannot be added up"));
        }
        let breakdown = match self.breakdown.dimension.as_str() {
            "" => None,
            dimension => Some(Breakdown::read(dimension, self.breakdown.limit)?),
        };
        let unit = match one_of("result", &self.result, true, &[("over_time", true), ("total", false)])? {
            true => Some(Unit::parse(&self.interval, range)?),
            false => None,
        };
        Ok(Trend {
            series,
            formula,
            unit,
            breakdown,
            cumulative: self.cumulative,
            long: one_of("shape", &self.shape, false, &[("wide", false), ("long", true)])?,
            compare: Comparison::parse(&self.compare)?,
        })
    }
}

impl SeriesJson {
    fn check(self, at: usize) -> Result<Series, QueryError> {
        let filter = EventFilter::read(self.event, self.path, &self.filter, &format!("series[{at}].filter"))?;
        Ok(Series { filter, measure: self.measure })
    }
}

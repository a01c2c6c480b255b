//! What is asked of a trend, checked. The rules are in docs/queries/trend.md.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    error::QueryError,
    query::{
        Range,
        comparison::Comparison,
        dimension::Dimension,
        filter::{EventFilter, OneOf},
        interval::Unit,
    },
};

const BREAKDOWN_MAX: u32 = 100;
const BREAKDOWN_DEFAULT: u32 = 10;
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
    /// Split by this, so many values by themselves.
    pub breakdown: Option<(Dimension, u32)>,
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
    /// Distinct visitors.
    Visitors,
    /// Distinct users; events without a user id are left out.
    Users,
    /// Distinct client's sessions; events without one are left out.
    Sessions,
    /// Events of a visitor, on average.
    PerVisitor,
    /// The sum of revenue.
    Revenue,
}

/// How two series become one; nothing is divided by zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Formula {
    Divide,
    Minus,
    Plus,
    Times,
}

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Raw {
    series: Vec<RawSeries>,
    formula: String,
    interval: String,
    result: String,
    breakdown: RawBreakdown,
    cumulative: bool,
    compare: Value,
    shape: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct RawSeries {
    event: OneOf,
    path: OneOf,
    filter: Value,
    measure: Measure,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RawBreakdown {
    dimension: String,
    limit: Option<u32>,
}

impl Raw {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn resolve(self, range: Range) -> Result<Trend, QueryError> {
        let series = if self.series.is_empty() { vec![RawSeries::default()] } else { self.series };
        if series.len() > SERIES_MAX {
            return Err(QueryError::invalid("series", format!("{} are given, at most {SERIES_MAX} can", series.len())));
        }
        let each = series.into_iter().enumerate().map(|(at, raw)| {
            let filter = EventFilter::read(raw.event, raw.path, &raw.filter, &format!("series[{at}].filter"))?;
            Ok(Series { filter, measure: raw.measure })
        });
        let series: Vec<Series> = each.collect::<Result<_, QueryError>>()?;
        let formula = match self.formula.replace(' ', "").as_str() {
            "" => None,
            "A/B" => Some(Formula::Divide),
            "A-B" => Some(Formula::Minus),
            "A+B" => Some(Formula::Plus),
            "A*B" => Some(Formula::Times),
            other => {
                let message = format!("{other:?} is not known: A/B, A-B, A+B or A*B");
                return Err(QueryError::invalid("formula", message));
            }
        };
        if formula.is_some() != (series.len() == 2) {
            return Err(QueryError::invalid("formula", "a formula has two series, and two series have a formula"));
        }
        if self.cumulative && series.iter().any(|s| !matches!(s.measure, Measure::Count | Measure::Revenue)) {
            return Err(QueryError::invalid("cumulative", "distinct actors of buckets cannot be added up"));
        }
        let breakdown = match self.breakdown.dimension.as_str() {
            "" => None,
            name => {
                let limit = self.breakdown.limit.unwrap_or(BREAKDOWN_DEFAULT);
                if !(1..=BREAKDOWN_MAX).contains(&limit) {
                    return Err(QueryError::invalid(
                        "breakdown.limit",
                        format!("{limit} is not from 1 to {BREAKDOWN_MAX}"),
                    ));
                }
                Some((Dimension::parse(name).map_err(|e| e.at("breakdown.dimension"))?, limit))
            }
        };
        let unit = match self.result.as_str() {
            "" | "over_time" => Some(Unit::parse(&self.interval, range)?),
            "total" => None,
            other => return Err(QueryError::invalid("result", format!("{other:?} is not known: over_time or total"))),
        };
        let long = match self.shape.as_str() {
            "" | "wide" => false,
            "long" => true,
            other => return Err(QueryError::invalid("shape", format!("{other:?} is not known: wide or long"))),
        };
        Ok(Trend {
            series,
            formula,
            unit,
            breakdown,
            cumulative: self.cumulative,
            compare: Comparison::parse(&self.compare)?,
            long,
        })
    }
}

//! What is asked of a trend, checked. The rules are in docs/queries/trend.md.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::IntoDeserializer};

use crate::{
    check::at_most,
    error::QueryError,
    events::{
        breakdown::{BREAKDOWN_DEFAULT, BREAKDOWN_MAX, Breakdown},
        event_filter::EventFilter,
        filter::json::FilterJson,
        one_of::OneOf,
    },
    time::{
        comparison::{CompareJson, Comparison},
        range::Range,
        unit::{Interval, Unit},
    },
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Formula {
    #[serde(rename = "A/B")]
    Divide,
    #[serde(rename = "A-B")]
    Minus,
    #[serde(rename = "A+B")]
    Plus,
    #[serde(rename = "A*B")]
    Times,
}

/// Counts over time: docs/queries/trend.md.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct TrendJson {
    /// One series, or two with a formula; all events if absent.
    #[schemars(length(max = SERIES_MAX))]
    series: Vec<SeriesJson>,
    /// How two series, A and B, become one.
    #[serde(deserialize_with = "formula")]
    formula: Option<Formula>,
    /// The bucket.
    interval: Interval,
    /// What is shown.
    result: ResultName,
    /// By what it is split.
    breakdown: BreakdownJson,
    /// Each bucket has the sum of those before as well; counts and revenue only.
    cumulative: bool,
    /// With an earlier range.
    compare: CompareJson,
    /// A column a value of the breakdown, or a row.
    shape: TableShape,
}

/// What is shown of a trend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "TrendResult")]
enum ResultName {
    /// A row a bucket.
    #[default]
    OverTime,
    /// A row for the range.
    Total,
}

/// The shape of a result over time that is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum TableShape {
    /// A column a value.
    #[default]
    Wide,
    /// A row a bucket and value.
    Long,
}

/// Events, and what is counted of them.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schemars(rename = "TrendSeries")]
struct SeriesJson {
    /// The event's name, exactly.
    event: OneOf,
    /// Its path; `*` matches any string.
    path: OneOf,
    /// What must hold besides.
    filter: FilterJson,
    /// What is counted.
    measure: Measure,
}

/// The most frequent values of a dimension, with the rest merged.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(rename = "Breakdown")]
struct BreakdownJson {
    /// A column, or `property:<name>`.
    dimension: String,
    /// How many values are shown by themselves.
    #[schemars(range(min = 1, max = BREAKDOWN_MAX))]
    limit: u32,
}

impl Default for BreakdownJson {
    fn default() -> Self {
        Self { dimension: String::new(), limit: BREAKDOWN_DEFAULT }
    }
}

/// With or without blanks.
fn formula<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Formula>, D::Error> {
    let name = String::deserialize(deserializer)?.replace(' ', "");
    if name.is_empty() { Ok(None) } else { Formula::deserialize(name.into_deserializer()).map(Some) }
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
        if self.formula.is_some() != (series.len() == 2) {
            return Err(QueryError::invalid("formula", "a formula has two series, and two series have a formula"));
        }
        if self.cumulative && series.iter().any(|s| !matches!(s.measure, Measure::Count | Measure::Revenue)) {
            return Err(QueryError::invalid("cumulative", "distinct actors of buckets cannot be added up"));
        }
        let breakdown = match self.breakdown.dimension.as_str() {
            "" => None,
            dimension => Some(Breakdown::read(dimension, self.breakdown.limit)?),
        };
        let unit = match self.result {
            ResultName::OverTime => Some(self.interval.unit(range)),
            ResultName::Total => None,
        };
        Ok(Trend {
            series,
            formula: self.formula,
            unit,
            breakdown,
            cumulative: self.cumulative,
            long: self.shape == TableShape::Long,
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

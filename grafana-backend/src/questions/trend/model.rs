//! What is asked of a trend, checked. The rules are in docs/queries/trend.md.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    formula::Formula,
    measure::{Measure, MeasureName},
};
use crate::{
    check::{at_most, within},
    error::QueryError,
    events::{
        breakdown::{AND_MAX, BREAKDOWN_DEFAULT, BREAKDOWN_MAX, Breakdown},
        entry::Entries,
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

const SERIES_MAX: usize = 10;
/// A year of days.
const TRAILING_MAX: usize = 366;

/// A question about a trend.
#[derive(Debug, Clone, PartialEq)]
pub struct Trend {
    /// One series, or several.
    pub series: Vec<Series>,
    /// How several become one.
    pub formula: Option<Formula>,
    /// The bucket, or all of the range in one row.
    pub unit: Option<Unit>,
    /// By what it is split.
    pub breakdown: Option<Breakdown>,
    /// Each bucket has the sum of those before as well; counts and sums only.
    pub cumulative: bool,
    /// Each bucket is about this many, up to itself.
    pub trailing: usize,
    /// With an earlier range.
    pub compare: Option<Comparison>,
    /// A row a bucket and value, instead of a column a value.
    pub long: bool,
}

impl Trend {
    /// What it reads of the sessions' entries.
    #[must_use]
    pub fn entries(&self) -> Entries {
        let series = self.series.iter().map(|series| series.filter.entries() | series.measure.entries());
        series.chain(self.breakdown.iter().map(|breakdown| breakdown.dimension.entries())).collect()
    }
}

/// Which events, and what of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Which.
    pub filter: EventFilter,
    /// What of them.
    pub measure: Measure,
}

/// Counts over time: docs/queries/trend.md.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TrendJson {
    /// One series, or several with a formula; all events if absent.
    #[schemars(length(max = SERIES_MAX))]
    series: Vec<SeriesJson>,
    /// How several series, from A on, become one: letters, numbers, `+ - * /` and brackets.
    formula: String,
    /// The bucket.
    interval: Interval,
    /// What is shown.
    result: ResultName,
    /// By what it is split.
    breakdown: BreakdownJson,
    /// Each bucket has the sum of those before as well; counts and sums only.
    cumulative: bool,
    /// Each bucket is about this many, up to itself.
    #[schemars(range(min = 1, max = TRAILING_MAX))]
    trailing: usize,
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
    measure: MeasureName,
    /// What a measure of values is of: a column, `property:<name>` or `session:<column>`.
    property: String,
}

/// The most frequent values of a dimension, with the rest merged.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schemars(rename = "Breakdown")]
struct BreakdownJson {
    /// A column, or `property:<name>`.
    dimension: String,
    /// Further dimensions, of the same kinds: each combination of values is one.
    #[schemars(length(max = AND_MAX))]
    and: Vec<String>,
    /// How many values are shown by themselves.
    #[schemars(range(min = 1, max = BREAKDOWN_MAX))]
    limit: u32,
}

impl Default for BreakdownJson {
    fn default() -> Self {
        Self { dimension: String::new(), and: Vec::new(), limit: BREAKDOWN_DEFAULT }
    }
}

impl Default for TrendJson {
    fn default() -> Self {
        Self {
            series: Vec::new(),
            formula: String::new(),
            interval: Interval::Auto,
            result: ResultName::OverTime,
            breakdown: BreakdownJson::default(),
            cumulative: false,
            trailing: 1,
            compare: CompareJson::default(),
            shape: TableShape::Wide,
        }
    }
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
        let formula = match self.formula.trim() {
            "" if series.len() > 1 => {
                return Err(QueryError::invalid("formula", "several series have a formula that makes one of them"));
            }
            "" => None,
            formula => Some(Formula::parse(formula, series.len())?),
        };
        if self.cumulative && !series.iter().all(|series| series.measure.adds_up()) {
            return Err(QueryError::invalid("cumulative", "distinct actors of buckets cannot be added up"));
        }
        let breakdown = match self.breakdown.dimension.as_str() {
            "" => None,
            dimension => Some(Breakdown::read(dimension, &self.breakdown.and, self.breakdown.limit)?),
        };
        let unit = match self.result {
            ResultName::OverTime => Some(self.interval.unit(range)),
            ResultName::Total => None,
        };
        let trailing = within("trailing", self.trailing, 1..=TRAILING_MAX)?;
        if trailing > 1 && (self.cumulative || unit.is_none()) {
            let message = "trailing buckets are those of a trend over time that is not cumulative";
            return Err(QueryError::invalid("trailing", message));
        }
        Ok(Trend {
            series,
            formula,
            unit,
            breakdown,
            cumulative: self.cumulative,
            trailing,
            long: self.shape == TableShape::Long,
            compare: Comparison::parse(&self.compare)?,
        })
    }
}

impl SeriesJson {
    fn check(self, at: usize) -> Result<Series, QueryError> {
        let place = format!("series[{at}]");
        let filter = EventFilter::read(self.event, self.path, &self.filter, &format!("{place}.filter"))?;
        Ok(Series { filter, measure: self.measure.check(&self.property, &place)? })
    }
}

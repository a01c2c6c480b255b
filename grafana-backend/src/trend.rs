//! Trends: counts, distinct actors and sums over time, split by a value, of one series of
//! events or of two in a formula, beside the period before. Rules: docs/queries/trend.md.

use clickhouse::Row;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::{Column, Frame},
    funnel::OTHER,
    query::{
        Query, Range,
        comparison::Comparison,
        dimension::Dimension,
        filter::EventFilter,
        interval::{Buckets, Unit},
        sql::Sql,
    },
};

const BREAKDOWN_MAX: u32 = 100;
const BREAKDOWN_DEFAULT: u32 = 10;
const SERIES_MAX: usize = 2;
/// The name of a series of events without a value.
const NONE: &str = "(none)";

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
#[serde(rename_all = "camelCase", default)]
struct RawSeries {
    event: String,
    path: String,
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

#[derive(Row, Deserialize, Debug, Clone)]
struct Cell {
    bucket_ms: i64,
    label: String,
    a: f64,
    b: f64,
}

#[derive(Row, Deserialize)]
struct Label {
    label: String,
}

/// Runs the query and makes its frame.
///
/// # Errors
/// See [`QueryError`].
pub async fn run(clickhouse: &ClickHouse, query: &Query, trend: &Trend) -> Result<Frame, QueryError> {
    let labels = match &trend.breakdown {
        None => vec![String::new()],
        Some((dimension, limit)) => {
            let sql = top(query, trend, dimension, *limit);
            let rows: Vec<Label> = clickhouse.rows(sql).await?;
            rows.into_iter().map(|row| row.label).collect()
        }
    };
    let buckets = buckets(query.range, query, trend)?;
    let sql = statement(query, trend, query.range, &buckets, &labels);
    let text = sql.as_text().to_owned();
    let now = table(clickhouse.rows(sql).await?, trend, &buckets, &labels);
    let before = match trend.compare {
        None => None,
        Some(comparison) => {
            let range = comparison.of(query.range, query.zone);
            let earlier = self::buckets(range, query, trend)?;
            let sql = statement(query, trend, range, &earlier, &labels);
            Some(table(clickhouse.rows(sql).await?, trend, &earlier, &labels))
        }
    };
    Ok(frame(trend, &buckets, now, before).with_executed(text))
}

/// The statement that reads the events; which values are the most frequent is asked before.
///
/// # Errors
/// If the range has too many buckets.
pub fn plan(query: &Query, trend: &Trend) -> Result<Sql, QueryError> {
    Ok(statement(query, trend, query.range, &buckets(query.range, query, trend)?, &[]))
}

fn buckets(range: Range, query: &Query, trend: &Trend) -> Result<Buckets, QueryError> {
    match trend.unit {
        Some(unit) => Buckets::cut(range, unit, query.zone),
        None => Ok(Buckets { starts_ms: vec![range.from_ms], end_ms: range.to_ms }),
    }
}

fn which(sql: &mut Sql, trend: &Trend) {
    sql.text(" AND (");
    for (at, series) in trend.series.iter().enumerate() {
        sql.text(if at == 0 { "" } else { " OR " }).sub(|sql| series.filter.write(sql));
    }
    sql.text(")");
}

/// The values with the most events.
fn top(query: &Query, trend: &Trend, dimension: &Dimension, limit: u32) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.sub(|sql| dimension.write(sql)).text(" AS label FROM analytics.events FINAL WHERE ");
    query.scope(&mut sql, query.range.from_ms, query.range.to_ms);
    which(&mut sql, trend);
    sql.text(" GROUP BY label ORDER BY count() DESC, label LIMIT ").int(limit.into());
    sql
}

fn statement(query: &Query, trend: &Trend, range: Range, buckets: &Buckets, labels: &[String]) -> Sql {
    let mut sql = Sql::new("SELECT ");
    buckets.write(&mut sql, "toUnixTimestamp64Milli(ts)");
    sql.text(" AS bucket_ms, ");
    match &trend.breakdown {
        None => drop(sql.text("'' AS label, ")),
        Some((dimension, _)) => {
            // The rest has a name that no value has.
            sql.text("if(").sub(|sql| dimension.write(sql)).text(" IN ").strings(labels).text(", ");
            sql.sub(|sql| dimension.write(sql)).text(", '\\0') AS label, ");
        }
    }
    for (at, name) in [" AS a, ", " AS b"].into_iter().enumerate() {
        match trend.series.get(at) {
            Some(series) => measure(&mut sql, series),
            None => drop(sql.text("toFloat64(0)")),
        }
        sql.text(name);
    }
    sql.text(" FROM analytics.events FINAL WHERE ");
    query.scope(&mut sql, range.from_ms, range.to_ms);
    which(&mut sql, trend);
    sql.text(" GROUP BY bucket_ms, label");
    sql
}

fn measure(sql: &mut Sql, series: &Series) {
    let filter = |sql: &mut Sql| series.filter.write(sql);
    sql.text("toFloat64(");
    match series.measure {
        Measure::Count => sql.text("countIf(").sub(filter).text(")"),
        Measure::Visitors => sql.text("uniqExactIf(visitor, ").sub(filter).text(")"),
        Measure::Users => sql.text("uniqExactIf(user_id, user_id != '' AND ").sub(filter).text(")"),
        Measure::Sessions => sql.text("uniqExactIf(session_id, session_id != '' AND ").sub(filter).text(")"),
        Measure::PerVisitor => {
            sql.text("ifNotFinite(countIf(").sub(filter).text(") / uniqExactIf(visitor, ").sub(filter).text("), 0)")
        }
        Measure::Revenue => sql.text("sumIf(revenue_amount, ").sub(filter).text(")"),
    };
    sql.text(")");
}

/// By label, then by bucket; what is not there is 0.
type Table = Vec<(String, Vec<Option<f64>>)>;

fn table(cells: Vec<Cell>, trend: &Trend, buckets: &Buckets, labels: &[String]) -> Table {
    let empty = || vec![(0.0, 0.0); buckets.starts_ms.len()];
    let mut rows: Vec<(String, Vec<(f64, f64)>)> = labels.iter().map(|label| (label.clone(), empty())).collect();
    for cell in cells {
        let label = if cell.label == "\0" { OTHER.to_owned() } else { cell.label };
        let at = rows.iter().position(|(known, _)| *known == label).unwrap_or_else(|| {
            rows.push((label, empty()));
            rows.len() - 1
        });
        if let Some(bucket) = buckets.find(cell.bucket_ms) {
            rows[at].1[bucket] = (cell.a, cell.b);
        }
    }
    let value = |(a, b): (f64, f64)| match trend.formula {
        None => Some(a),
        Some(Formula::Divide) => (b != 0.0).then(|| a / b),
        Some(Formula::Minus) => Some(a - b),
        Some(Formula::Plus) => Some(a + b),
        Some(Formula::Times) => Some(a * b),
    };
    rows.into_iter()
        .map(|(label, mut cells)| {
            if trend.cumulative {
                let mut sum = (0.0, 0.0);
                for cell in &mut cells {
                    sum = (sum.0 + cell.0, sum.1 + cell.1);
                    *cell = sum;
                }
            }
            (label, cells.into_iter().map(value).collect())
        })
        .collect()
}

/// Over time and split, a column a value: what time series panels and alerting take.
fn frame(trend: &Trend, buckets: &Buckets, now: Table, before: Option<Table>) -> Frame {
    match &trend.breakdown {
        Some((dimension, _)) if trend.unit.is_some() && !trend.long => wide(dimension, buckets, &now, before.as_ref()),
        _ => long(trend, buckets, &now, before.as_ref()),
    }
}

fn wide(dimension: &Dimension, buckets: &Buckets, now: &Table, before: Option<&Table>) -> Frame {
    let mut frame = Frame::new("trend");
    frame.push(Column::time("time", buckets.starts_ms.iter().map(|at| Some(*at)).collect()));
    for (label, cells) in now {
        // Grafana shows a series of this name by its label alone.
        let shown = if label.is_empty() { NONE } else { label };
        frame.push(Column::number("Value", cells.clone()).with_label(dimension.title(), shown));
        let Some(before) = before else { continue };
        let earlier =
            before.iter().find(|(known, _)| known == label).map(|(_, cells)| cells.as_slice()).unwrap_or_default();
        let cells = (0..cells.len()).map(|at| earlier.get(at).copied().unwrap_or(Some(0.0))).collect();
        frame.push(Column::number("previous", cells).with_label(dimension.title(), shown));
    }
    frame
}

fn long(trend: &Trend, buckets: &Buckets, now: &Table, before: Option<&Table>) -> Frame {
    let mut frame = Frame::new("trend");
    let rows = || now.iter().flat_map(|(label, cells)| (0..cells.len()).map(move |at| (label, at)));
    if trend.unit.is_some() {
        frame.push(Column::time("time", rows().map(|(_, at)| Some(buckets.starts_ms[at])).collect()));
    }
    if let Some((dimension, _)) = &trend.breakdown {
        frame.push(Column::text(dimension.title(), rows().map(|(label, _)| Some(label.clone())).collect()));
    }
    let cell = |table: &Table, label: &str, at: usize| {
        let row = table.iter().find(|(known, _)| known == label);
        row.map_or(Some(0.0), |(_, cells)| cells.get(at).copied().flatten())
    };
    frame.push(Column::number("value", rows().map(|(label, at)| cell(now, label, at)).collect()));
    if let Some(before) = before {
        frame.push(Column::number("previous", rows().map(|(label, at)| cell(before, label, at)).collect()));
    }
    frame
}

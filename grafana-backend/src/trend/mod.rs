//! Trends: counts, distinct actors and sums over time, split by a value, of one series of
//! events or of two in a formula, beside the period before. Rules: docs/queries/trend.md.

mod frames;
pub mod model;
mod statement;
mod table;

use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::Frame,
    query::{Query, Range, interval::Buckets, sql::Sql},
};
use model::Trend;
use table::{Cell, Table};

/// Which values by themselves → the range → the earlier range → one frame.
///
/// # Errors
/// See [`QueryError`].
pub async fn run(clickhouse: &ClickHouse, query: &Query, trend: &Trend) -> Result<Frame, QueryError> {
    let earlier = trend.compare.map(|comparison| comparison.of(query.range, query.zone));
    let labels = labels(clickhouse, query, trend, earlier).await?;
    let shown = buckets(query.range, query, trend)?;
    let sql = statement::counts(query, trend, query.range, &shown, &labels);
    let text = sql.as_text().to_owned();
    let now = Table::new(clickhouse.rows::<Cell>(sql).await?, trend, &shown, &labels);
    let before = match earlier {
        None => None,
        Some(range) => {
            let compared = buckets(range, query, trend)?;
            let sql = statement::counts(query, trend, range, &compared, &labels);
            Some(Table::new(clickhouse.rows::<Cell>(sql).await?, trend, &compared, &labels))
        }
    };
    Ok(frames::frame(trend, &shown, &now, before.as_ref(), &labels).with_executed(text))
}

/// The statement that reads the events; which values are the most frequent is asked before.
///
/// # Errors
/// If the range has too many buckets.
pub fn plan(query: &Query, trend: &Trend) -> Result<Sql, QueryError> {
    Ok(statement::counts(query, trend, query.range, &buckets(query.range, query, trend)?, &[]))
}

/// The values that are shown by themselves: the most frequent of the range and, where there are
/// fewer than may be shown, those of the range that it is compared with.
async fn labels(
    clickhouse: &ClickHouse,
    query: &Query,
    trend: &Trend,
    earlier: Option<Range>,
) -> Result<Vec<String>, QueryError> {
    let Some((dimension, limit)) = &trend.breakdown else { return Ok(vec![String::new()]) };
    let mut labels: Vec<String> = Vec::new();
    for range in [Some(query.range), earlier].into_iter().flatten() {
        let free = i64::from(*limit) - i64::try_from(labels.len()).unwrap_or(i64::MAX);
        if free > 0 {
            let sql = statement::top(query, trend, dimension, range, &labels, free);
            labels.extend(clickhouse.rows::<table::Label>(sql).await?.into_iter().map(|row| row.label));
        }
    }
    Ok(labels)
}

fn buckets(range: Range, query: &Query, trend: &Trend) -> Result<Buckets, QueryError> {
    match trend.unit {
        Some(unit) => Buckets::cut(range, unit, query.zone),
        None => Ok(Buckets { starts_ms: vec![range.from_ms], end_ms: range.to_ms }),
    }
}

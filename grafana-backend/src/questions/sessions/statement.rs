//! The statement that counts sessions.

use clickhouse::Row;
use serde::Deserialize;

use super::{
    days::days,
    model::{Label, Sessions, Shown},
    raw, rollup,
};
use crate::{error::QueryError, people::Persons, scope::Scope, sql::Sql, time::buckets::Buckets};

/// One row of a result.
#[derive(Row, Deserialize, Debug, Clone, Default, PartialEq)]
pub struct Counts {
    pub label: String,
    pub bucket_ms: i64,
    pub sessions: u64,
    pub visitors: u64,
    pub events: u64,
    pub page_views: u64,
    pub duration_ms: i64,
    pub bounces: u64,
    /// Median and 90th percentile of the durations, in milliseconds; empty if not asked for.
    pub quantiles: Vec<f64>,
}

/// A statement, and the buckets of its rows if they have any.
pub struct Counting {
    pub sql: Sql,
    pub buckets: Option<Buckets>,
}

/// The statement over the scope's range; of these values alone if they are given.
///
/// # Errors
/// If the range has too many buckets.
pub fn counts(
    scope: &Scope,
    sessions: &Sessions,
    persons: Persons,
    labels: Option<&[String]>,
) -> Result<Counting, QueryError> {
    let buckets = buckets(scope, sessions)?;
    let sql = statement(scope, sessions, persons, buckets.as_ref(), labels);
    Ok(Counting { sql, buckets })
}

/// The buckets of the scope's range, if the result has any.
///
/// # Errors
/// If there are too many.
pub fn buckets(scope: &Scope, sessions: &Sessions) -> Result<Option<Buckets>, QueryError> {
    match sessions.shown {
        Shown::OverTime(unit) => Buckets::cut(scope.range, unit, scope.zone).map(Some),
        _ => Ok(None),
    }
}

fn statement(
    scope: &Scope,
    sessions: &Sessions,
    persons: Persons,
    buckets: Option<&Buckets>,
    labels: Option<&[String]>,
) -> Sql {
    let label = match &sessions.shown {
        Shown::By { label, .. } => label,
        _ => &Label::None,
    };
    let mut sql = Sql::new("SELECT ");
    sql.text(if *label == Label::None { "'' AS label" } else { "label" });
    match buckets {
        Some(buckets) => sql.text(", ").sub(|sql| buckets.write(sql, "started_ms")).text(" AS bucket_ms"),
        None => sql.text(", toInt64(0) AS bucket_ms"),
    };
    sql.text(", count() AS sessions, uniqExact(")
        .text(persons.of_actor())
        .text(
            ") AS visitors, sum(event_count) AS events, sum(view_count) AS page_views, \
         sum(ended_ms - started_ms) AS duration_ms, countIf(event_count = 1) AS bounces, ",
        )
        .text(match sessions.has_quantiles() {
            true => "quantilesExactInclusive(0.5, 0.9)(ended_ms - started_ms) AS quantiles FROM (",
            false => "emptyArrayFloat64() AS quantiles FROM (",
        });
    match rollup::serves(scope, label, &sessions.page_view_events) {
        true => rollup::write(&mut sql, scope, label),
        false => raw::write(&mut sql, scope, label, &sessions.page_view_events),
    }
    sql.text(") AS s");
    persons.join(&mut sql, scope, "actor", days(scope.range));
    sql.text(" WHERE started_ms >= ").int(scope.range.from_ms).text(" AND started_ms < ").int(scope.range.to_ms);
    if let (Shown::By { .. }, Some(labels)) = (&sessions.shown, labels) {
        sql.text(" AND label IN ").strings(labels);
    }
    match &sessions.shown {
        Shown::OverTime(_) => sql.text(" GROUP BY bucket_ms ORDER BY bucket_ms"),
        Shown::By { limit, .. } => {
            sql.text(" GROUP BY label ORDER BY sessions DESC, label LIMIT ").int(i64::from(*limit))
        }
        Shown::Totals | Shown::List { .. } => &mut sql,
    };
    sql
}

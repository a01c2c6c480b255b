//! The statements of a trend.

use super::model::Trend;
use crate::{
    events::dimension::Dimension, people::Persons, scope::Scope, sql::Sql, time::buckets::Buckets, time::range::Range,
};

/// The labels that are known, and room for how many more.
pub struct Known<'l> {
    pub labels: &'l [String],
    pub free: i64,
}

/// The values with the most events of the scope's range, but for those that are known.
pub fn top(scope: &Scope, trend: &Trend, dimension: &Dimension, known: Known<'_>) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.sub(|sql| dimension.write(sql)).text(" AS label");
    scope.from_events(&mut sql, scope.range.from_ms, scope.range.to_ms, trend.entries());
    which(&mut sql, trend);
    if !known.labels.is_empty() {
        sql.text(" AND ").sub(|sql| dimension.write(sql)).text(" NOT IN ").strings(known.labels);
    }
    sql.text(" GROUP BY label ORDER BY count() DESC, label LIMIT ").int(known.free);
    sql
}

/// A row a bucket and value; those that are not among `labels` are one, the rest.
pub fn counts(scope: &Scope, trend: &Trend, persons: Persons, buckets: &Buckets, labels: &[String]) -> Sql {
    let mut sql = Sql::new("SELECT ");
    let from_ms = match trend.trailing {
        1 => {
            buckets.write(&mut sql, "toUnixTimestamp64Milli(ts)");
            scope.range.from_ms
        }
        // An event counts for its bucket and those after it. What is before the range is read as well.
        trailing => {
            sql.text("arrayJoin(arraySlice(").ints(&buckets.starts_ms).text(", ");
            buckets.write_place(&mut sql, "toUnixTimestamp64Milli(ts)");
            sql.text(", ").int(i64::try_from(trailing).unwrap_or(1)).text("))");
            buckets.starts_ms.first().copied().unwrap_or(scope.range.from_ms)
        }
    };
    sql.text(" AS bucket_ms, ");
    match &trend.breakdown {
        None => drop(sql.text("'' AS label, toUInt8(0) AS is_rest, ")),
        Some(breakdown) => {
            let dimension = &breakdown.dimension;
            sql.text("if(").sub(|sql| dimension.write(sql)).text(" IN ").strings(labels).text(", ");
            sql.sub(|sql| dimension.write(sql)).text(", '') AS label, toUInt8(");
            sql.sub(|sql| dimension.write(sql)).text(" NOT IN ").strings(labels).text(") AS is_rest, ");
        }
    }
    for (at, series) in trend.series.iter().enumerate() {
        sql.text(if at == 0 { "CAST([" } else { ", " });
        series.measure.write(&mut sql, &series.filter, persons);
    }
    sql.text("], 'Array(Nullable(Float64))') AS series");
    persons.from_events(&mut sql, scope, Range { from_ms, ..scope.range }, trend.entries());
    which(&mut sql, trend);
    sql.text(" GROUP BY bucket_ms, label, is_rest");
    sql
}

fn which(sql: &mut Sql, trend: &Trend) {
    sql.text(" AND (");
    for (at, series) in trend.series.iter().enumerate() {
        sql.text(if at == 0 { "" } else { " OR " }).sub(|sql| series.filter.write(sql));
    }
    sql.text(")");
}

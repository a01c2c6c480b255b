//! The statements of a trend.

use super::model::{Measure, Series, Trend};
use crate::{events::dimension::Dimension, people::Persons, scope::Scope, sql::Sql, time::buckets::Buckets};

/// The labels that are known, and room for how many more.
pub struct Known<'l> {
    pub labels: &'l [String],
    pub free: i64,
}

/// The values with the most events of the scope's range, but for those that are known.
pub fn top(scope: &Scope, trend: &Trend, dimension: &Dimension, known: Known<'_>) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.sub(|sql| dimension.write(sql)).text(" AS label FROM analytics.events FINAL WHERE ");
    scope.write(&mut sql, scope.range.from_ms, scope.range.to_ms);
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
    buckets.write(&mut sql, "toUnixTimestamp64Milli(ts)");
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
    for (at, name) in [" AS a, ", " AS b"].into_iter().enumerate() {
        match trend.series.get(at) {
            Some(series) => measure(&mut sql, series, persons),
            None => drop(sql.text("toFloat64(0)")),
        }
        sql.text(name);
    }
    sql.text(" FROM analytics.events FINAL");
    persons.join(&mut sql, scope, "visitor", scope.range);
    sql.text(" WHERE ");
    scope.write(&mut sql, scope.range.from_ms, scope.range.to_ms);
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

fn measure(sql: &mut Sql, series: &Series, persons: Persons) {
    let filter = |sql: &mut Sql| series.filter.write(sql);
    sql.text("toFloat64(");
    match series.measure {
        Measure::Count => sql.text("countIf(").sub(filter).text(")"),
        Measure::Visitors => sql.text("uniqExactIf(").text(persons.expression()).text(", ").sub(filter).text(")"),
        Measure::Users => sql.text("uniqExactIf(user_id, user_id != '' AND ").sub(filter).text(")"),
        Measure::Sessions => sql.text("uniqExactIf(session_id, session_id != '' AND ").sub(filter).text(")"),
        Measure::PerVisitor => {
            sql.text("ifNotFinite(countIf(").sub(filter).text(") / uniqExactIf(").text(persons.expression());
            sql.text(", ").sub(filter).text("), 0)")
        }
        Measure::Revenue => sql.text("sumIf(revenue_amount, ").sub(filter).text(")"),
    };
    sql.text(")");
}

//! The statement that reads who did what in which period.

use super::model::Retention;
use crate::{gathering::Pass, scope::Scope, sql::Sql, time::buckets::Buckets};

/// A row an actor and period: the period's first instant, then what was done in it; where several returns are
/// asked for, a row an event, since the visitors of a person come back together. An actor who started before the
/// range has a row of nothing but zeros.
pub fn statement(scope: &Scope, retention: &Retention, buckets: &Buckets, pass: Pass) -> Sql {
    let mut sql = Sql::new("SELECT ");
    let from_ms = buckets.starts_ms.first().copied().unwrap_or(scope.range.from_ms);
    sql.text(retention.by.expression()).text(" AS actor, toUInt64((");
    buckets.write(&mut sql, "toUnixTimestamp64Milli(ts)");
    let is_grouped = retention.returns_min == 1;
    let (before, after) = if is_grouped { ("countIf(", ") > 0)") } else { ("(", "))") };
    sql.text(" - ").int(from_ms).text(") * 4 + toUInt8(").text(before);
    sql.sub(|sql| retention.start.write(sql)).text(after).text(" + 2 * toUInt8(").text(before);
    sql.sub(|sql| retention.returns.write(sql)).text(after).text(") AS packed");
    // Whole periods: a cohort that is cut at the range's edge would look smaller than it is.
    scope.from_events(&mut sql, from_ms, buckets.end_ms, retention.entries());
    sql.text(retention.by.condition()).text(" AND (").sub(|sql| retention.start.write(sql)).text(" OR ");
    sql.sub(|sql| retention.returns.write(sql)).text(")");
    pass.write(&mut sql, retention.by.expression());
    if is_grouped {
        sql.text(" GROUP BY actor, ");
        buckets.write(&mut sql, "toUnixTimestamp64Milli(ts)");
    }
    if retention.first_time {
        sql.text(" UNION ALL SELECT DISTINCT ")
            .text(retention.by.expression())
            .text(" AS actor, toUInt64(0) AS packed");
        scope.from_stored_events(&mut sql, 0, from_ms, retention.start.entries());
        sql.text(retention.by.condition()).text(" AND ").sub(|sql| retention.start.write(sql));
        pass.write(&mut sql, retention.by.expression());
    }
    sql
}

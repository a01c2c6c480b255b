//! Lifecycle (new, returning, resurrecting and dormant visitors) and stickiness (in how many
//! periods they came). Rules: docs/queries/lifecycle.md.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    actors::{self, Packed, Pass, Sum},
    clickhouse::ClickHouse,
    error::QueryError,
    frame::{Column, Frame},
    funnel::model::Actor,
    query::{
        Query, Range,
        filter::{EventFilter, OneOf},
        interval::{Buckets, Unit},
        sql::Sql,
    },
};

/// A question about who comes back.
#[derive(Debug, Clone, PartialEq)]
pub struct Lifecycle {
    /// What counts as being there.
    pub filter: EventFilter,
    /// The period.
    pub unit: Unit,
    /// Who.
    pub by: Actor,
    /// Stickiness instead of the four kinds.
    pub stickiness: bool,
}

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Raw {
    event: OneOf,
    path: OneOf,
    event_filter: Value,
    interval: String,
    by: Actor,
}

impl Raw {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field and the value.
    pub fn resolve(self, range: Range, stickiness: bool) -> Result<Lifecycle, QueryError> {
        let filter = EventFilter::read(self.event, self.path, &self.event_filter, "eventFilter")?;
        let unit = Unit::parse(if self.interval.is_empty() { "day" } else { &self.interval }, range)?;
        Ok(Lifecycle { filter, unit, by: self.by, stickiness })
    }
}

/// By period: new, returning, resurrecting, dormant; by number of periods: how many actors.
#[derive(Debug, Clone)]
struct Counts {
    kinds: Vec<[i64; 4]>,
    periods: Vec<i64>,
}

impl Sum for Counts {
    fn merge(&mut self, other: Self) {
        for (row, other) in self.kinds.iter_mut().zip(other.kinds) {
            row.iter_mut().zip(other).for_each(|(a, b)| *a += b);
        }
        self.periods.iter_mut().zip(other.periods).for_each(|(a, b)| *a += b);
    }
}

/// Runs the query and makes its frame.
///
/// # Errors
/// See [`QueryError`].
pub async fn run(clickhouse: &ClickHouse, query: &Query, lifecycle: &Lifecycle) -> Result<Frame, QueryError> {
    let buckets = buckets(query, lifecycle)?;
    let periods = buckets.starts_ms.len();
    let text = statement(query, lifecycle, &buckets, Pass::WHOLE).as_text().to_owned();
    let edges = buckets.clone();
    let counts = actors::fold(
        clickhouse,
        |pass| statement(query, lifecycle, &buckets, pass),
        move || Counts { kinds: vec![[0; 4]; periods], periods: vec![0; periods + 1] },
        move |counts: &mut Counts, rows: &[Packed]| add(counts, rows, &edges),
    )
    .await?;
    let frame = if lifecycle.stickiness { stickiness(&counts) } else { kinds(&counts, &buckets, query.now_ms) };
    Ok(frame.with_executed(text))
}

/// Those that are shown, and one more before: who was there then, returns in the first one.
fn buckets(query: &Query, lifecycle: &Lifecycle) -> Result<Buckets, QueryError> {
    let shown = Buckets::cut(query.range, lifecycle.unit, query.zone)?;
    let first_ms = shown.starts_ms.first().copied().unwrap_or(query.range.from_ms);
    let earlier = Range { from_ms: first_ms - 1, to_ms: query.range.to_ms, ..query.range };
    Buckets::cut(earlier, lifecycle.unit, query.zone)
}

/// The statement that reads the events.
///
/// # Errors
/// If the range has too many periods.
pub fn plan(query: &Query, lifecycle: &Lifecycle) -> Result<Sql, QueryError> {
    Ok(statement(query, lifecycle, &buckets(query, lifecycle)?, Pass::WHOLE))
}

/// A row an actor and period; `packed` is one more than the time from the first period, and
/// 0 for who was there before.
fn statement(query: &Query, lifecycle: &Lifecycle, buckets: &Buckets, pass: Pass) -> Sql {
    let from_ms = buckets.starts_ms.first().copied().unwrap_or(query.range.from_ms);
    let mut sql = Sql::new("SELECT DISTINCT ");
    sql.text(lifecycle.by.expression()).text(" AS actor, toUInt64(");
    buckets.write(&mut sql, "toUnixTimestamp64Milli(ts)");
    sql.text(" - ").int(from_ms).text(" + 1) AS packed FROM analytics.events WHERE ");
    query.scope(&mut sql, from_ms, buckets.end_ms);
    sql.text(lifecycle.by.condition()).text(" AND ").sub(|sql| lifecycle.filter.write(sql));
    pass.write(&mut sql, lifecycle.by.expression());
    if !lifecycle.stickiness {
        sql.text(" UNION ALL SELECT DISTINCT ")
            .text(lifecycle.by.expression())
            .text(" AS actor, toUInt64(0) AS packed FROM analytics.events WHERE ");
        query.scope(&mut sql, 0, from_ms);
        sql.text(lifecycle.by.condition()).text(" AND ").sub(|sql| lifecycle.filter.write(sql));
        pass.write(&mut sql, lifecycle.by.expression());
    }
    sql
}

fn add(counts: &mut Counts, rows: &[Packed], buckets: &Buckets) {
    let from_ms = buckets.starts_ms.first().copied().unwrap_or(0);
    let before = rows.iter().any(|row| row.packed == 0);
    let there: Vec<usize> = rows
        .iter()
        .filter(|row| row.packed > 0)
        .filter_map(|row| buckets.find(from_ms + (row.packed - 1).cast_signed()))
        .collect();
    let mut seen = before;
    let mut last: Option<usize> = None;
    for period in &there {
        let kind = match last {
            _ if !seen => 0,
            Some(last) if last + 1 == *period => 1,
            _ => 2,
        };
        counts.kinds[*period][kind] += 1;
        // The first period after one's last is the one in which one is gone.
        if let Some(last) = last.filter(|last| last + 1 < *period) {
            counts.kinds[last + 1][3] -= 1;
        }
        (seen, last) = (true, Some(*period));
    }
    if let Some(gone) = last.map(|last| last + 1).filter(|gone| *gone < counts.kinds.len()) {
        counts.kinds[gone][3] -= 1;
    }
    // The one period more is not shown.
    counts.periods[there.iter().filter(|period| **period > 0).count()] += 1;
}

/// A row a period. Nobody is new, gone or anything else in a period that has not begun.
fn kinds(counts: &Counts, buckets: &Buckets, now_ms: i64) -> Frame {
    let mut frame = Frame::new("lifecycle");
    let shown = || buckets.starts_ms.iter().zip(&counts.kinds).skip(1);
    frame.push(Column::time("time", shown().map(|(start, _)| Some(*start)).collect()));
    for (at, name) in ["new", "returning", "resurrecting", "dormant"].into_iter().enumerate() {
        let count = |(start, row): (&i64, &[i64; 4])| Some(if *start < now_ms { row[at] } else { 0 });
        frame.push(Column::whole(name, shown().map(count).collect()));
    }
    frame
}

fn stickiness(counts: &Counts) -> Frame {
    let mut frame = Frame::new("stickiness");
    let shown = || counts.periods.iter().enumerate().skip(1).take(counts.periods.len().saturating_sub(2));
    frame.push(Column::text("in", shown().map(|(periods, _)| Some(periods.to_string())).collect()));
    frame.push(Column::whole("periods", shown().map(|(periods, _)| i64::try_from(periods).ok()).collect()));
    frame.push(Column::whole("count", shown().map(|(_, count)| Some(*count)).collect()));
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_that_has_not_begun_is_zero() {
        // The period before, and three of 10 ms from 10 on.
        let buckets = Buckets { starts_ms: vec![0, 10, 20, 30], end_ms: 40 };
        let mut counts = Counts { kinds: vec![[0; 4]; 4], periods: vec![0; 5] };
        let was_there = |at_ms: u64| Packed { actor: 1, packed: at_ms + 1 };
        add(&mut counts, &[was_there(0), was_there(10)], &buckets);
        let dormant = |now_ms| kinds(&counts, &buckets, now_ms).column_json("dormant");
        assert_eq!(dormant(25), serde_json::json!([0, -1, 0]));
        // At its first instant a period has not begun: nobody can be missing from it.
        assert_eq!(dormant(20), serde_json::json!([0, 0, 0]));
        assert_eq!(kinds(&counts, &buckets, 5).column_json("returning"), serde_json::json!([0, 0, 0]));
        assert_eq!(kinds(&counts, &buckets, 11).column_json("returning"), serde_json::json!([1, 0, 0]));
    }
}

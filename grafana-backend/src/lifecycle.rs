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
        filter::EventFilter,
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
    event: String,
    path: String,
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
    let frame = if lifecycle.stickiness { stickiness(&counts) } else { kinds(&counts, &buckets) };
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

fn kinds(counts: &Counts, buckets: &Buckets) -> Frame {
    let mut frame = Frame::new("lifecycle");
    frame.push(Column::time("time", buckets.starts_ms.iter().skip(1).map(|ms| Some(*ms)).collect()));
    for (at, name) in ["new", "returning", "resurrecting", "dormant"].into_iter().enumerate() {
        frame.push(Column::whole(name, counts.kinds.iter().skip(1).map(|row| Some(row[at])).collect()));
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

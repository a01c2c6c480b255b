//! Retention: of those who did one thing in a period, how many did another in the periods
//! after. Rules: docs/queries/retention.md.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    actors::{self, Packed, Pass, Sum},
    clickhouse::ClickHouse,
    error::QueryError,
    frame::{Column, Frame},
    funnel::model::Actor,
    query::{
        Query,
        filter::{EventFilter, OneOf},
        interval::{Buckets, Unit},
        sql::Sql,
    },
};

/// Periods of one result.
pub const PERIODS_MAX: usize = 400;
const START: u64 = 1;
const RETURN: u64 = 2;

/// A question about retention.
#[derive(Debug, Clone, PartialEq)]
pub struct Retention {
    /// What puts an actor into a period's cohort.
    pub start: EventFilter,
    /// What counts as coming back.
    pub returns: EventFilter,
    /// The period.
    pub unit: Unit,
    /// Only the first time ever, or each period anew.
    pub first_time: bool,
    /// In the period or any later one, or just in it.
    pub unbounded: bool,
    /// Who.
    pub by: Actor,
}

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Raw {
    start: RawEvent,
    returns: RawEvent,
    interval: String,
    first_time: bool,
    unbounded: bool,
    by: Actor,
}

#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct RawEvent {
    event: OneOf,
    path: OneOf,
    filter: Value,
}

impl RawEvent {
    fn resolve(self, place: &str) -> Result<EventFilter, QueryError> {
        EventFilter::read(self.event, self.path, &self.filter, &format!("{place}.filter"))
    }
}

impl Raw {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field and the value.
    pub fn resolve(self) -> Result<Retention, QueryError> {
        let unit = match self.interval.as_str() {
            "day" => Unit::Day,
            "" | "week" => Unit::Week,
            "month" => Unit::Month,
            other => {
                return Err(QueryError::invalid("interval", format!("{other:?} is not known: day, week or month")));
            }
        };
        Ok(Retention {
            start: self.start.resolve("start")?,
            returns: self.returns.resolve("returns")?,
            unit,
            first_time: self.first_time,
            unbounded: self.unbounded,
            by: self.by,
        })
    }
}

/// By cohort, then by periods after it: how many; of period 0, the cohort itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Grid(Vec<Vec<u64>>);

impl Sum for Grid {
    fn merge(&mut self, other: Self) {
        for (row, other) in self.0.iter_mut().zip(other.0) {
            row.iter_mut().zip(other).for_each(|(a, b)| *a += b);
        }
    }
}

/// Runs the query and makes its frame.
///
/// # Errors
/// See [`QueryError`].
pub async fn run(clickhouse: &ClickHouse, query: &Query, retention: &Retention) -> Result<Frame, QueryError> {
    let buckets = Buckets::cut(query.range, retention.unit, query.zone)?;
    let periods = buckets.starts_ms.len();
    if periods > PERIODS_MAX {
        return Err(QueryError::invalid(
            "interval",
            format!("the range has {periods} of these, at most {PERIODS_MAX} can be shown"),
        ));
    }
    let text = statement(query, retention, &buckets, Pass::WHOLE).as_text().to_owned();
    let (first_time, unbounded) = (retention.first_time, retention.unbounded);
    let edges = buckets.clone();
    let grid = actors::fold(
        clickhouse,
        |pass| statement(query, retention, &buckets, pass),
        move || Grid((0..periods).map(|cohort| vec![0; periods - cohort]).collect()),
        move |grid: &mut Grid, rows: &[Packed]| add(grid, rows, &edges, first_time, unbounded),
    )
    .await?;
    Ok(frame(&grid, &buckets, query.now_ms).with_executed(text))
}

/// The statement that reads the events.
///
/// # Errors
/// If the range has too many periods.
pub fn plan(query: &Query, retention: &Retention) -> Result<Sql, QueryError> {
    let buckets = Buckets::cut(query.range, retention.unit, query.zone)?;
    Ok(statement(query, retention, &buckets, Pass::WHOLE))
}

/// A row an actor and period: the period's first instant, then what was done in it. An
/// actor who started before the range has a row of nothing but zeros.
fn statement(query: &Query, retention: &Retention, buckets: &Buckets, pass: Pass) -> Sql {
    let mut sql = Sql::new("SELECT ");
    let from_ms = buckets.starts_ms.first().copied().unwrap_or(query.range.from_ms);
    sql.text(retention.by.expression()).text(" AS actor, toUInt64((");
    buckets.write(&mut sql, "toUnixTimestamp64Milli(ts)");
    sql.text(" - ").int(from_ms).text(") * 4 + groupBitOr(toUInt8(");
    sql.sub(|sql| retention.start.write(sql)).text(") + 2 * toUInt8(");
    sql.sub(|sql| retention.returns.write(sql)).text("))) AS packed FROM analytics.events FINAL WHERE ");
    // Whole periods: a cohort that is cut at the range's edge would look smaller than it is.
    query.scope(&mut sql, from_ms, buckets.end_ms);
    sql.text(retention.by.condition()).text(" AND (").sub(|sql| retention.start.write(sql)).text(" OR ");
    sql.sub(|sql| retention.returns.write(sql)).text(")");
    pass.write(&mut sql, retention.by.expression());
    sql.text(" GROUP BY actor, ");
    buckets.write(&mut sql, "toUnixTimestamp64Milli(ts)");
    if retention.first_time {
        sql.text(" UNION ALL SELECT DISTINCT ")
            .text(retention.by.expression())
            .text(" AS actor, toUInt64(0) AS packed FROM analytics.events WHERE ");
        query.scope(&mut sql, 0, from_ms);
        sql.text(retention.by.condition()).text(" AND ").sub(|sql| retention.start.write(sql));
        pass.write(&mut sql, retention.by.expression());
    }
    sql
}

fn add(grid: &mut Grid, rows: &[Packed], buckets: &Buckets, first_time: bool, unbounded: bool) {
    let from_ms = buckets.starts_ms.first().copied().unwrap_or(0);
    let seen_before = rows.iter().any(|row| row.packed == 0);
    let of = |bit: u64| {
        let with_bit = rows.iter().filter(move |row| row.packed & bit != 0);
        with_bit.filter_map(|row| buckets.find(from_ms + (row.packed >> 2).cast_signed())).collect::<Vec<usize>>()
    };
    let (starts, returns) = (of(START), of(RETURN));
    if first_time && seen_before {
        return;
    }
    let last = returns.iter().max().copied();
    for cohort in starts.into_iter().take(if first_time { 1 } else { usize::MAX }) {
        grid.0[cohort][0] += 1;
        if unbounded {
            (cohort + 1..=last.unwrap_or(0)).for_each(|period| grid.0[cohort][period - cohort] += 1);
        } else {
            returns.iter().filter(|period| **period > cohort).for_each(|period| grid.0[cohort][period - cohort] += 1);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "shares; counts stay whole")]
fn frame(grid: &Grid, buckets: &Buckets, now_ms: i64) -> Frame {
    let mut frame = Frame::new("retention");
    let cells =
        || grid.0.iter().enumerate().flat_map(|(cohort, row)| (0..row.len()).map(move |period| (cohort, period)));
    let start = |at: usize| buckets.starts_ms[at];
    let end = |at: usize| buckets.starts_ms.get(at + 1).copied().unwrap_or(buckets.end_ms);
    // A period that has not begun says nothing yet.
    let begun: Vec<(usize, usize)> = cells().filter(|(cohort, period)| start(cohort + period) < now_ms).collect();
    let whole = |count: u64| Some(i64::try_from(count).unwrap_or(i64::MAX));
    frame.push(Column::time("cohort", begun.iter().map(|(cohort, _)| Some(start(*cohort))).collect()));
    frame.push(Column::whole("period", begun.iter().map(|(_, period)| i64::try_from(*period).ok()).collect()));
    frame.push(Column::whole("size", begun.iter().map(|(cohort, _)| whole(grid.0[*cohort][0])).collect()));
    frame.push(Column::whole("count", begun.iter().map(|(cohort, period)| whole(grid.0[*cohort][*period])).collect()));
    let rate = |(cohort, period): &(usize, usize)| {
        let size = grid.0[*cohort][0];
        (size > 0).then(|| grid.0[*cohort][*period] as f64 / size as f64)
    };
    frame.push(Column::number("rate", begun.iter().map(rate).collect()).with_unit("percentunit"));
    frame.push(Column::whole(
        "complete",
        begun.iter().map(|(cohort, period)| Some(i64::from(end(cohort + period) <= now_ms))).collect(),
    ));
    frame
}

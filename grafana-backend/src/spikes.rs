//! Spikes as annotations: times in which far more events came than usual. Rules:
//! docs/queries/events.md.

use clickhouse::Row;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::{Column, Frame},
    funnel::tally::quantile,
    query::{
        Query, Range,
        filter::{EventFilter, OneOf},
        interval::{Buckets, Unit},
        sql::Sql,
    },
};

/// Fewer buckets do not say what is usual.
const BUCKETS_MIN: usize = 8;
const LEAST_DEFAULT: u32 = 10;
/// Above the usual by so many times the usual deviation, and so many times the usual.
const DEVIATIONS: f64 = 6.0;
const TIMES: f64 = 2.0;

/// A question for spikes.
#[derive(Debug, Clone, PartialEq)]
pub struct Spikes {
    /// Which events.
    pub filter: EventFilter,
    /// The bucket.
    pub unit: Unit,
    /// A spike has so many events at least.
    pub least: u32,
}

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Raw {
    event: OneOf,
    path: OneOf,
    event_filter: Value,
    interval: String,
    least: Option<u32>,
}

impl Raw {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn resolve(self, range: Range) -> Result<Spikes, QueryError> {
        let least = self.least.unwrap_or(LEAST_DEFAULT);
        if least == 0 {
            return Err(QueryError::invalid("least", "0 events are no spike: at least 1"));
        }
        let interval = if self.interval.is_empty() { "hour" } else { &self.interval };
        Ok(Spikes {
            filter: EventFilter::read(self.event, self.path, &self.event_filter, "eventFilter")?,
            unit: Unit::parse(interval, range)?,
            least,
        })
    }
}

#[derive(Row, Deserialize)]
struct Count {
    bucket_ms: i64,
    count: u64,
}

/// A bucket with far more events than usual.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spike {
    from_ms: i64,
    to_ms: i64,
    count: i64,
    usual: f64,
}

/// Runs the query and makes its frame.
///
/// # Errors
/// See [`QueryError`].
pub async fn run(clickhouse: &ClickHouse, query: &Query, spikes: &Spikes) -> Result<Frame, QueryError> {
    let buckets = Buckets::cut(query.range, spikes.unit, query.zone)?;
    let sql = statement(query, spikes, &buckets);
    let text = sql.as_text().to_owned();
    let counted: Vec<Count> = clickhouse.rows(sql).await?;
    let mut counts = vec![0_i64; buckets.starts_ms.len()];
    for row in counted {
        if let Some(count) = buckets.find(row.bucket_ms).and_then(|at| counts.get_mut(at)) {
            *count = row.count.cast_signed();
        }
    }
    Ok(frame(&spikes.filter, &find(&buckets, &counts, query.now_ms, spikes.least)).with_executed(text))
}

/// The statement that counts.
///
/// # Errors
/// If the range has too many buckets.
pub fn plan(query: &Query, spikes: &Spikes) -> Result<Sql, QueryError> {
    Ok(statement(query, spikes, &Buckets::cut(query.range, spikes.unit, query.zone)?))
}

fn statement(query: &Query, spikes: &Spikes, buckets: &Buckets) -> Sql {
    let mut sql = Sql::new("SELECT ");
    buckets.write(&mut sql, "toUnixTimestamp64Milli(ts)");
    sql.text(" AS bucket_ms, count() AS count FROM analytics.events FINAL WHERE ");
    let from_ms = buckets.starts_ms.first().copied().unwrap_or(query.range.from_ms);
    query.scope(&mut sql, from_ms, buckets.end_ms);
    sql.text(" AND ").sub(|sql| spikes.filter.write(sql)).text(" GROUP BY bucket_ms");
    sql
}

/// Of the buckets that are over, those above twice the median and above the median by six times the
/// median deviation from it.
#[expect(clippy::cast_precision_loss, reason = "counts within a range fit an f64 exactly")]
fn find(buckets: &Buckets, counts: &[i64], now_ms: i64, least: u32) -> Vec<Spike> {
    let over: Vec<(i64, i64, i64)> = buckets
        .bounds()
        .zip(counts)
        .map(|((from_ms, to_ms), count)| (from_ms, to_ms, *count))
        .filter(|(_, to_ms, _)| *to_ms <= now_ms)
        .collect();
    if over.len() < BUCKETS_MIN {
        return Vec::new();
    }
    let mut sorted: Vec<i64> = over.iter().map(|(_, _, count)| *count).collect();
    let usual = quantile(&mut sorted, 0.5).unwrap_or_default();
    let mut deviations: Vec<f64> = over.iter().map(|(_, _, count)| (*count as f64 - usual).abs()).collect();
    deviations.sort_by(f64::total_cmp);
    let middle = deviations.len() / 2;
    let deviation = if deviations.len().is_multiple_of(2) {
        f64::midpoint(deviations[middle - 1], deviations[middle])
    } else {
        deviations[middle]
    };
    let is_spike = |count: i64| {
        let high = count as f64;
        count >= i64::from(least) && high > TIMES * usual && high > usual + DEVIATIONS * deviation
    };
    let spikes = over.into_iter().filter(|(_, _, count)| is_spike(*count));
    spikes.map(|(from_ms, to_ms, count)| Spike { from_ms, to_ms, count, usual }).collect()
}

/// Grafana reads the columns time, timeEnd, title, text and tags; the numbers are for tables.
fn frame(filter: &EventFilter, spikes: &[Spike]) -> Frame {
    let mut frame = Frame::new("annotations");
    let text = |of: &dyn Fn(&Spike) -> String| spikes.iter().map(|spike| Some(of(spike))).collect();
    frame.push(Column::time("time", spikes.iter().map(|spike| Some(spike.from_ms)).collect()));
    frame.push(Column::time("timeEnd", spikes.iter().map(|spike| Some(spike.to_ms)).collect()));
    frame.push(Column::text("title", text(&|_| format!("Spike: {filter}"))));
    frame.push(Column::text("text", text(&|spike| format!("{} events, usually {}", spike.count, spike.usual))));
    frame.push(Column::text("tags", text(&|_| "spike".to_owned())));
    frame.push(Column::whole("count", spikes.iter().map(|spike| Some(spike.count)).collect()));
    frame.push(Column::number("usual", spikes.iter().map(|spike| Some(spike.usual)).collect()));
    frame
}

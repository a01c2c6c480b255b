//! Who is there now: visitors of the last five minutes and events a second, in slots of five
//! seconds; and the pages that they are on. Rules: docs/queries/live.md.

use clickhouse::Row;
use serde::Deserialize;

use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::{Column, Frame},
    query::{Query, sql::Sql},
};

/// One row of the stream.
pub const SLOT_MS: i64 = 5_000;
/// A visitor is there for so long after an event.
const THERE_MS: i64 = 300_000;
/// What is shown at once, before the stream goes on.
const SHOWN_MS: i64 = 600_000;
const PAGES_MAX: i64 = 50;
/// What Grafana allows in the name of a channel.
const CHANNEL_BYTES_MAX: usize = 100;

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Live {
    /// Visitors and events a second, streamed.
    Numbers,
    /// The pages with the most visitors.
    Pages,
}

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Raw {
    result: String,
}

impl Raw {
    /// Checks it.
    ///
    /// # Errors
    /// Names the field and the values that it can have.
    pub fn resolve(self) -> Result<Live, QueryError> {
        match self.result.as_str() {
            "" | "numbers" => Ok(Live::Numbers),
            "pages" => Ok(Live::Pages),
            other => Err(QueryError::invalid("result", format!("{other:?} is not known: numbers or pages"))),
        }
    }
}

#[derive(Row, Deserialize)]
struct Slot {
    at_ms: i64,
    visitors: u64,
    events: u64,
}

#[derive(Row, Deserialize)]
struct Page {
    path: String,
    visitors: u64,
    views: u64,
}

/// Runs the query and makes its frame; numbers name the channel on which they go on.
///
/// # Errors
/// See [`QueryError`].
pub async fn run(clickhouse: &ClickHouse, query: &Query, live: Live, uid: &str) -> Result<Frame, QueryError> {
    if live == Live::Pages {
        let sql = pages(query);
        let text = sql.as_text().to_owned();
        return Ok(page_frame(&clickhouse.rows::<Page>(sql).await?).with_executed(text));
    }
    let end_ms = slot(query.now_ms);
    let sql = numbers(query, end_ms - SHOWN_MS, end_ms);
    let text = sql.as_text().to_owned();
    let frame = frame(&clickhouse.rows::<Slot>(sql).await?).with_executed(text);
    Ok(match channel(&query.project).filter(|_| query.filter.is_empty() && !uid.is_empty()) {
        Some(path) => frame.with_meta("channel", format!("ds/{uid}/{path}")),
        None => frame,
    })
}

/// The last whole slot alone, for the stream.
///
/// # Errors
/// See [`QueryError`].
pub async fn latest(clickhouse: &ClickHouse, query: &Query) -> Result<Frame, QueryError> {
    let end_ms = slot(query.now_ms);
    Ok(frame(&clickhouse.rows::<Slot>(numbers(query, end_ms - SLOT_MS, end_ms)).await?))
}

/// The statement of what is shown at once.
#[must_use]
pub fn plan(query: &Query, live: Live) -> Sql {
    let end_ms = slot(query.now_ms);
    match live {
        Live::Numbers => numbers(query, end_ms - SHOWN_MS, end_ms),
        Live::Pages => pages(query),
    }
}

/// The channel's path of a project; `None` if its name cannot be part of one.
#[must_use]
pub fn channel(project: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '=' | '.');
    (project.len() <= CHANNEL_BYTES_MAX && project.chars().all(fits)).then(|| format!("live/{project}"))
}

/// The project of a channel's path.
#[must_use]
pub fn project_of(path: &str) -> Option<&str> {
    path.strip_prefix("live/").filter(|project| !project.is_empty() && channel(project).is_some())
}

/// The beginning of the slot that an instant lies in.
fn slot(ms: i64) -> i64 {
    ms.div_euclid(SLOT_MS) * SLOT_MS
}

/// A row a slot; each counts the visitors of the five minutes that end with it.
fn numbers(query: &Query, from_ms: i64, to_ms: i64) -> Sql {
    let first_ms = from_ms - THERE_MS + SLOT_MS;
    let slots: Vec<i64> = (0..(to_ms - first_ms) / SLOT_MS).map(|at| first_ms + at * SLOT_MS).collect();
    let mut sql = Sql::new(
        "SELECT at_ms, visitors, events FROM (SELECT at_ms, uniqExactMerge(there) OVER (ORDER BY at_ms ROWS BETWEEN ",
    );
    sql.text("59 PRECEDING AND CURRENT ROW) AS visitors, events FROM (SELECT at_ms, uniqExactStateIf(visitor, is_event) AS there, countIf(is_event) AS events FROM (");
    sql.text("SELECT roundDown(toUnixTimestamp64Milli(ts), ")
        .ints(&slots)
        .text(") AS at_ms, visitor, true AS is_event FROM analytics.events FINAL WHERE ");
    query.scope(&mut sql, first_ms, to_ms);
    // Slots without an event are there as well.
    sql.text(" UNION ALL SELECT arrayJoin(")
        .ints(&slots)
        .text(") AS at_ms, toUInt64(0) AS visitor, false AS is_event) GROUP BY at_ms)) WHERE at_ms >= ");
    sql.int(from_ms).text(" ORDER BY at_ms");
    sql
}

fn pages(query: &Query) -> Sql {
    let mut sql = Sql::new(
        "SELECT toString(path) AS path, uniqExact(visitor) AS visitors, count() AS views FROM analytics.events FINAL WHERE ",
    );
    query.scope(&mut sql, query.now_ms - THERE_MS, query.now_ms);
    sql.text(" AND path != '' GROUP BY path ORDER BY visitors DESC, path LIMIT ").int(PAGES_MAX);
    sql
}

#[expect(clippy::cast_precision_loss, reason = "events of five seconds")]
fn frame(slots: &[Slot]) -> Frame {
    let mut frame = Frame::new("live");
    // A slot's numbers are known at its end.
    frame.push(Column::time("time", slots.iter().map(|slot| Some(slot.at_ms + SLOT_MS)).collect()));
    frame.push(Column::whole("visitors", slots.iter().map(|slot| i64::try_from(slot.visitors).ok()).collect()));
    let rate = |slot: &Slot| Some(slot.events as f64 * 1000.0 / SLOT_MS as f64);
    frame.push(Column::number("events_per_s", slots.iter().map(rate).collect()).with_unit("eps"));
    frame
}

fn page_frame(pages: &[Page]) -> Frame {
    let mut frame = Frame::new("pages");
    frame.push(Column::text("path", pages.iter().map(|page| Some(page.path.clone())).collect()));
    frame.push(Column::whole("visitors", pages.iter().map(|page| i64::try_from(page.visitors).ok()).collect()));
    frame.push(Column::whole("events", pages.iter().map(|page| i64::try_from(page.views).ok()).collect()));
    frame
}

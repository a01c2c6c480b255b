//! Single events: what one visitor, user or session did, the newest events, or events as
//! annotations. Rules: docs/queries/events.md.

use clickhouse::Row;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::{Column, Frame},
    query::{
        Query,
        filter::{EventFilter, OneOf},
        sql::Sql,
    },
};

const ROWS_MAX: u32 = 10_000;
const ROWS_DEFAULT: u32 = 200;

/// A question for single events.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// Which.
    pub filter: EventFilter,
    /// Of this visitor, if any.
    pub visitor: Option<u64>,
    /// Of this user, if any.
    pub user_id: String,
    /// Of this session, if any.
    pub session_id: String,
    /// Rows at most, the newest.
    pub limit: u32,
    /// In the shape of annotations.
    pub annotations: bool,
}

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Raw {
    event: OneOf,
    path: OneOf,
    event_filter: Value,
    visitor: String,
    user_id: String,
    session_id: String,
    limit: Option<u32>,
}

impl Raw {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn resolve(self, annotations: bool) -> Result<Timeline, QueryError> {
        let limit = self.limit.unwrap_or(ROWS_DEFAULT);
        if !(1..=ROWS_MAX).contains(&limit) {
            return Err(QueryError::invalid("limit", format!("{limit} is not from 1 to {ROWS_MAX}")));
        }
        let number = |text: &str| {
            text.parse().map_err(|_| QueryError::invalid("visitor", format!("{text:?} is no visitor's number")))
        };
        Ok(Timeline {
            filter: EventFilter::read(self.event, self.path, &self.event_filter, "eventFilter")?,
            visitor: (!self.visitor.is_empty()).then(|| number(&self.visitor)).transpose()?,
            user_id: self.user_id,
            session_id: self.session_id,
            limit,
            annotations,
        })
    }
}

#[derive(Row, Deserialize)]
struct Line {
    at_ms: i64,
    event: String,
    path: String,
    title: String,
    visitor: String,
    user_id: String,
    session_id: String,
    referrer_source: String,
    country: String,
    browser: String,
    properties: String,
}

/// Runs the query and makes its frame.
///
/// # Errors
/// See [`QueryError`].
pub async fn run(clickhouse: &ClickHouse, query: &Query, timeline: &Timeline) -> Result<Frame, QueryError> {
    let sql = statement(query, timeline);
    let text = sql.as_text().to_owned();
    let lines: Vec<Line> = clickhouse.rows(sql).await?;
    let frame = if timeline.annotations { annotations(&lines) } else { table(&lines) };
    Ok(frame.with_executed(text))
}

/// The whole statement.
#[must_use]
pub fn statement(query: &Query, timeline: &Timeline) -> Sql {
    let mut sql = Sql::new(
        "SELECT toUnixTimestamp64Milli(ts) AS at_ms, toString(event) AS event, toString(path) AS path, toString(title) AS title, \
         toString(visitor) AS visitor, user_id, session_id, toString(referrer_source) AS referrer_source, \
         toString(country) AS country, toString(browser) AS browser, toJSONString(properties) AS properties \
         FROM analytics.events AS e FINAL WHERE ",
    );
    query.scope(&mut sql, query.range.from_ms, query.range.to_ms);
    sql.text(" AND ").sub(|sql| timeline.filter.write(sql));
    if let Some(visitor) = timeline.visitor {
        sql.text(" AND e.visitor IN ").uints(&[visitor]);
    }
    if !timeline.user_id.is_empty() {
        sql.text(" AND user_id = ").string(&timeline.user_id);
    }
    if !timeline.session_id.is_empty() {
        sql.text(" AND session_id = ").string(&timeline.session_id);
    }
    sql.text(" ORDER BY ts DESC, event_order DESC LIMIT ").int(timeline.limit.into());
    sql
}

fn table(lines: &[Line]) -> Frame {
    let mut frame = Frame::new("events");
    frame.push(Column::time("time", lines.iter().map(|line| Some(line.at_ms)).collect()));
    type Pick = fn(&Line) -> &String;
    let columns: [(&str, Pick); 10] = [
        ("event", |line| &line.event),
        ("path", |line| &line.path),
        ("title", |line| &line.title),
        ("visitor", |line| &line.visitor),
        ("user_id", |line| &line.user_id),
        ("session_id", |line| &line.session_id),
        ("referrer_source", |line| &line.referrer_source),
        ("country", |line| &line.country),
        ("browser", |line| &line.browser),
        ("properties", |line| &line.properties),
    ];
    for (name, pick) in columns {
        frame.push(Column::text(name, lines.iter().map(|line| Some(pick(line).clone())).collect()));
    }
    frame
}

/// Grafana reads the columns time, title, text and tags.
fn annotations(lines: &[Line]) -> Frame {
    let mut frame = Frame::new("annotations");
    frame.push(Column::time("time", lines.iter().map(|line| Some(line.at_ms)).collect()));
    frame.push(Column::text("title", lines.iter().map(|line| Some(line.event.clone())).collect()));
    let text = |line: &Line| match line.properties.as_str() {
        "{}" => line.path.clone(),
        properties => format!("{} {properties}", line.path),
    };
    frame.push(Column::text("text", lines.iter().map(|line| Some(text(line))).collect()));
    frame.push(Column::text("tags", lines.iter().map(|line| Some(line.event.clone())).collect()));
    frame
}

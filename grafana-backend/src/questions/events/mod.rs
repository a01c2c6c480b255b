//! Single events: what one visitor, user or session did, the newest events, or events as
//! annotations. Rules: docs/queries/events.md.

mod frames;
mod model;
mod statement;

use async_trait::async_trait;

use super::{plan::Plan, question::Question};
use crate::{clickhouse::ClickHouse, error::QueryError, frame::Frame, people, scope::Scope, settings::Settings};
use model::{EventsJson, Selection};
use statement::{Line, statement};

/// Events as a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Events(Selection);

/// Events as annotations.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotations(Selection);

#[async_trait]
impl Question for Events {
    type Json = EventsJson;

    fn read(json: EventsJson, _: &Scope, _: &Settings) -> Result<Self, QueryError> {
        json.check().map(Self)
    }

    async fn plan(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Plan, QueryError> {
        let visitors = visitors(clickhouse, scope, &self.0).await?;
        Plan::of(clickhouse, statement(scope, &self.0, &visitors)).await
    }

    async fn run(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Frame>, QueryError> {
        answer(clickhouse, scope, &self.0, frames::table).await
    }
}

#[async_trait]
impl Question for Annotations {
    type Json = EventsJson;

    fn read(json: EventsJson, _: &Scope, _: &Settings) -> Result<Self, QueryError> {
        json.check().map(Self)
    }

    async fn plan(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Plan, QueryError> {
        let visitors = visitors(clickhouse, scope, &self.0).await?;
        Plan::of(clickhouse, statement(scope, &self.0, &visitors)).await
    }

    async fn run(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Frame>, QueryError> {
        answer(clickhouse, scope, &self.0, frames::annotations).await
    }
}

/// The visitors whose events are shown, if one is asked for: all that are the same person.
async fn visitors(clickhouse: &ClickHouse, scope: &Scope, selection: &Selection) -> Result<Vec<u64>, QueryError> {
    match selection.visitor {
        Some(visitor) => people::visitors_like(clickhouse, scope, visitor).await,
        None => Ok(Vec::new()),
    }
}

async fn answer(
    clickhouse: &ClickHouse,
    scope: &Scope,
    selection: &Selection,
    frame: fn(&[Line]) -> Frame,
) -> Result<Vec<Frame>, QueryError> {
    let sql = statement(scope, selection, &visitors(clickhouse, scope, selection).await?);
    let text = sql.as_text().to_owned();
    let lines: Vec<Line> = clickhouse.rows(sql).await?;
    Ok(vec![frame(&lines).with_executed(text)])
}

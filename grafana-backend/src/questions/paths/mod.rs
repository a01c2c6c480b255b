//! Paths: from page to page (or event to event), onward from a place or back from one.
//! Rules: docs/queries/paths.md.

mod fold;
mod frames;
mod graph;
mod model;
mod shown;
mod statement;

use std::sync::Arc;

use async_trait::async_trait;

use super::{plan::Plan, question::Question};
use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::Frame,
    gathering::{self, Pass, Wide},
    names,
    people::People,
    scope::Scope,
    settings::Settings,
};
use fold::Ways;
pub use model::Paths;
use model::PathsJson;
use shown::Shown;
use statement::statement;

#[async_trait]
impl Question for Paths {
    type Json = PathsJson;

    fn read(json: PathsJson, _: &Scope, _: &Settings) -> Result<Self, QueryError> {
        json.check()
    }

    async fn plan(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Plan, QueryError> {
        Plan::of(clickhouse, statement(scope, self, Pass::WHOLE)).await
    }

    /// One frame; as a graph, two.
    async fn run(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Frame>, QueryError> {
        let earlier = scope.compared(self.compare);
        let people = Arc::new(People::of(clickhouse, scope, self.by).await?);
        let now = self.ways(clickhouse, scope, &people).await?;
        let before = match &earlier {
            Some(scope) => Some(self.ways(clickhouse, scope, &people).await?),
            None => None,
        };
        let shown = Shown::most_used(now, before, self.limit as usize);
        let ranges: Vec<_> = [scope].into_iter().chain(&earlier).map(|scope| (scope, scope.range.to_ms)).collect();
        let names = names::of_ranges(clickhouse, &ranges, &self.node, &shown.hashes()).await?;
        let ways = shown.named(&names);
        let text = statement(scope, self, Pass::WHOLE).as_text().to_owned();
        Ok(match self.graph {
            true => graph::frames(&ways, self.direction, &text),
            false => vec![frames::frame(&ways, self.direction).with_executed(text)],
        })
    }
}

impl Paths {
    async fn ways(&self, clickhouse: &ClickHouse, scope: &Scope, people: &Arc<People>) -> Result<Ways, QueryError> {
        let (rules, inactivity_ms) = (self.clone(), scope.facts.reading.inactivity_ms);
        let each = move |ways: &mut Ways, events: &[Wide]| ways.add(events, &rules, inactivity_ms);
        gathering::fold(clickhouse, people, |pass| statement(scope, self, pass), Ways::default, each).await
    }
}

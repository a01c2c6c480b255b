//! Attribution: which sessions conversions are credited to, by several models side by side. Rules:
//! docs/queries/attribution.md.

mod fold;
mod frames;
mod model;
mod moment;
mod shares;
mod shown;
mod statement;

use std::sync::Arc;

use async_trait::async_trait;

use super::{plan::Plan, question::Question};
use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::Frame,
    gathering::{self, Pass},
    names,
    people::People,
    scope::Scope,
    settings::Settings,
};
use fold::Credits;
pub use model::Attribution;
use model::AttributionJson;
use moment::Moment;
use shown::Shown;
use statement::statement;

#[async_trait]
impl Question for Attribution {
    type Json = AttributionJson;

    fn read(json: AttributionJson, _: &Scope, _: &Settings) -> Result<Self, QueryError> {
        json.check()
    }

    async fn plan(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Plan, QueryError> {
        Plan::of(clickhouse, statement(scope, self, Pass::WHOLE)).await
    }

    /// Credits of both ranges → the values that are shown, with their names → one frame.
    async fn run(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Frame>, QueryError> {
        let earlier = scope.compared(self.compare);
        let people = Arc::new(People::of(clickhouse, scope, self.by).await?);
        let now = self.credits(clickhouse, scope, &people).await?;
        let before = match &earlier {
            Some(scope) => Some(self.credits(clickhouse, scope, &people).await?),
            None => None,
        };
        let shown = Shown::most_touched(now, before, self.limit as usize);
        let touched = [scope].into_iter().chain(&earlier).map(|scope| scope.over(self.touches_of(scope.range)));
        let touched: Vec<Scope> = touched.collect();
        let ranges: Vec<_> = touched.iter().map(|scope| (scope, scope.range.to_ms)).collect();
        let names = names::of_ranges(clickhouse, &ranges, &self.dimension, &shown.hashes()).await?;
        let text = statement(scope, self, Pass::WHOLE).as_text().to_owned();
        Ok(vec![frames::frame(self, &shown.named(&names)).with_executed(text)])
    }
}

impl Attribution {
    async fn credits(
        &self,
        clickhouse: &ClickHouse,
        scope: &Scope,
        people: &Arc<People>,
    ) -> Result<Credits, QueryError> {
        let rules = self.clone();
        let each = move |credits: &mut Credits, moments: &[Moment]| credits.add(moments, &rules);
        let models = self.models.len();
        gathering::fold(clickhouse, people, |pass| statement(scope, self, pass), move || Credits::new(models), each)
            .await
    }
}

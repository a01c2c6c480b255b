//! Retention: of those who did one thing in a period, how many did another in the periods
//! after. Rules: docs/queries/retention.md.

mod fold;
mod frames;
mod model;
mod statement;

use std::sync::Arc;

use async_trait::async_trait;

use super::{plan::Plan, question::Question};
use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::Frame,
    gathering::{self, Packed, Pass},
    people::People,
    scope::Scope,
    settings::Settings,
    time::buckets::Buckets,
};
use fold::{Grid, Rule};
pub use model::Retention;
use model::RetentionJson;
use statement::statement;

/// Periods of one result.
const PERIODS_MAX: usize = 400;

#[async_trait]
impl Question for Retention {
    type Json = RetentionJson;

    fn read(json: RetentionJson, _: &Scope, _: &Settings) -> Result<Self, QueryError> {
        json.check()
    }

    async fn plan(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Plan, QueryError> {
        let buckets = self.buckets(scope)?;
        Plan::of(clickhouse, statement(scope, self, &buckets, Pass::WHOLE)).await
    }

    async fn run(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Frame>, QueryError> {
        let buckets = self.buckets(scope)?;
        let earlier = scope.compared(self.compare);
        // What is refused, is refused before ClickHouse is asked.
        let earlier_buckets = earlier.as_ref().map(|scope| self.buckets(scope)).transpose()?;
        let people = Arc::new(People::of(clickhouse, scope, self.by).await?);
        let now = self.grid(clickhouse, scope, &people, &buckets).await?;
        let before = match earlier.as_ref().zip(earlier_buckets.as_ref()) {
            Some((scope, buckets)) => Some(self.grid(clickhouse, scope, &people, buckets).await?),
            None => None,
        };
        let text = statement(scope, self, &buckets, Pass::WHOLE).as_text().to_owned();
        Ok(vec![frames::frame(self, &now, before.as_ref(), &buckets, scope.now_ms).with_executed(text)])
    }
}

impl Retention {
    async fn grid(
        &self,
        clickhouse: &ClickHouse,
        scope: &Scope,
        people: &Arc<People>,
        buckets: &Buckets,
    ) -> Result<Grid, QueryError> {
        let periods = buckets.starts_ms.len();
        let statement = |pass| statement(scope, self, buckets, pass);
        let rule = Rule {
            buckets: buckets.clone(),
            first_time: self.first_time,
            unbounded: self.unbounded,
            returns_min: self.returns_min as usize,
        };
        let each = move |grid: &mut Grid, rows: &[Packed]| grid.add(rows, &rule);
        gathering::fold(clickhouse, people, statement, move || Grid::new(periods), each).await
    }

    fn buckets(&self, scope: &Scope) -> Result<Buckets, QueryError> {
        let buckets = Buckets::cut(scope.range, self.unit, scope.zone)?;
        let periods = buckets.starts_ms.len();
        if periods > PERIODS_MAX {
            let message = format!("the range has {periods} of these, at most {PERIODS_MAX} can be shown");
            return Err(QueryError::invalid("interval", message));
        }
        Ok(buckets)
    }
}

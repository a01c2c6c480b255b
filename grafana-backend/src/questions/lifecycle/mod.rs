//! Lifecycle: new, returning, resurrecting and dormant visitors. Rules: docs/queries/lifecycle.md.

mod fold;
mod frames;

use async_trait::async_trait;

use super::{plan::Plan, question::Question};
use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::Frame,
    gathering::{self, Packed, Pass},
    people::People,
    presence::{Periods, Presence, PresenceJson},
    scope::Scope,
    settings::Settings,
};
use fold::Counts;

/// A question about who comes back.
#[derive(Debug, Clone, PartialEq)]
pub struct Lifecycle(Presence);

#[async_trait]
impl Question for Lifecycle {
    type Json = PresenceJson;

    fn read(json: PresenceJson, scope: &Scope, _: &Settings) -> Result<Self, QueryError> {
        json.check(scope.range).map(Self)
    }

    async fn plan(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Plan, QueryError> {
        Plan::of(clickhouse, self.0.statement_with_before(scope, &self.0.periods(scope)?, Pass::WHOLE)).await
    }

    async fn run(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Frame>, QueryError> {
        let periods = self.0.periods(scope)?;
        let earlier = scope.compared(self.0.compare);
        // What is refused, is refused before ClickHouse is asked.
        let earlier_periods = earlier.as_ref().map(|scope| self.0.periods(scope)).transpose()?;
        let now = self.counts(clickhouse, scope, &periods).await?;
        let before = match earlier.as_ref().zip(earlier_periods.as_ref()) {
            Some((scope, periods)) => Some(self.counts(clickhouse, scope, periods).await?),
            None => None,
        };
        let text = self.0.statement_with_before(scope, &periods, Pass::WHOLE).as_text().to_owned();
        Ok(vec![frames::frame(&now, before.as_ref(), &periods, scope.now_ms).with_executed(text)])
    }
}

impl Lifecycle {
    async fn counts(&self, clickhouse: &ClickHouse, scope: &Scope, periods: &Periods) -> Result<Counts, QueryError> {
        let statement = |pass| self.0.statement_with_before(scope, periods, pass);
        let make = {
            let count = periods.count();
            move || Counts::new(count)
        };
        let each = {
            let periods = periods.clone();
            move |counts: &mut Counts, rows: &[Packed]| counts.add(rows, &periods)
        };
        let people = People::of(clickhouse, scope, self.0.by).await?;
        gathering::fold(clickhouse, people, statement, make, each).await
    }
}

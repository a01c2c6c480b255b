//! Lifecycle: new, returning, resurrecting and dormant visitors. Rules: docs/queries/lifecycle.md.

mod fold;
mod frames;

use async_trait::async_trait;

use super::{plan::Plan, question::Question};
use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::Frame,
    gathering::Pass,
    presence::{Counted, Presence, PresenceJson},
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
        let counted = self.0.count::<Counts>(clickhouse, scope, Presence::statement_with_before).await?;
        let Counted { periods, now, before, executed } = counted;
        Ok(vec![frames::frame(&now, before.as_ref(), &periods, scope.now_ms).with_executed(executed)])
    }
}

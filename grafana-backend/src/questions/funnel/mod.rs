//! Funnels: how many actors take the steps. ClickHouse gives the events that match a step
//! ([`crate::gathering`]), `fold` finds each actor's chain, `tally` counts. Every result, from
//! the counts to the list of actors behind a bar, comes out of the same chains, so that
//! they cannot disagree. Rules: docs/queries/funnel.md.

mod fold;
mod fold_plan;
mod frames;
mod group;
mod json;
mod model;
mod named;
mod statement;
mod tally;

use async_trait::async_trait;

use super::{plan::Plan, question::Question};
use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    events::actor::Actor,
    frame::Frame,
    gathering::{self, Packed, Pass, Valued, Wide},
    people::People,
    scope::Scope,
    settings::Settings,
};
use fold_plan::FoldPlan;
use json::FunnelJson;
pub use model::Funnel;
use model::Shown;
use statement::{WireShape, statement};
use tally::Tally;

const SESSION_NOTICE: &str = "Events without a session id are not part of a funnel by session.";

#[async_trait]
impl Question for Funnel {
    type Json = FunnelJson;

    fn read(json: FunnelJson, scope: &Scope, _: &Settings) -> Result<Self, QueryError> {
        json.check(scope.range)
    }

    async fn plan(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Plan, QueryError> {
        // A range with too many buckets is refused here as well.
        FoldPlan::of(scope, self)?;
        Plan::of(clickhouse, statement(scope, self, Pass::WHOLE)).await
    }

    /// Chains → counts → names → one frame.
    async fn run(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Frame>, QueryError> {
        let plan = FoldPlan::of(scope, self)?;
        let tally = self.tally(clickhouse, scope, &plan).await?;
        let frame = match &self.shown {
            Shown::Steps => frames::steps(self, &plan, &named::of(clickhouse, scope, self, tally.groups).await?),
            Shown::Trend(_) => {
                let named = named::of(clickhouse, scope, self, tally.groups).await?;
                frames::trend(self, &plan, &named, scope.now_ms)
            }
            Shown::Histogram => frames::histogram(tally.groups),
            Shown::Actors(_) => {
                let actors = tally.into_actors();
                let ids = named::actor_ids(clickhouse, scope, self, &actors).await?;
                frames::actors(self, &actors, &ids)
            }
        };
        let frame = frame.with_executed(statement(scope, self, Pass::WHOLE).as_text().to_owned());
        Ok(vec![match self.by {
            Actor::Session => frame.with_notice(SESSION_NOTICE),
            Actor::Visitor | Actor::User => frame,
        }])
    }
}

impl Funnel {
    /// The events, in the shape that costs least, and what they count to.
    async fn tally(&self, clickhouse: &ClickHouse, scope: &Scope, plan: &FoldPlan) -> Result<Tally, QueryError> {
        let statement = |pass| statement(scope, self, pass);
        let make = {
            let plan = plan.clone();
            move || Tally::new(&plan)
        };
        let plan = plan.clone();
        let people = People::of(clickhouse, scope, self.by).await?;
        match WireShape::of(self) {
            WireShape::Packed => {
                let each = move |tally: &mut Tally, events: &[Packed]| tally.add_packed(&plan, events);
                gathering::fold(clickhouse, people, statement, make, each).await
            }
            WireShape::Valued => {
                let each = move |tally: &mut Tally, events: &[Valued]| tally.add_valued(&plan, events);
                gathering::fold(clickhouse, people, statement, make, each).await
            }
            WireShape::Wide => {
                let each = move |tally: &mut Tally, events: &[Wide]| tally.add_wide(&plan, events);
                gathering::fold(clickhouse, people, statement, make, each).await
            }
        }
    }
}

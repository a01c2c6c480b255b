//! Funnels: how many actors take the steps. ClickHouse gives the events that match a step
//! ([`crate::gathering`]), `fold` finds each actor's best chain, `chains` those that count, `tally` counts
//! them. Every result, from the counts to the list of actors behind a bar, comes out of the same chains, so
//! that they cannot disagree. Rules: docs/queries/funnel.md.

mod chains;
mod fold;
mod fold_plan;
mod frames;
mod group;
mod json;
mod json_parts;
mod model;
mod named;
mod statement;
mod tally;

use std::sync::Arc;

use async_trait::async_trait;

use super::{plan::Plan, question::Question};
use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    events::actor::Actor,
    frame::Frame,
    gathering::{self, Packed, Pass, Valued, Wide},
    people::{People, Persons},
    scope::Scope,
    settings::Settings,
};
use fold_plan::FoldPlan;
use json::FunnelJson;
pub use model::Funnel;
use model::Shown;
use named::{NamedGroup, Ranges};
use statement::{Count, WireShape, statement};
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

    /// Chains of both ranges → counts → names → one frame.
    async fn run(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Frame>, QueryError> {
        // What is refused, is refused before ClickHouse is asked.
        let plan = FoldPlan::of(scope, self)?;
        let earlier = scope.compared(self.compare);
        let earlier = earlier.map(|scope| FoldPlan::of(&scope, self).map(|plan| (scope, plan))).transpose()?;
        let people = Arc::new(People::of(clickhouse, scope, self.by).await?);
        let now = self.tally(clickhouse, scope, &people, &plan).await?;
        let before = match &earlier {
            None => None,
            Some((scope, plan)) => Some((scope, self.tally(clickhouse, scope, &people, plan).await?.groups)),
        };
        let named = |now: Tally| self.named(clickhouse, scope, Ranges { now: now.groups, before: before.clone() });
        let frame = match &self.shown {
            Shown::Steps => {
                let never_entered = self.never_entered(clickhouse, scope, &now).await?;
                frames::steps(self, &plan, &named(now).await?, never_entered)
            }
            Shown::Trend(..) => {
                let earlier_buckets = earlier.as_ref().and_then(|(_, plan)| plan.buckets.as_ref());
                frames::trend(self, &plan, &named(now).await?, earlier_buckets, scope)
            }
            Shown::Histogram(_) => frames::histogram(now.groups, before.map(|(_, groups)| groups)),
            Shown::Actors(_) => {
                let actors = now.into_actors();
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
    async fn tally(
        &self,
        clickhouse: &ClickHouse,
        scope: &Scope,
        people: &Arc<People>,
        plan: &FoldPlan,
    ) -> Result<Tally, QueryError> {
        let statement = |pass| statement(scope, self, pass);
        let make = {
            let plan = plan.clone();
            move || Tally::new(&plan)
        };
        let plan = plan.clone();
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

    async fn named(
        &self,
        clickhouse: &ClickHouse,
        scope: &Scope,
        ranges: Ranges<'_>,
    ) -> Result<Vec<NamedGroup>, QueryError> {
        named::of(clickhouse, scope, self, ranges).await
    }

    /// Actors with an event in the range, but without a chain, if that is asked for.
    async fn never_entered(
        &self,
        clickhouse: &ClickHouse,
        scope: &Scope,
        tally: &Tally,
    ) -> Result<Option<u64>, QueryError> {
        if !self.never_entered {
            return Ok(None);
        }
        let persons = match self.by {
            Actor::Visitor => Persons::of(scope),
            _ => Persons::AreVisitors,
        };
        let counts: Vec<Count> = clickhouse.rows(statement::active_actors(scope, self, persons)).await?;
        let active: u64 = counts.iter().map(|count| count.actors).sum();
        Ok(Some(active.saturating_sub(tally.entered)))
    }
}

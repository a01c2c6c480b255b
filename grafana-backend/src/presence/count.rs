//! Actors counted by the periods in which they were there, in the range and in the one that it is compared with.

use std::sync::Arc;

use super::{Periods, Presence};
use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    gathering::{self, Packed, Pass, Sum},
    people::People,
    scope::Scope,
    sql::Sql,
};

/// What is counted of actors.
pub trait Count: Sum + 'static {
    /// Nobody; of these periods the first is not shown.
    fn new(periods: usize) -> Self;

    /// Adds one actor.
    fn add(&mut self, rows: &[Packed], periods: &Periods);
}

/// How the rows of actors are asked for: one of [`Presence`]'s.
pub type Statement = fn(&Presence, &Scope, &Periods, Pass) -> Sql;

/// What was counted.
pub struct Counted<C> {
    /// The periods of the range.
    pub periods: Periods,
    /// In the range.
    pub now: C,
    /// In the one that it is compared with.
    pub before: Option<C>,
    /// What was asked, for *Query inspector*.
    pub executed: String,
}

impl Presence {
    /// Counts the actors of both ranges.
    ///
    /// # Errors
    /// If a range has too many periods; as [`gathering::fold`].
    pub async fn count<C: Count>(
        &self,
        clickhouse: &ClickHouse,
        scope: &Scope,
        statement: Statement,
    ) -> Result<Counted<C>, QueryError> {
        let periods = self.periods(scope)?;
        // What is refused, is refused before ClickHouse is asked.
        let earlier = scope.compared(self.compare);
        let earlier = earlier.map(|scope| self.periods(&scope).map(|periods| (scope, periods))).transpose()?;
        let people = Arc::new(People::of(clickhouse, scope, self.by).await?);
        let fold = async |scope: &Scope, periods: &Periods| -> Result<C, QueryError> {
            let (count, of_each) = (periods.count(), periods.clone());
            let statement = |pass| statement(self, scope, periods, pass);
            let each = move |counted: &mut C, rows: &[Packed]| counted.add(rows, &of_each);
            gathering::fold(clickhouse, &people, statement, move || C::new(count), each).await
        };
        let now = fold(scope, &periods).await?;
        let before = match &earlier {
            Some((scope, periods)) => Some(fold(scope, periods).await?),
            None => None,
        };
        let executed = statement(self, scope, &periods, Pass::WHOLE).as_text().to_owned();
        Ok(Counted { periods, now, before, executed })
    }
}

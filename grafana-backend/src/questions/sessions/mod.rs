//! Sessions: from events to one row a session, then to totals, buckets, a breakdown or a list.
//!
//! Rules, in full in docs/queries/sessions.md:
//! * A session is what the client says it is (`session_id`); events without one form a
//!   session per visitor, ended by 30 minutes without an event.
//! * A session belongs to the range and the bucket in which its first event lies. The day
//!   (UTC) before the range and the one after it are read, so that no session is cut.
//! * A dimension's value is that of the session's first event.
//! * A bounce is a session of a single event. A replayed event counts once.
//!
//! Both ways to compute them give the same rows: `rollup` reads `analytics.sessions`,
//! `raw` the events themselves, for what the rollup does not hold.

mod days;
mod frames;
mod list;
mod measure;
mod model;
mod raw;
mod rollup;
mod statement;

use async_trait::async_trait;

use super::{plan::Plan, question::Question};
use crate::{
    clickhouse::ClickHouse, error::QueryError, frame::Frame, partial, people::Persons, scope::Scope, settings::Settings,
};
use measure::Measure;
pub use model::Sessions;
use model::{SessionsJson, Shown};
use statement::{Counts, buckets, counts};

#[async_trait]
impl Question for Sessions {
    type Json = SessionsJson;

    fn read(json: SessionsJson, scope: &Scope, settings: &Settings) -> Result<Self, QueryError> {
        json.check(scope.range, &settings.page_view_events)
    }

    async fn plan(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Plan, QueryError> {
        let sql = match self.shown {
            Shown::List { limit } => list::statement(scope, limit, &self.page_view_events),
            _ => counts(scope, self, self.persons(scope), None)?.sql,
        };
        Plan::of(clickhouse, sql).await
    }

    async fn run(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Frame>, QueryError> {
        let frame = match self.shown {
            Shown::List { limit } => list::run(clickhouse, scope, limit, &self.page_view_events).await?,
            _ => self.run_counts(clickhouse, scope).await?,
        };
        Ok(vec![frame])
    }
}

impl Sessions {
    /// How persons are told apart, if they are counted.
    fn persons(&self, scope: &Scope) -> Persons {
        match self.measures.contains(&Measure::Visitors) {
            true => Persons::of(scope),
            false => Persons::AreVisitors,
        }
    }

    /// The range, then the earlier one → one frame.
    async fn run_counts(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Frame, QueryError> {
        // What is refused, is refused before ClickHouse is asked.
        buckets(scope, self)?;
        let persons = self.persons(scope);
        let asked = counts(scope, self, persons, None)?;
        let earlier = scope.compared(self.compare);
        let earlier_buckets = earlier.as_ref().map(|scope| buckets(scope, self)).transpose()?.flatten();
        let text = asked.sql.as_text().to_owned();
        let now: Vec<Counts> = clickhouse.rows(asked.sql).await?;
        let before = match earlier {
            None => None,
            Some(scope) => {
                // The values that are shown, whatever their rank was.
                let labels: Vec<String> = now.iter().map(|row| row.label.clone()).collect();
                Some(clickhouse.rows::<Counts>(counts(&scope, self, persons, Some(&labels))?.sql).await?)
            }
        };
        let frame = match asked.buckets {
            Some(buckets) => {
                let earlier_buckets = earlier_buckets.as_ref().unwrap_or(&buckets);
                let before = before.map(|rows| frames::in_buckets(rows, earlier_buckets));
                let frame = frames::over_time(self, &buckets, &frames::in_buckets(now, &buckets), before.as_deref());
                partial::marked(frame, &buckets, scope)
            }
            None => frames::by_label(self, &now, before.as_deref()),
        };
        Ok(frame.with_executed(text))
    }
}

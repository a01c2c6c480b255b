//! Trends: counts, distinct actors and sums over time, split by a value, of one series of
//! events or of several in a formula, beside the period before. Rules: docs/queries/trend.md.

mod formula;
mod frames;
mod measure;
mod model;
mod statement;
mod table;

use async_trait::async_trait;

use super::{plan::Plan, question::Question};
use crate::{
    clickhouse::ClickHouse, error::QueryError, frame::Frame, partial, people::Persons, scope::Scope,
    settings::Settings, time::buckets::Buckets,
};
pub use model::Trend;
use model::TrendJson;
use table::{Cell, Table};

#[async_trait]
impl Question for Trend {
    type Json = TrendJson;

    fn read(json: TrendJson, scope: &Scope, _: &Settings) -> Result<Self, QueryError> {
        json.check(scope.range)
    }

    /// Which values are the most frequent is asked before.
    async fn plan(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Plan, QueryError> {
        let buckets = self.read_buckets(scope, &self.buckets(scope)?)?;
        let persons = self.persons(scope);
        Plan::of(clickhouse, statement::counts(scope, self, persons, &buckets, &[])).await
    }

    /// Which values by themselves → the range → the earlier range → one frame.
    async fn run(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Frame>, QueryError> {
        // What is refused, is refused before ClickHouse is asked.
        let buckets = self.buckets(scope)?;
        let earlier = scope.compared(self.compare);
        let earlier_buckets = earlier.as_ref().map(|scope| self.buckets(scope)).transpose()?;
        let read = self.read_buckets(scope, &buckets)?;
        let labels = self.labels(clickhouse, scope, earlier.as_ref()).await?;
        let persons = self.persons(scope);
        let sql = statement::counts(scope, self, persons, &read, &labels);
        let text = sql.as_text().to_owned();
        let now = Table::new(clickhouse.rows::<Cell>(sql).await?, self, &buckets, &labels);
        let before = match earlier.zip(earlier_buckets) {
            None => None,
            Some((scope, buckets)) => {
                let read = self.read_buckets(&scope, &buckets)?;
                let sql = statement::counts(&scope, self, persons, &read, &labels);
                Some(Table::new(clickhouse.rows::<Cell>(sql).await?, self, &buckets, &labels))
            }
        };
        let frame = frames::frame(self, &buckets, &now, before.as_ref(), &labels).with_executed(text);
        Ok(vec![if self.unit.is_some() { partial::marked(frame, &buckets, scope) } else { frame }])
    }
}

impl Trend {
    /// The values that are shown by themselves: the most frequent of the range and, where there are
    /// fewer than may be shown, those of the range that it is compared with.
    async fn labels(
        &self,
        clickhouse: &ClickHouse,
        scope: &Scope,
        earlier: Option<&Scope>,
    ) -> Result<Vec<String>, QueryError> {
        let Some(breakdown) = &self.breakdown else { return Ok(vec![String::new()]) };
        let mut labels: Vec<String> = Vec::new();
        for scope in [Some(scope), earlier].into_iter().flatten() {
            let free = i64::from(breakdown.limit) - i64::try_from(labels.len()).unwrap_or(i64::MAX);
            if free > 0 {
                let known = statement::Known { labels: &labels, free };
                let sql = statement::top(scope, self, &breakdown.dimension, known);
                labels.extend(clickhouse.rows::<table::Label>(sql).await?.into_iter().map(|row| row.label));
            }
        }
        Ok(labels)
    }

    /// Those that are shown, and those before them that the first ones trail.
    fn read_buckets(&self, scope: &Scope, shown: &Buckets) -> Result<Buckets, QueryError> {
        match self.unit {
            Some(unit) => shown.preceded(self.trailing - 1, unit, scope.zone),
            None => Ok(shown.clone()),
        }
    }

    /// How persons are told apart, if they are counted.
    fn persons(&self, scope: &Scope) -> Persons {
        let are_counted = |series: &model::Series| series.measure.counts_persons();
        match self.series.iter().any(are_counted) {
            true => Persons::of(scope),
            false => Persons::AreVisitors,
        }
    }

    fn buckets(&self, scope: &Scope) -> Result<Buckets, QueryError> {
        match self.unit {
            Some(unit) => Buckets::cut(scope.range, unit, scope.zone),
            None => Ok(Buckets { starts_ms: vec![scope.range.from_ms], end_ms: scope.range.to_ms }),
        }
    }
}

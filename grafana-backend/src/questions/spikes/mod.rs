//! Spikes as annotations: times in which far more events came than usual. Rules:
//! docs/queries/events.md.

mod frames;
mod model;
mod rule;
mod statement;

use async_trait::async_trait;

use super::{plan::Plan, question::Question};
use crate::{
    clickhouse::ClickHouse, error::QueryError, frame::Frame, scope::Scope, settings::Settings, time::buckets::Buckets,
};
pub use model::Spikes;
use model::SpikesJson;
use rule::Bucket;
use statement::{Count, statement};

#[async_trait]
impl Question for Spikes {
    type Json = SpikesJson;

    fn read(json: SpikesJson, scope: &Scope, _: &Settings) -> Result<Self, QueryError> {
        json.check(scope.range)
    }

    async fn plan(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Plan, QueryError> {
        let buckets = Buckets::cut(scope.range, self.unit, scope.zone)?;
        Plan::of(clickhouse, statement(scope, self, &buckets)).await
    }

    async fn run(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Frame>, QueryError> {
        let buckets = Buckets::cut(scope.range, self.unit, scope.zone)?;
        let sql = statement(scope, self, &buckets);
        let text = sql.as_text().to_owned();
        let counted: Vec<Count> = clickhouse.rows(sql).await?;
        let mut over: Vec<Bucket> =
            buckets.bounds().map(|(from_ms, to_ms)| Bucket { from_ms, to_ms, count: 0 }).collect();
        for row in counted {
            if let Some(bucket) = buckets.find(row.bucket_ms).and_then(|at| over.get_mut(at)) {
                bucket.count = row.count.cast_signed();
            }
        }
        over.retain(|bucket| bucket.to_ms <= scope.now_ms);
        Ok(vec![frames::frame(&self.filter, &rule::find(&over, self.min_count)).with_executed(text)])
    }
}

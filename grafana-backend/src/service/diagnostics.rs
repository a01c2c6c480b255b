//! `CheckHealth`, behind "Save & test", and `CollectMetrics`.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use tonic::{Request, Response, Status};

use super::Service;
use crate::{
    error::QueryError,
    protocol::{
        CheckHealthRequest, CheckHealthResponse, CollectMetricsRequest, CollectMetricsResponse,
        check_health_response::HealthStatus, collect_metrics_response::Payload, diagnostics_server::Diagnostics,
    },
    sql::Sql,
};

/// The migrations that this version's queries need.
const MIGRATION_NEEDED: u32 = 8;

/// What is known of the tables.
#[derive(Row, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
struct Health {
    version: String,
    migration: u32,
    rows: u64,
    sessions: u64,
    projects: u64,
    /// Of the newest event, in milliseconds since 1970 UTC; 0 of none.
    newest_ms: i64,
    /// Of its arrival.
    arrived_ms: i64,
}

#[tonic::async_trait]
impl Diagnostics for Service {
    async fn check_health(
        &self,
        request: Request<CheckHealthRequest>,
    ) -> Result<Response<CheckHealthResponse>, Status> {
        let (status, message, details) = match self.check(&request.into_inner()).await {
            Ok(health) => (HealthStatus::Ok, health.message(), serde_json::to_vec(&health).unwrap_or_default()),
            Err(error) => (HealthStatus::Error, error.to_string(), b"{}".to_vec()),
        };
        Ok(Response::new(CheckHealthResponse { status: status.into(), message, json_details: details }))
    }

    async fn collect_metrics(
        &self,
        _: Request<CollectMetricsRequest>,
    ) -> Result<Response<CollectMetricsResponse>, Status> {
        let payload = Payload { prometheus: self.shared.metrics.text().into_bytes() };
        Ok(Response::new(CollectMetricsResponse { metrics: Some(payload) }))
    }
}

impl Service {
    async fn check(&self, request: &CheckHealthRequest) -> Result<Health, QueryError> {
        let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let (_, clickhouse) = self.open(request.plugin_context.as_ref(), headers)?;
        let _turn = self.edit_turn().await?;
        let sql = Sql::new(
            "SELECT version() AS version, ifNull((SELECT max(version) FROM analytics.schema_migrations), 0) AS migration, \
             ifNull((SELECT count() FROM analytics.events), 0) AS rows, ifNull((SELECT count() FROM analytics.sessions), 0) AS sessions, \
             ifNull((SELECT uniqExact(project) FROM analytics.events), 0) AS projects, \
             ifNull((SELECT toUnixTimestamp64Milli(max(ts)) FROM analytics.events), 0) AS newest_ms, \
             ifNull((SELECT toUnixTimestamp64Milli(max(received_at)) FROM analytics.events WHERE ts > now() - INTERVAL 30 DAY), 0) AS arrived_ms",
        );
        let rows: Vec<Health> = clickhouse.rows(sql).await?;
        let health = rows.into_iter().next().ok_or_else(|| QueryError::ClickHouse("it gave no answer".into()))?;
        if health.migration < MIGRATION_NEEDED {
            let message = format!(
                "the tables are at migration {}, {MIGRATION_NEEDED} is needed: run `ingest-gateway migrate`",
                health.migration
            );
            return Err(QueryError::ClickHouse(message));
        }
        Ok(health)
    }
}

impl Health {
    /// Versions, migrations, rows, freshness.
    fn message(&self) -> String {
        let Self { version, migration, rows, projects, newest_ms, .. } = self;
        let newest = match chrono::DateTime::from_timestamp_millis(*newest_ms).filter(|_| *rows > 0) {
            Some(at) => format!("the newest of {}", at.format("%Y-%m-%d %H:%M:%S UTC")),
            None => "none yet: send one to the gateway".to_owned(),
        };
        format!("ClickHouse {version}, tables at migration {migration}; {rows} events of {projects} projects, {newest}")
    }
}

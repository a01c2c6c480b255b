//! `CheckHealth`, behind "Save & test", and `CollectMetrics`.

use clickhouse::Row;
use grafana_plugin_sdk::pluginv2::{
    CheckHealthRequest, CheckHealthResponse, CollectMetricsRequest, CollectMetricsResponse,
    check_health_response::HealthStatus, diagnostics_server::Diagnostics,
};
use serde::Deserialize;
use tonic::{Request, Response, Status};

use super::Service;
use crate::{clickhouse::ClickHouse, error::QueryError, query::sql::Sql, settings::Settings};

/// The migrations that this version's queries need.
const MIGRATION_NEEDED: u32 = 5;

#[derive(Row, Deserialize)]
struct Health {
    version: String,
    migration: u32,
    rows: u64,
}

#[tonic::async_trait]
impl Diagnostics for Service {
    async fn check_health(
        &self,
        request: Request<CheckHealthRequest>,
    ) -> Result<Response<CheckHealthResponse>, Status> {
        let (status, message) = match check(&request.into_inner()).await {
            Ok(message) => (HealthStatus::Ok, message),
            Err(error) => (HealthStatus::Error, error.to_string()),
        };
        Ok(Response::new(CheckHealthResponse { status: status.into(), message, json_details: b"{}".to_vec() }))
    }

    async fn collect_metrics(
        &self,
        _: Request<CollectMetricsRequest>,
    ) -> Result<Response<CollectMetricsResponse>, Status> {
        Ok(Response::new(CollectMetricsResponse::default()))
    }
}

async fn check(request: &CheckHealthRequest) -> Result<String, QueryError> {
    let settings = Settings::read(request.plugin_context.as_ref())?;
    let sql = Sql::new(
        "SELECT version() AS version, ifNull((SELECT max(version) FROM analytics.schema_migrations), 0) AS migration, \
         ifNull((SELECT count() FROM analytics.events), 0) AS rows",
    );
    let rows: Vec<Health> = ClickHouse::new(&settings).rows(sql).await?;
    let Some(Health { version, migration, rows }) = rows.into_iter().next() else {
        return Err(QueryError::ClickHouse("it gave no answer".into()));
    };
    if migration < MIGRATION_NEEDED {
        let message = format!(
            "the tables are at migration {migration}, {MIGRATION_NEEDED} is needed: run `ingest-gateway migrate`"
        );
        return Err(QueryError::ClickHouse(message));
    }
    Ok(format!("ClickHouse {version}, tables at migration {migration}, {rows} events"))
}

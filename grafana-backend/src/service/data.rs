//! `QueryData`: every refId is answered, each by itself.

use std::{collections::HashMap, time::Duration};

use futures_util::future::join_all;
use grafana_plugin_sdk::pluginv2::{DataQuery, DataResponse, QueryDataRequest, QueryDataResponse, data_server::Data};
use tonic::{Request, Response, Status};

use super::{CONCURRENT_QUERIES_MAX, Service};
use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::Frame,
    funnel::{self, model::Actor},
    lifecycle, paths,
    query::{Kind, Query, Range},
    raw_sql, retention, sessions,
    settings::Settings,
    timeline, trend,
};

/// A query waits at most so long for its turn.
const WAIT_MAX: Duration = Duration::from_secs(30);
const SESSION_NOTICE: &str = "Events without a session id are not part of a funnel by session.";

#[tonic::async_trait]
impl Data for Service {
    async fn query_data(&self, request: Request<QueryDataRequest>) -> Result<Response<QueryDataResponse>, Status> {
        let request = request.into_inner();
        let settings = Settings::read(request.plugin_context.as_ref());
        let answers = join_all(request.queries.iter().map(|query| self.answer(query, &settings))).await;
        let responses: HashMap<String, DataResponse> =
            request.queries.iter().map(|query| query.ref_id.clone()).zip(answers).collect();
        Ok(Response::new(QueryDataResponse { responses }))
    }
}

impl Service {
    async fn answer(&self, query: &DataQuery, settings: &Result<Settings, QueryError>) -> DataResponse {
        let result = match settings {
            Ok(settings) => self.run(query, settings).await,
            Err(error) => Err(error.clone()),
        };
        match result.and_then(|frame| frame.encode(&query.ref_id)) {
            Ok(frame) => DataResponse { frames: vec![frame], status: 200, ..Default::default() },
            Err(error) => DataResponse { error: error.to_string(), status: error.status(), ..Default::default() },
        }
    }

    /// Read → wait for a turn → ask → frame.
    async fn run(&self, query: &DataQuery, settings: &Settings) -> Result<Frame, QueryError> {
        let query = Query::read(&query.json, &query.query_type, range(query)?, settings)?;
        let turn = tokio::time::timeout(WAIT_MAX, self.slots.acquire()).await;
        let Ok(Ok(_turn)) = turn else { return Err(QueryError::Busy(CONCURRENT_QUERIES_MAX)) };
        let clickhouse = ClickHouse::new(settings);
        match &query.kind {
            Kind::Sessions(sessions) => sessions::run(&clickhouse, &query, sessions, settings).await,
            Kind::Trend(trend) => trend::run(&clickhouse, &query, trend).await,
            Kind::Retention(retention) => retention::run(&clickhouse, &query, retention).await,
            Kind::Lifecycle(lifecycle) => lifecycle::run(&clickhouse, &query, lifecycle).await,
            Kind::Paths(paths) => paths::run(&clickhouse, &query, paths).await,
            Kind::Events(timeline) => timeline::run(&clickhouse, &query, timeline).await,
            Kind::Sql(sql) => raw_sql::run(&clickhouse, sql).await,
            Kind::Funnel(funnel) => {
                let frame = funnel::run(&clickhouse, &query, funnel).await?;
                Ok(if funnel.by == Actor::Session { frame.with_notice(SESSION_NOTICE) } else { frame })
            }
        }
    }
}

fn range(query: &DataQuery) -> Result<Range, QueryError> {
    // Instants outside of these years are no panel's range, and would overflow further on.
    const YEARS_MS: std::ops::RangeInclusive<i64> = -2_208_988_800_000..=4_102_444_800_000;
    let range = query.time_range.as_ref().ok_or_else(|| QueryError::invalid("timeRange", "there is none"))?;
    let (from_ms, to_ms) = (range.from_epoch_ms, range.to_epoch_ms);
    if !YEARS_MS.contains(&from_ms) || !YEARS_MS.contains(&to_ms) {
        return Err(QueryError::invalid("timeRange", format!("{from_ms} … {to_ms} is not within 1900 … 2100")));
    }
    Ok(Range { from_ms, to_ms, interval_ms: query.interval_ms })
}

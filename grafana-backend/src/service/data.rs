//! `QueryData`: every refId is answered, each by itself.

use std::{collections::HashMap, time::Instant};

use futures_util::future::join_all;
use grafana_plugin_sdk::pluginv2::{
    DataQuery, DataResponse, PluginContext, QueryDataRequest, QueryDataResponse, data_server::Data,
};
use tonic::{Request, Response, Status};

use super::{
    CONCURRENT_QUERIES_MAX, Service,
    cache::{self, Answer},
    turn,
};
use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::Frame,
    funnel::{self, model::Actor},
    lifecycle, live, paths,
    query::{Kind, Query, Range},
    raw_sql, retention, sessions,
    settings::Settings,
    spikes, timeline, trend,
};

const SESSION_NOTICE: &str = "Events without a session id are not part of a funnel by session.";

#[tonic::async_trait]
impl Data for Service {
    async fn query_data(&self, request: Request<QueryDataRequest>) -> Result<Response<QueryDataResponse>, Status> {
        let request = request.into_inner();
        let settings = Settings::read(request.plugin_context.as_ref());
        let context = request.plugin_context.as_ref();
        let answers = join_all(request.queries.iter().map(|query| self.answer(query, &settings, context))).await;
        let responses: HashMap<String, DataResponse> =
            request.queries.iter().map(|query| query.ref_id.clone()).zip(answers).collect();
        Ok(Response::new(QueryDataResponse { responses }))
    }
}

impl Service {
    async fn answer(
        &self,
        query: &DataQuery,
        settings: &Result<Settings, QueryError>,
        context: Option<&PluginContext>,
    ) -> DataResponse {
        let result = match settings {
            Ok(settings) => self.counted(query, settings, context).await,
            Err(error) => Err(error.clone()),
        };
        let encoded = result.and_then(|answer| answer.iter().map(|frame| frame.encode(&query.ref_id)).collect());
        match encoded {
            Ok(frames) => DataResponse { frames, status: 200, ..Default::default() },
            Err(error) => DataResponse { error: error.to_string(), status: error.status(), ..Default::default() },
        }
    }

    /// Read → look for a kept answer → ask → count.
    async fn counted(
        &self,
        query: &DataQuery,
        settings: &Settings,
        context: Option<&PluginContext>,
    ) -> Result<Answer, QueryError> {
        let metrics = &self.shared.metrics;
        let query = Query::read(&query.json, &query.query_type, range(query)?, settings)
            .inspect_err(|error| metrics.answered("unread", error.name(), None))?;
        let name = query.kind.name();
        let started = Instant::now();
        let result = self.kept(&query, settings, context).await;
        let seconds = started.elapsed().as_secs_f64();
        match &result {
            Ok((_, true)) => metrics.answered(name, "cached", None),
            Ok((_, false)) => metrics.answered(name, "ok", Some(seconds)),
            Err(error) => metrics.answered(name, error.name(), Some(seconds)),
        }
        result.map(|(answer, _)| answer)
    }

    async fn kept(
        &self,
        query: &Query,
        settings: &Settings,
        context: Option<&PluginContext>,
    ) -> Result<(Answer, bool), QueryError> {
        let (connection, clickhouse) = self.shared.connections.of(settings)?;
        let ask = async {
            let _turn = turn(&self.shared.slots, CONCURRENT_QUERIES_MAX).await?;
            let _running = Running::of(&self.shared.metrics.running);
            run(&clickhouse, query, settings, context).await
        };
        match cache::key(connection, query, settings) {
            Some(key) => self.shared.cache.get(key, ask).await,
            None => Ok((Answer::new(ask.await?), false)),
        }
    }
}

/// One frame, for all but paths as a graph.
async fn run(
    clickhouse: &ClickHouse,
    query: &Query,
    settings: &Settings,
    context: Option<&PluginContext>,
) -> Result<Vec<Frame>, QueryError> {
    let frame = match &query.kind {
        Kind::Sessions(sessions) => sessions::run(clickhouse, query, sessions, settings).await,
        Kind::Trend(trend) => trend::run(clickhouse, query, trend).await,
        Kind::Retention(retention) => retention::run(clickhouse, query, retention).await,
        Kind::Lifecycle(lifecycle) => lifecycle::run(clickhouse, query, lifecycle).await,
        Kind::Paths(paths) => return paths::run(clickhouse, query, paths).await,
        Kind::Events(timeline) => timeline::run(clickhouse, query, timeline).await,
        Kind::Spikes(spikes) => spikes::run(clickhouse, query, spikes).await,
        Kind::Live(live) => {
            let uid =
                context.and_then(|context| context.data_source_instance_settings.as_ref()).map(|ds| ds.uid.as_str());
            live::run(clickhouse, query, *live, uid.unwrap_or_default()).await
        }
        Kind::Sql(sql) => raw_sql::run(clickhouse, sql, &settings.sql_tables).await,
        Kind::Funnel(funnel) => funnel::run(clickhouse, query, funnel).await.map(|frame| match funnel.by {
            Actor::Session => frame.with_notice(SESSION_NOTICE),
            _ => frame,
        }),
    };
    frame.map(|frame| vec![frame])
}

/// Counted while it lives.
pub struct Running<'m>(&'m prometheus_client::metrics::gauge::Gauge);

impl<'m> Running<'m> {
    /// One more.
    pub fn of(gauge: &'m prometheus_client::metrics::gauge::Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.dec();
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

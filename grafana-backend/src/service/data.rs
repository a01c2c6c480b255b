//! `QueryData`: every refId is answered, each by itself.

use std::{collections::HashMap, time::Instant};

use futures_util::future::join_all;
use serde_json::{Map, Value};
use tonic::{Request, Response, Status};

use super::{
    CONCURRENT_QUERIES_MAX, Service,
    cache::{self, Answer, Found},
    turn,
};
use crate::{
    clickhouse::connect::Connected,
    error::QueryError,
    forwarded::with_forwarded,
    frame::Frame,
    protocol::{DataQuery, DataResponse, PluginContext, QueryDataRequest, QueryDataResponse, data_server::Data},
    questions::registry::{self, Query},
    scope::Asked,
    settings::Settings,
    time::range::Range,
};

#[tonic::async_trait]
impl Data for Service {
    async fn query_data(&self, request: Request<QueryDataRequest>) -> Result<Response<QueryDataResponse>, Status> {
        let request = request.into_inner();
        let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let settings = Settings::read(request.plugin_context.as_ref());
        let settings = settings.map(|settings| with_forwarded(settings, headers));
        let uid = uid(request.plugin_context.as_ref());
        // Grafana's alerting says so.
        let is_alert = request.headers.get("FromAlert").is_some_and(|value| value == "true");
        let answers = join_all(request.queries.iter().map(|query| self.answer(query, &settings, uid, is_alert))).await;
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
        uid: &str,
        is_alert: bool,
    ) -> DataResponse {
        let result = match settings {
            Ok(settings) => self.answer_measured(query, settings, uid).await,
            Err(error) => Err(error.clone()),
        };
        let encode = |frame: &Frame| match is_alert {
            true => frame.for_alerting()?.encode(&query.ref_id),
            false => frame.encode(&query.ref_id),
        };
        let encoded = result.and_then(|answer| answer.iter().map(encode).collect());
        match encoded {
            Ok(frames) => DataResponse { frames, status: 200, ..Default::default() },
            Err(error) => DataResponse { error: error.to_string(), status: error.status(), ..Default::default() },
        }
    }

    /// Read → look into the cache → ask → count.
    async fn answer_measured(&self, query: &DataQuery, settings: &Settings, uid: &str) -> Result<Answer, QueryError> {
        let metrics = &self.shared.metrics;
        let query = read(query, settings, uid).inspect_err(|error| metrics.answered("unread", error.name(), None))?;
        let started = Instant::now();
        let result = self.answer_cached(&query, settings).await;
        let seconds = started.elapsed().as_secs_f64();
        match &result {
            Ok(Found::Cached(_)) => metrics.answered(query.kind, "cached", None),
            Ok(Found::Asked(_)) => metrics.answered(query.kind, "ok", Some(seconds)),
            Err(error) => metrics.answered(query.kind, error.name(), Some(seconds)),
        }
        result.map(Found::into_answer)
    }

    async fn answer_cached(&self, query: &Query, settings: &Settings) -> Result<Found, QueryError> {
        let Connected { number, clickhouse } = self.shared.connections.of(settings)?;
        let ask = async {
            let _turn = turn(&self.shared.slots, CONCURRENT_QUERIES_MAX).await?;
            let _running = Running::of(&self.shared.metrics.running);
            query.run(&clickhouse).await
        };
        match cache::key(number, query, settings) {
            Some(key) => self.shared.cache.get(key, ask).await,
            None => Ok(Found::Asked(Answer::new(ask.await?))),
        }
    }
}

fn read(query: &DataQuery, settings: &Settings, uid: &str) -> Result<Query, QueryError> {
    let json: Map<String, Value> =
        serde_json::from_slice(&query.json).map_err(|e| QueryError::invalid("query", e.to_string()))?;
    let now_ms = chrono::Utc::now().timestamp_millis();
    let asked = Asked { range: range(query)?, now_ms, uid, default_project: &settings.default_project };
    registry::read(&json, &query.query_type, asked, settings)
}

/// The datasource's.
fn uid(context: Option<&PluginContext>) -> &str {
    let instance = context.and_then(|context| context.data_source_instance_settings.as_ref());
    instance.map(|instance| instance.uid.as_str()).unwrap_or_default()
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
    let range = query.time_range.as_ref().ok_or_else(|| QueryError::invalid("timeRange", "there is none"))?;
    Ok(Range { from_ms: range.from_epoch_ms, to_ms: range.to_epoch_ms, interval_ms: query.interval_ms })
}

//! Grafana Live: one stream a project, whoever looks at it.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use tonic::{Request, Response, Status};

use super::{STREAMS_MAX, Service, data::Running};
use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    events::behaviour::PersonFilter,
    facts::Facts,
    protocol::{
        PublishStreamRequest, PublishStreamResponse, RunStreamRequest, StreamPacket, SubscribeStreamRequest,
        SubscribeStreamResponse, publish_stream_response, stream_server, subscribe_stream_response,
    },
    questions::live::{SLOT_MS, channel::project_of, latest},
    scope::Scope,
    time::range::Range,
};

/// Events of a slot have so long to arrive.
const GRACE_MS: i64 = 500;

#[tonic::async_trait]
impl stream_server::Stream for Service {
    type RunStreamStream = Pin<Box<dyn Stream<Item = Result<StreamPacket, Status>> + Send>>;

    async fn subscribe_stream(
        &self,
        request: Request<SubscribeStreamRequest>,
    ) -> Result<Response<SubscribeStreamResponse>, Status> {
        let request = request.into_inner();
        let status = match (project_of(&request.path), self.open(request.plugin_context.as_ref(), std::iter::empty())) {
            (Some(_), Ok(_)) => subscribe_stream_response::Status::Ok,
            _ => subscribe_stream_response::Status::NotFound,
        };
        Ok(Response::new(SubscribeStreamResponse { status: status.into(), data: Vec::new() }))
    }

    /// Nobody may write into these channels.
    async fn publish_stream(
        &self,
        _: Request<PublishStreamRequest>,
    ) -> Result<Response<PublishStreamResponse>, Status> {
        let status = publish_stream_response::Status::PermissionDenied;
        Ok(Response::new(PublishStreamResponse { status: status.into(), data: Vec::new() }))
    }

    async fn run_stream(&self, request: Request<RunStreamRequest>) -> Result<Response<Self::RunStreamStream>, Status> {
        let request = request.into_inner();
        let project = project_of(&request.path).ok_or_else(|| Status::not_found("live/<project> is streamed"))?;
        // A stream is shared by all viewers, so it is asked for with the settings' own user.
        let (_, clickhouse) = self
            .open(request.plugin_context.as_ref(), std::iter::empty())
            .map_err(|e| Status::invalid_argument(e.to_string()))?;
        let (service, project) = (self.clone(), project.to_owned());
        let slot = Arc::clone(&self.shared.stream_slots).try_acquire_owned();
        let slot = slot.map_err(|_| Status::resource_exhausted(QueryError::Busy(STREAMS_MAX).to_string()))?;
        let packets = stream::unfold(slot, move |slot| {
            let (service, clickhouse, project) = (service.clone(), clickhouse.clone(), project.clone());
            async move {
                let _streams = Running::of(&service.shared.metrics.streams);
                Some((next(&clickhouse, &project).await, slot))
            }
        });
        Ok(Response::new(Box::pin(packets)))
    }
}

/// Waits for the end of a slot and gives its numbers. An error is logged once a slot, and the
/// stream goes on: ClickHouse may come back.
async fn next(clickhouse: &ClickHouse, project: &str) -> Result<StreamPacket, Status> {
    loop {
        let now_ms = chrono::Utc::now().timestamp_millis();
        let wait_ms = SLOT_MS - (now_ms - GRACE_MS).rem_euclid(SLOT_MS);
        tokio::time::sleep(Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0))).await;
        let numbers = async { latest(clickhouse, &scope(project).with_facts(clickhouse).await?).await };
        match numbers.await {
            Ok(frame) => return Ok(StreamPacket { data: frame.to_json().into_bytes() }),
            Err(error @ QueryError::Invalid { .. }) => return Err(Status::invalid_argument(error.to_string())),
            Err(error) => tracing::warn!(%error, project, "no live numbers for this slot"),
        }
    }
}

fn scope(project: &str) -> Scope {
    let now_ms = chrono::Utc::now().timestamp_millis() - GRACE_MS;
    Scope {
        project: project.to_owned(),
        range: Range { from_ms: now_ms - SLOT_MS, to_ms: now_ms, interval_ms: SLOT_MS },
        zone: chrono_tz::Tz::UTC,
        filter: PersonFilter::default(),
        now_ms,
        uid: String::new(),
        facts: Facts::default(),
    }
}

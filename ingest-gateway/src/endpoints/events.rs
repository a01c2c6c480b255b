//! `POST /v1/events` and the article's `POST /`: the native wire.

use std::{collections::HashSet, net::SocketAddr, sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{ConnectInfo, State},
    http::{HeaderMap, Uri},
    response::{IntoResponse, Response},
};
use vector_components::{Arrival, Event, Privacy, validate};

use super::{Shared, client};
use crate::{
    body,
    decode::{self, Batch},
    outcome::{Answer, Outcome, RequestError},
};

/// Takes a request's events and answers when they are durable.
pub async fn take(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let started = Instant::now();
    let deadline = started + shared.limits.request_time_max;
    let result = match tokio::time::timeout_at(deadline.into(), read(&shared, &uri, &headers, body)).await {
        Ok(Ok((project, batch))) => {
            let arrival = client::arrival(&shared, project, &batch, peer.ip(), &headers);
            // What was read is finished in a task of its own: a client that goes away
            // does not leave the ledger with events that are neither stored nor failed.
            let shared = Arc::clone(&shared);
            let finish = tokio::spawn(async move { judge_and_store(&shared, batch, &arrival, deadline).await });
            finish.await.unwrap_or_else(|_| Err(RequestError::Sink("an internal error".into())))
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(RequestError::BodyBroken(format!(
            "it did not arrive in {} s",
            shared.limits.request_time_max.as_secs()
        ))),
    };
    shared.metrics.request_seconds.observe(started.elapsed().as_secs_f64());
    result.map_or_else(
        |error| {
            shared.metrics.refused(error.reason());
            error.into_response()
        },
        IntoResponse::into_response,
    )
}

/// Which project → the body → its events.
async fn read(shared: &Shared, uri: &Uri, headers: &HeaderMap, body: Body) -> Result<(String, Batch), RequestError> {
    let project = client::project(shared, headers, uri.query().unwrap_or_default())?;
    let body = body::read(body, headers, &shared.limits).await?;
    let batch = decode::decode(&body, shared.limits.batch_events_max)?;
    Ok((project, batch))
}

/// Validate → store → one outcome per event.
async fn judge_and_store(
    shared: &Shared,
    batch: Batch,
    arrival: &Arrival,
    deadline: Instant,
) -> Result<Answer, RequestError> {
    let metrics = &shared.metrics;
    let count = u32::try_from(batch.events.len()).unwrap_or(u32::MAX);
    let Ok(_pending) = shared.pending.try_acquire_many(count) else {
        return Err(RequestError::Busy(shared.limits.pending_events_max));
    };
    metrics.received.inc_by(u64::from(count));
    metrics.pending.inc_by(i64::from(count));
    let (events, outcomes) = judge(batch, arrival, &shared.privacy);
    let accepted = events.len() as u64;
    let stored = if events.is_empty() {
        Ok(())
    } else {
        let store = tokio::time::timeout_at(deadline.into(), shared.sink.store(events));
        store.await.unwrap_or_else(|_| Err(format!("no answer in {} s", shared.limits.request_time_max.as_secs())))
    };
    for outcome in &outcomes {
        match outcome {
            Outcome::Dropped(rejection) => metrics.dropped(rejection.reason),
            Outcome::Duplicate { .. } => drop(metrics.duplicate.inc()),
            Outcome::Accepted { .. } => {}
        }
    }
    metrics.pending.dec_by(i64::from(count));
    match stored {
        Ok(()) => {
            metrics.stored.inc_by(accepted);
            Ok(Answer::new(outcomes))
        }
        Err(why) => {
            metrics.failed.inc_by(accepted);
            Err(RequestError::Sink(why))
        }
    }
}

/// The valid events, and an outcome for each one received, in order.
fn judge(batch: Batch, arrival: &Arrival, privacy: &Privacy) -> (Vec<Event<'static>>, Vec<Outcome>) {
    let mut seen = HashSet::with_capacity(batch.events.len());
    let mut events = Vec::with_capacity(batch.events.len());
    let mut outcomes = Vec::with_capacity(batch.events.len());
    for raw in batch.events {
        outcomes.push(match validate(raw, arrival) {
            Err(rejection) => Outcome::Dropped(rejection),
            Ok(event) if !seen.insert(event.event_id) => Outcome::Duplicate { event_id: event.event_id },
            Ok(mut event) => {
                let event_id = event.event_id;
                privacy.apply(&mut event);
                events.push(event);
                Outcome::Accepted { event_id }
            }
        });
    }
    (events, outcomes)
}

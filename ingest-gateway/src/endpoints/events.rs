//! `POST /v1/events` and the article's `POST /`: the native wire.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use axum::{
    body::Body,
    extract::{ConnectInfo, State},
    http::{HeaderMap, Uri},
    response::{IntoResponse, Response},
};

use super::{Shared, client};
use crate::{
    body::{self, Text},
    decode::Batch,
    outcome::RequestError,
    sink::NotDurable,
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
        Ok(Ok((project, text))) => {
            // What was read is finished in a task of its own: a client that goes away
            // does not leave the ledger with events that are neither stored nor failed.
            let shared = Arc::clone(&shared);
            let finish = tokio::spawn(async move {
                let arrival = |batch: &Batch<'_>| client::arrival(&shared, project, batch, peer.ip(), &headers);
                shared.ingest.take(text, arrival, deadline).await
            });
            finish.await.unwrap_or(Err(RequestError::NotDurable(NotDurable::Internal)))
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

/// Which project → is there room → the body.
async fn read(shared: &Shared, uri: &Uri, headers: &HeaderMap, body: Body) -> Result<(String, Text), RequestError> {
    let project = client::project(shared, headers, uri.query().unwrap_or_default())?;
    shared.ingest.check_room()?;
    let text = body::read(body, headers, &shared.limits, shared.ingest.in_flight()).await?;
    Ok((project, text))
}

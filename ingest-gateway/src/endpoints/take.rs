//! One request with events, in whichever format: project → room → body → events → outcomes → answer.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use axum::{body::Body, http::request::Parts, response::Response};

use super::{Shared, finish::Finish};
use crate::{
    body::{self, Text},
    outcome::{Answer, RequestError},
    sender::Named,
    wire::{Head, ProjectNamed, WireFormat},
};

/// Takes a request's events and answers when they are durable.
pub(super) async fn take(
    shared: Arc<Shared>,
    format: &'static dyn WireFormat,
    peer: SocketAddr,
    head: Parts,
    body: Body,
) -> Response {
    let started = Instant::now();
    let deadline = started + shared.limits.request_time_max;
    let result = match tokio::time::timeout_at(deadline.into(), read(&shared, format, &head, body)).await {
        Ok(Ok(read)) => {
            // A client that goes away does not leave the ledger with events that are neither stored nor failed.
            let work = store(Arc::clone(&shared), format, peer, head, read, deadline);
            Finish::new(work, shared.tasks.clone()).await
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(RequestError::BodyBroken(format!(
            "it did not arrive in {} s",
            shared.limits.request_time_max.as_secs()
        ))),
    };
    shared.metrics.request_seconds.observe(started.elapsed().as_secs_f64());
    if let Err(error) = &result {
        shared.metrics.refused(error.reason());
    }
    format.answer(result)
}

/// A request whose body was read, with its project if the head names it.
struct Read {
    named: Option<Named>,
    body: Text,
}

/// Which project → is there room → the body.
async fn read(shared: &Shared, format: &dyn WireFormat, head: &Parts, body: Body) -> Result<Read, RequestError> {
    let named = match format.project(&view(head)) {
        ProjectNamed::InHead(claims) => Some(shared.senders.project(claims)?),
        ProjectNamed::InBody => None,
    };
    shared.ingest.check_room()?;
    let body = body::read(body, &head.headers, &shared.limits, shared.ingest.in_flight()).await?;
    Ok(Read { named, body })
}

/// The events of the body → room for them → who sent them → durable.
async fn store(
    shared: Arc<Shared>,
    format: &dyn WireFormat,
    peer: SocketAddr,
    head: Parts,
    Read { named, body: Text { text, mut held } }: Read,
    deadline: Instant,
) -> Result<Answer, RequestError> {
    shared.ingest.check_room()?;
    let translated_bytes_max = if format.translates() { text.len() } else { 0 };
    held.grow(translated_bytes_max)?;
    let mut batch = format.decode(&view(&head), &text, shared.limits.batch_events_max)?;
    held.shrink(translated_bytes_max);
    held.grow(batch.translated_bytes())?;
    let named = match named {
        Some(named) => named,
        None => shared.senders.project(std::mem::take(&mut batch.project))?,
    };
    if !named.by_key {
        batch.said.clear();
    }
    let admitted = shared.ingest.admit(batch.events.len(), held)?;
    let arrival = shared.senders.arrival(named.project, &batch, peer.ip(), &head.headers);
    shared.ingest.take(&batch, &arrival, admitted, deadline).await
}

fn view(head: &Parts) -> Head<'_> {
    Head { method: &head.method, uri: &head.uri, headers: &head.headers }
}

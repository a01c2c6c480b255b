//! One request with events, in whichever format: project → room → body → events → outcomes → answer.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use axum::{body::Body, http::request::Parts, response::Response};

use super::Shared;
use crate::{
    body::{self, Text},
    outcome::{Answer, RequestError},
    projects::{Registry, Sender},
    sender::{self, Named},
    sink::NotDurable,
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
    let ip = shared.senders.ip(peer.ip(), &head.headers);
    let result = match tokio::time::timeout_at(deadline.into(), read(&shared, format, ip, &head, body)).await {
        Ok(Ok(read)) => {
            // What was read is finished in a task of its own: a client that goes away
            // does not leave the ledger with events that are neither stored nor failed.
            let task = store(Arc::clone(&shared), format, ip, head, read, deadline);
            let stored = shared.tasks.spawn(task).await;
            stored.unwrap_or(Err(RequestError::NotDurable(NotDurable::Internal)))
        }
        Ok(Err(error)) => Err(error),
        Err(_) => Err(body::too_slow(&shared.limits)),
    };
    shared.metrics.request_seconds.observe(started.elapsed().as_secs_f64());
    if let Err(error) = &result {
        shared.metrics.refused(error.reason());
        if matches!(error, RequestError::NoRoom(_)) {
            // For the next one, and this one when it comes again.
            shared.ingest.in_flight().make_room();
        }
    }
    format.answer(result)
}

/// A request whose body was read, with the projects as they were when it began, and its own if the head names it.
struct Read {
    projects: Arc<Registry>,
    named: Option<Named>,
    body: Text,
}

/// Which project, and does it take another event → is there room → the body.
async fn read(
    shared: &Shared,
    format: &dyn WireFormat,
    ip: IpAddr,
    head: &Parts,
    body: Body,
) -> Result<Read, RequestError> {
    let projects = shared.senders.projects.now();
    let named = match format.project(&view(head)) {
        ProjectNamed::InHead(claims) => {
            let named = shared.senders.named(&projects, claims)?;
            let (origin, by_secret) = (sender::origin(&head.headers), named.by_secret);
            named.project.admit(&Sender { ip, origin, by_secret, now_ms: sender::now_ms() }, 1)?;
            Some(named)
        }
        ProjectNamed::InBody => None,
    };
    shared.ingest.check_room()?;
    let body = body::read(body, &head.headers, &shared.limits, shared.ingest.in_flight()).await?;
    Ok(Read { projects, named, body })
}

/// The events of the body → room for them → who sent them → durable.
async fn store(
    shared: Arc<Shared>,
    format: &dyn WireFormat,
    ip: IpAddr,
    head: Parts,
    Read { projects, named, body: Text { text, mut held } }: Read,
    deadline: Instant,
) -> Result<Answer, RequestError> {
    shared.ingest.check_room()?;
    let translated_bytes_max = if format.translates() { text.len() } else { 0 };
    held.grow(translated_bytes_max)?;
    let mut batch = format.decode(&view(&head), &text, shared.limits.batch_events_max)?;
    held.shrink(translated_bytes_max);
    held.grow(batch.translated_bytes())?;
    let sending = shared.senders.sending(&projects, named, &mut batch, ip, &head.headers)?;
    let admitted = shared.ingest.admit(batch.events.len(), held)?;
    shared.ingest.take(&batch, &sending, admitted, deadline).await
}

fn view(head: &Parts) -> Head<'_> {
    Head { method: &head.method, uri: &head.uri, headers: &head.headers }
}

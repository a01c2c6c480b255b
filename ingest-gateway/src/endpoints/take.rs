//! One request with events, in whichever format: project → room → body → events → outcomes → answer.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use axum::{body::Body, http::request::Parts, response::Response};

use super::{Shared, head};
use crate::{
    body::{self, Text},
    outcome::{Answer, RequestError},
    sender::Named,
    sink::NotDurable,
    wire::{AnswerForm, Asked, Head, ProjectNamed, WireFormat},
};

/// A format, and the path of it that was asked, whatever it was renamed to.
#[derive(Clone, Copy)]
pub(super) struct Route {
    pub format: &'static dyn WireFormat,
    pub known: &'static str,
}

impl Route {
    fn view(self, head: &Parts, received_at_ms: i64) -> Head<'_> {
        let Parts { method, uri, headers, .. } = head;
        Head { method, uri, headers, path: self.known, received_at_ms }
    }
}

/// Takes a request's events and answers when they are durable.
pub(super) async fn take(shared: Arc<Shared>, route: Route, peer: SocketAddr, head: Parts, body: Body) -> Response {
    let started = Instant::now();
    let received_at_ms = chrono::Utc::now().timestamp_millis();
    let deadline = started + shared.limits.request_time_max;
    let head = Arc::new(head);
    let view = route.view(&head, received_at_ms);
    let result = match tokio::time::timeout_at(deadline.into(), read(&shared, route.format, &view, body)).await {
        Ok(Ok(read)) => {
            // What was read is finished in a task of its own: a client that goes away
            // does not leave the ledger with events that are neither stored nor failed.
            let (storing, head) = (Arc::clone(&shared), Arc::clone(&head));
            let task = async move {
                let view = route.view(&head, received_at_ms);
                store(&storing, route.format, peer, &view, read, deadline).await
            };
            let stored = shared.tasks.spawn(task).await;
            stored.unwrap_or(Err(RequestError::NotDurable(NotDurable::Internal)))
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
    let (form, result) = match result {
        Ok((form, answer)) => (form, Ok(answer)),
        Err(error) => (AnswerForm::default(), Err(error)),
    };
    route.format.answer(&Asked { head: view, form }, result)
}

/// A request whose body was read, with its project if the head names it.
struct Read {
    named: Option<Named>,
    body: Text,
}

/// Which project → is there room → the body.
async fn read(shared: &Shared, format: &dyn WireFormat, head: &Head<'_>, body: Body) -> Result<Read, RequestError> {
    head::check(head.uri, head.headers)?;
    let named = match format.project(head) {
        ProjectNamed::InHead(claims) => Some(shared.senders.project(claims)?),
        ProjectNamed::InBody => None,
    };
    shared.ingest.check_room()?;
    let body = body::read(body, head.headers, &shared.limits, shared.ingest.in_flight()).await?;
    Ok(Read { named, body })
}

/// The events of the body → room for them → who sent them → durable.
async fn store(
    shared: &Shared,
    format: &dyn WireFormat,
    peer: SocketAddr,
    head: &Head<'_>,
    Read { named, body: Text { text, mut held } }: Read,
    deadline: Instant,
) -> Result<(AnswerForm, Answer), RequestError> {
    shared.ingest.check_room()?;
    let translated_bytes_max = if format.translates() { text.len() } else { 0 };
    held.grow(translated_bytes_max)?;
    let mut batch = format.decode(head, &text, shared.limits.batch_events_max)?;
    held.shrink(translated_bytes_max);
    held.grow(batch.translated_bytes())?;
    let named = match named {
        Some(named) => named,
        None => shared.senders.project(std::mem::take(&mut batch.project))?,
    };
    if !named.by_key {
        batch.said.clear();
    }
    let mut arrival = shared.senders.arrival(named.project, &batch, peer.ip(), head.headers);
    if batch.is_anonymous {
        arrival.ip = None;
    }
    let answer = match format.stores() {
        true => {
            let admitted = shared.ingest.admit(batch.events.len(), held)?;
            shared.ingest.take(&batch, &arrival, admitted, deadline).await?
        }
        false => shared.ingest.rehearse(&batch, &arrival),
    };
    Ok((batch.form, answer))
}

//! One request with events, in whichever format: project → room → body → events → outcomes → answer.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use axum::{body::Body, http::request::Parts, response::Response};

use super::{Shared, finish::Finish, head};
use crate::{
    body::{self, Text},
    outcome::{Answer, RequestError},
    projects::{Registry, Sender},
    sender::{self, Named},
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
    let received_at_ms = sender::now_ms();
    let deadline = started + shared.limits.request_time_max;
    let head = Arc::new(head);
    let view = route.view(&head, received_at_ms);
    let ip = shared.senders.ip(peer.ip(), &head.headers);
    let result = match read(&shared, route.format, ip, &view, body, deadline).await {
        Ok(read) => {
            // A client that goes away does not leave the ledger with events that are neither stored nor failed.
            let (storing, head) = (Arc::clone(&shared), Arc::clone(&head));
            let work = async move {
                let view = route.view(&head, received_at_ms);
                store(&storing, route.format, ip, &view, read, deadline).await
            };
            Finish::new(work, shared.tasks.clone()).await
        }
        Err(error) => Err(error),
    };
    shared.metrics.request_seconds.observe(started.elapsed().as_secs_f64());
    if let Err(error) = &result {
        shared.metrics.refused(error.reason());
        if matches!(error, RequestError::NoRoom(_)) {
            // For the next one, and this one when it comes again.
            shared.ingest.in_flight().make_room();
        }
    }
    let (form, result) = match result {
        Ok((form, answer)) => (form, Ok(answer)),
        Err(error) => (AnswerForm::default(), Err(error)),
    };
    route.format.answer(&Asked { head: view, form }, result)
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
    head: &Head<'_>,
    body: Body,
    deadline: Instant,
) -> Result<Read, RequestError> {
    head::check(head.uri, head.headers)?;
    let projects = shared.senders.projects.now();
    let named = match format.project(head) {
        ProjectNamed::InHead(claims) => {
            let named = shared.senders.named(&projects, claims)?;
            let (origin, by_secret, now_ms) = (sender::origin(head.headers), named.by_secret, head.received_at_ms);
            named.project.admit(&Sender { ip, origin, by_secret, now_ms }, 1)?;
            Some(named)
        }
        ProjectNamed::InBody => None,
    };
    shared.ingest.check_room()?;
    let body = body::read(body, head.headers, &shared.limits, shared.ingest.in_flight(), deadline).await?;
    Ok(Read { projects, named, body })
}

/// The events of the body → room for them → who sent them → durable.
async fn store(
    shared: &Shared,
    format: &dyn WireFormat,
    ip: IpAddr,
    head: &Head<'_>,
    Read { projects, named, body: Text { text, mut held } }: Read,
    deadline: Instant,
) -> Result<(AnswerForm, Answer), RequestError> {
    shared.ingest.check_room()?;
    let translated_bytes_max = if format.translates() { text.len() } else { 0 };
    held.grow(translated_bytes_max)?;
    let mut batch = format.decode(head, &text, shared.limits.batch_events_max)?;
    held.shrink(translated_bytes_max);
    held.grow(batch.translated_bytes())?;
    let sending = shared.senders.sending(&projects, named, &mut batch, ip, head.headers)?;
    let answer = match format.stores() {
        true => {
            let admitted = shared.ingest.admit(batch.events.len(), held)?;
            shared.ingest.take(&batch, &sending, admitted, deadline).await?
        }
        false => shared.ingest.rehearse(&batch, &sending),
    };
    Ok((batch.form, answer))
}

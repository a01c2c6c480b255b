//! `GET /v1/ledger`: what became of events, over restarts. A write key reads its project's account, the operator's key
//! all of them; whoever has neither reads nothing, from wherever they ask.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::Shared;
use crate::{
    ledger::{Report, Whole},
    outcome::{AUTHORIZATION, RequestError, json},
    projects::{Refusal, keys::Kind},
    wire::native::bearer,
};

/// The accounts that the asker may see.
pub async fn read(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    match report(&shared, bearer(&headers).unwrap_or_default()) {
        Ok(report) => {
            let mut response = json(StatusCode::OK, &report);
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(error) => {
            shared.metrics.refused(error.reason());
            error.into_response()
        }
    }
}

fn report(shared: &Shared, key: &str) -> Result<Report, RequestError> {
    if shared.operator_key.is(key) {
        return Ok(Report { gateway: Some(whole(shared)), ..shared.ledger.report(None) });
    }
    let projects = shared.senders.projects.now();
    // A public key is in every page.
    let by_key = projects.by_key(key, AUTHORIZATION)?.filter(|(_, kind)| *kind == Kind::Secret);
    let (project, _) = by_key.ok_or(Refusal::UnknownKey { field: AUTHORIZATION })?;
    Ok(shared.ledger.report(Some(project.name())))
}

fn whole(shared: &Shared) -> Whole {
    let metrics = &shared.metrics;
    Whole {
        journal_events: metrics.journal_events.get(),
        journal_bytes: metrics.journal_bytes.get(),
        journal_events_refused: metrics.journal_refused.get(),
        journal_events_damaged: metrics.journal_damaged.get(),
        dead_letters_kept: metrics.dead_letters_kept.get(),
        dead_letters_waiting: metrics.dead_letters_waiting.get(),
        dead_letters_lost: metrics.dead_letters_lost.get(),
    }
}

//! `POST /v1/events` and the article's `POST /`: the native wire.

use std::{
    borrow::Cow,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Instant,
};

use axum::{
    body::Body,
    extract::{ConnectInfo, State},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use vector_components::{
    Arrival,
    event::Hints,
    validate::{HINT_BYTES_MAX, USER_AGENT_BYTES_MAX},
};

use super::Shared;
use crate::{
    body::{self, Text},
    client_ip,
    decode::Batch,
    outcome::RequestError,
    sink::NotDurable,
};

/// Takes a request's events and answers when they are durable.
pub async fn take(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let started = Instant::now();
    let deadline = started + shared.limits.request_time_max;
    let result = match tokio::time::timeout_at(deadline.into(), read(&shared, &headers, body)).await {
        Ok(Ok((project, text))) => {
            // What was read is finished in a task of its own: a client that goes away
            // does not leave the ledger with events that are neither stored nor failed.
            let shared = Arc::clone(&shared);
            let finish = tokio::spawn(async move {
                let arrival = |batch: &Batch<'_>| arrival(&shared, project, batch, peer.ip(), &headers);
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
async fn read(shared: &Shared, headers: &HeaderMap, body: Body) -> Result<(String, Text), RequestError> {
    let project = project(shared, headers)?;
    shared.ingest.check_room()?;
    let text = body::read(body, headers, &shared.limits, shared.ingest.in_flight()).await?;
    Ok((project, text))
}

fn project(shared: &Shared, headers: &HeaderMap) -> Result<String, RequestError> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if let Some(key) = text("authorization").strip_prefix("Bearer ") {
        return shared.write_keys.project(key.trim()).map(str::to_owned).ok_or(RequestError::UnknownKey);
    }
    let name = text("x-app");
    shared.projects.check(name).map_err(RequestError::Project)?;
    Ok(name.to_owned())
}

fn arrival(shared: &Shared, project: String, batch: &Batch<'_>, peer: IpAddr, headers: &HeaderMap) -> Arrival {
    let forwarded = headers.get("x-forwarded-for").and_then(|v| v.to_str().ok()).unwrap_or_default();
    let agent = headers.get(header::USER_AGENT).map(|v| String::from_utf8_lossy(v.as_bytes())).unwrap_or_default();
    let ip = client_ip::client_ip(peer, forwarded, &shared.trusted_proxies);
    let received_at_ms = chrono::Utc::now().timestamp_millis();
    let user_agent = agent[..agent.floor_char_boundary(USER_AGENT_BYTES_MAX)].to_owned();
    Arrival {
        project,
        received_at_ms,
        sent_at_ms: batch.sent_at_ms,
        ip: Some(ip),
        hints: Hints {
            seen: true,
            accept_language: hint(headers, "accept-language"),
            sec_ch_ua: hint(headers, "sec-ch-ua"),
            sec_ch_ua_platform: hint(headers, "sec-ch-ua-platform"),
            sec_ch_ua_platform_version: hint(headers, "sec-ch-ua-platform-version"),
            sec_ch_ua_model: hint(headers, "sec-ch-ua-model"),
            events_per_10_s: shared.rates.add(ip, &user_agent, received_at_ms, batch.events.len()),
        },
        user_agent,
    }
}

fn hint(headers: &HeaderMap, name: &str) -> Cow<'static, str> {
    let text = headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    // A header that can be read as text is ASCII, so any byte is a character's border.
    text[..text.len().min(HINT_BYTES_MAX)].to_owned().into()
}

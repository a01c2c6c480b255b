//! Who sends: the project of a request, and what it says of its sender beside its body.

use std::{borrow::Cow, net::IpAddr};

use axum::http::{HeaderMap, header};
use vector_components::{
    Arrival,
    event::Hints,
    validate::{HINT_BYTES_MAX, USER_AGENT_BYTES_MAX},
};

use super::Shared;
use crate::{client_ip, decode::Batch, outcome::RequestError};

/// The project that the request names.
pub(super) fn project(shared: &Shared, headers: &HeaderMap, _query: &str) -> Result<String, RequestError> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if let Some(key) = text("authorization").strip_prefix("Bearer ") {
        return shared.write_keys.project(key.trim()).map(str::to_owned).ok_or(RequestError::UnknownKey);
    }
    let name = text("x-app");
    shared.projects.check(name).map_err(RequestError::Project)?;
    Ok(name.to_owned())
}

/// What validation and enrichment know of the sender.
pub(super) fn arrival(shared: &Shared, project: String, batch: &Batch, peer: IpAddr, headers: &HeaderMap) -> Arrival {
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

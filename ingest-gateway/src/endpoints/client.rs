//! Who sends: the project of a request, and what it says of its sender beside its body.

use std::{borrow::Cow, net::IpAddr};

use axum::http::{HeaderMap, header};
use vector_components::{
    Arrival,
    event::Hints,
    validate::{HINT_BYTES_MAX, USER_AGENT_BYTES_MAX},
};

use super::Shared;
use crate::{
    client_ip,
    decode::Batch,
    outcome::{ProjectSource, RequestError},
};

/// The project that the request names: by a write key, in `X-App`, or, for a beacon, which can
/// set no header, in the query. It may be named in several ways, as long as it is the same.
pub(super) fn project(shared: &Shared, headers: &HeaderMap, query: &str) -> Result<String, RequestError> {
    let mut named: Vec<(ProjectSource, String)> = Vec::new();
    if let Some(key) = bearer(headers) {
        let project = shared.write_keys.project(key).ok_or(RequestError::UnknownKey)?;
        named.push((ProjectSource::Key, project.to_owned()));
    }
    let lines = headers.get_all("x-app").iter().map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned());
    named.extend(lines.map(|name| (ProjectSource::Header, name)));
    let pairs = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "project");
    named.extend(pairs.map(|(_, name)| (ProjectSource::Query, name.into_owned())));
    named.retain(|(_, name)| !name.is_empty());

    let (source, name) = named.first().cloned().unwrap_or((ProjectSource::Header, String::new()));
    if let Some((other, other_name)) = named.into_iter().find(|(_, other)| *other != name) {
        return Err(RequestError::ProjectConflict(Box::new([(source, name), (other, other_name)])));
    }
    shared.projects.check(&name).map_err(|rejection| match source {
        ProjectSource::Query => RequestError::ProjectInQuery(rejection),
        ProjectSource::Header | ProjectSource::Key => RequestError::Project(rejection),
    })?;
    Ok(name)
}

/// The key of `Authorization: Bearer`; a scheme's name knows no case (RFC 9110, 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let credentials = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let (scheme, key) = credentials.split_once(' ').unwrap_or((credentials, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// What validation and enrichment know of the sender.
pub(super) fn arrival(
    shared: &Shared,
    project: String,
    batch: &Batch<'_>,
    peer: IpAddr,
    headers: &HeaderMap,
) -> Arrival {
    let agent = headers.get(header::USER_AGENT).map(|v| String::from_utf8_lossy(v.as_bytes())).unwrap_or_default();
    let ip = client_ip::client_ip(peer, headers, &shared.trusted_proxies);
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

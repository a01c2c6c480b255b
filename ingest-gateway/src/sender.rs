//! Who sends: the project of a request, and what its head says of the sender.

use std::{borrow::Cow, net::IpAddr};

use axum::http::{HeaderMap, header};
use ipnet::IpNet;
use vector_components::{
    Arrival, Projects,
    event::ClientHeaders,
    validate::{HINT_BYTES_MAX, USER_AGENT_BYTES_MAX},
};

use crate::{
    client_ip,
    config::WriteKeys,
    outcome::{ProjectSource, RequestError},
    rate::Rates,
    wire::{Batch, ProjectClaim},
};

/// What is known of those who may send.
#[expect(missing_docs, reason = "the types say it")]
pub struct Senders {
    pub projects: Projects,
    pub write_keys: WriteKeys,
    pub trusted_proxies: Vec<IpNet>,
    pub rates: Rates,
}

/// The project that a request is for.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its name.
    pub project: String,
    /// It was named by a secret key: what the sender says of others is believed.
    pub by_key: bool,
}

impl Senders {
    /// The one project that the claims name. There may be several, as long as they agree.
    ///
    /// # Errors
    /// If a key or project is not known, or two claims differ.
    pub fn project(&self, claims: Vec<ProjectClaim>) -> Result<Named, RequestError> {
        let by_key = claims.iter().any(|claim| self.is_key(claim));
        let expected = claims.first().map_or(ProjectSource::Header("X-App"), |claim| claim.source);
        let mut named = claims.into_iter().map(|claim| self.resolve(claim)).collect::<Result<Vec<_>, _>>()?;
        named.retain(|(_, name)| !name.is_empty());

        let (source, name) = named.first().cloned().unwrap_or((expected, String::new()));
        if let Some((other, other_name)) = named.into_iter().find(|(_, other)| *other != name) {
            return Err(RequestError::ProjectConflict(Box::new([(source, name), (other, other_name)])));
        }
        match self.projects.check(&name) {
            Ok(()) => Ok(Named { project: name, by_key }),
            Err(mut rejection) => {
                if let (ProjectSource::Token(field), true) = (source, name.is_empty()) {
                    rejection.message = format!("{field} is missing: it names the project, or holds a write key");
                }
                Err(RequestError::Project { rejection, field: source.field() })
            }
        }
    }

    /// The project that a claim names, which need not exist; a key has to.
    fn resolve(&self, ProjectClaim { source, value }: ProjectClaim) -> Result<(ProjectSource, String), RequestError> {
        match source {
            ProjectSource::Key => {
                let project = self.write_keys.project(&value).ok_or(RequestError::UnknownKey)?;
                Ok((source, project.to_owned()))
            }
            ProjectSource::Token(_) if self.projects.check(&value).is_err() => {
                let project = self.write_keys.project(&value).map(str::to_owned);
                Ok((source, project.unwrap_or(value)))
            }
            source => Ok((source, value)),
        }
    }

    /// A project's name is public, even if a key reads the same.
    fn is_key(&self, claim: &ProjectClaim) -> bool {
        match claim.source {
            ProjectSource::Key => true,
            ProjectSource::Token(_) => {
                self.projects.check(&claim.value).is_err() && self.write_keys.project(&claim.value).is_some()
            }
            ProjectSource::Header(_) | ProjectSource::Query(_) => false,
        }
    }

    /// What validation and enrichment know of the sender. Counts the events against the sender's rate.
    pub fn arrival(&self, project: String, batch: &Batch<'_>, peer: IpAddr, headers: &HeaderMap) -> Arrival {
        let agent = headers.get(header::USER_AGENT).map(|v| String::from_utf8_lossy(v.as_bytes())).unwrap_or_default();
        let ip = client_ip::client_ip(peer, headers, &self.trusted_proxies);
        let received_at_ms = chrono::Utc::now().timestamp_millis();
        let user_agent = agent[..agent.floor_char_boundary(USER_AGENT_BYTES_MAX)].to_owned();
        Arrival {
            project,
            received_at_ms,
            sent_at_ms: batch.sent_at_ms,
            ip: Some(ip),
            hints: ClientHeaders {
                observed: true,
                accept_language: hint(headers, "accept-language"),
                sec_ch_ua: hint(headers, "sec-ch-ua"),
                sec_ch_ua_platform: hint(headers, "sec-ch-ua-platform"),
                sec_ch_ua_platform_version: hint(headers, "sec-ch-ua-platform-version"),
                sec_ch_ua_model: hint(headers, "sec-ch-ua-model"),
                events_per_10_s: self.rates.add(ip, &user_agent, received_at_ms, batch.events.len()),
            },
            user_agent,
        }
    }
}

fn hint(headers: &HeaderMap, name: &str) -> Cow<'static, str> {
    let text = headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    // A header that can be read as text is ASCII, so any byte is a character's border.
    text[..text.len().min(HINT_BYTES_MAX)].to_owned().into()
}

//! Who sends, and for which projects: what a request's head and its events say of it.

mod named;
mod sending;

use std::{borrow::Cow, net::IpAddr, sync::Arc};

use axum::http::{HeaderMap, header};
use ipnet::IpNet;
use vector_components::{
    Arrival, Reason, Rejection,
    event::ClientHeaders,
    project,
    validate::{HINT_BYTES_MAX, USER_AGENT_BYTES_MAX},
};

use crate::{
    client_ip,
    outcome::{ProjectSource, RequestError},
    projects::{Live, Refusal, Registry, Sender, keys::Kind},
    rate::Rates,
    wire::{Batch, ProjectClaim},
};
pub use named::Named;
use named::{Meant, meant};
pub use sending::{Party, Sending};

/// Projects that the events of one request may name.
pub const PARTIES_MAX: usize = 100;

/// What is known of those who may send.
#[expect(missing_docs, reason = "the types say it")]
pub struct Senders {
    pub projects: Arc<Live>,
    pub trusted_proxies: Vec<IpNet>,
    pub rates: Rates,
}

impl Senders {
    /// The address that a request comes from.
    #[must_use]
    pub fn ip(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        client_ip::client_ip(peer, headers, &self.trusted_proxies)
    }

    /// The one project that the claims name. There may be several, as long as they agree.
    ///
    /// # Errors
    /// If a key or project is not known, or two claims differ.
    pub fn named(&self, registry: &Registry, claims: Vec<ProjectClaim>) -> Result<Named, RequestError> {
        let expected = claims.first().map_or(ProjectSource::Header("X-App"), |claim| claim.source);
        let claims =
            claims.into_iter().filter(|claim| !claim.value.is_empty() || matches!(claim.source, ProjectSource::Key(_)));
        let meant: Vec<Meant> = claims.map(|claim| meant(registry, claim)).collect::<Result<_, _>>()?;
        let Some(first) = meant.first() else { return Err(no_project(expected)) };
        if let Some(other) = meant.iter().find(|other| other.name() != first.name()) {
            let both = [first, other].map(|meant| (meant.source, meant.name().to_owned()));
            return Err(RequestError::ProjectConflict(Box::new(both)));
        }
        let Some(project) = &first.project else {
            let rejection = project::unknown(&first.value, self.projects.option());
            return Err(RequestError::Project { rejection, field: first.source.field() });
        };
        if !project.settings().by_name && !meant.iter().any(|meant| meant.key.is_some()) {
            return Err(
                Refusal::KeyNeeded { project: project.name().to_owned(), field: first.source.key_field() }.into()
            );
        }
        let by_secret = meant.iter().any(|meant| meant.key == Some(Kind::Secret));
        Ok(Named { project: Arc::clone(project), by_secret })
    }

    /// Whose the events are, if their projects take them: the rest of those that `named` has let pass one of, or all of
    /// them for the projects that the body names.
    ///
    /// # Errors
    /// If the request names no project, or one of them takes nothing now.
    pub fn sending(
        &self,
        registry: &Registry,
        named: Option<Named>,
        batch: &mut Batch<'_>,
        ip: IpAddr,
        headers: &HeaderMap,
    ) -> Result<Sending, RequestError> {
        let arrival = self.arrival(batch, ip, headers);
        let now_ms = arrival.received_at_ms;
        let sender = |by_secret| Sender { ip, origin: origin(headers), by_secret, now_ms };
        let events = u32::try_from(batch.events.len()).unwrap_or(u32::MAX);
        if let Some(named) = named {
            named.project.pass_rest(&sender(named.by_secret), events)?;
            return Ok(Sending::of_one(named, arrival, batch));
        }
        let named = std::mem::take(&mut batch.named);
        if named.is_empty() {
            let named = self.named(registry, std::mem::take(&mut batch.project))?;
            named.project.admit(&sender(named.by_secret), events)?;
            return Ok(Sending::of_one(named, arrival, batch));
        }
        self.of_several(registry, named, &arrival, batch, sender)
    }

    /// Of events that each name a project. A project that is not to be had costs the events that name it; one that takes
    /// nothing now is to be asked again with the whole request.
    fn of_several<'h>(
        &self,
        registry: &Registry,
        claims: Vec<ProjectClaim>,
        arrival: &Arrival,
        batch: &Batch<'_>,
        sender: impl Fn(bool) -> Sender<'h>,
    ) -> Result<Sending, RequestError> {
        let mut parties: Vec<Party> = Vec::new();
        let mut counts: Vec<u32> = Vec::new();
        let mut of_each = Vec::with_capacity(claims.len());
        for claim in claims {
            let named = self.named(registry, vec![claim]);
            let named = named.and_then(|named| {
                named.project.check_origin(&sender(named.by_secret))?;
                Ok(named)
            });
            let party = named.map_err(|error| rejection(&error)).and_then(|named| {
                let known = parties.iter().position(|party| party.named.is(&named));
                if known.is_none() && parties.len() == PARTIES_MAX {
                    let message =
                        format!("the request names more than {PARTIES_MAX} projects, the most that are allowed");
                    return Err(Rejection::new(Reason::TooMany, "project", message));
                }
                Ok(known.unwrap_or_else(|| {
                    let arrival = Arrival { project: named.project.name().to_owned(), ..arrival.clone() };
                    parties.push(Party { named, arrival });
                    counts.push(0);
                    parties.len() - 1
                }))
            });
            if let Ok(party) = party {
                counts[party] += 1;
            }
            of_each.push(party);
        }
        for (Party { named, .. }, count) in parties.iter().zip(counts) {
            named.project.admit(&sender(named.by_secret), count)?;
        }
        let mut sending = Sending { parties, of_each, said: Vec::new() };
        sending.believe(batch);
        Ok(sending)
    }

    /// What validation and enrichment know of the sender, but for the project. Counts the events against the sender's
    /// rate.
    fn arrival(&self, batch: &Batch<'_>, ip: IpAddr, headers: &HeaderMap) -> Arrival {
        let agent = headers.get(header::USER_AGENT).map(|v| String::from_utf8_lossy(v.as_bytes())).unwrap_or_default();
        let received_at_ms = now_ms();
        let user_agent = agent[..agent.floor_char_boundary(USER_AGENT_BYTES_MAX)].to_owned();
        Arrival {
            project: String::new(),
            received_at_ms,
            sent_at_ms: batch.sent_at_ms,
            ip: (!batch.is_anonymous).then_some(ip),
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

fn no_project(expected: ProjectSource) -> RequestError {
    let rejection = match expected {
        ProjectSource::Token(field) => {
            let message = format!("{field} is missing: it names the project, or holds a write key");
            Rejection { message, ..project::missing() }
        }
        _ => project::missing(),
    };
    RequestError::Project { rejection, field: expected.field() }
}

/// Why one of several events has no project.
fn rejection(error: &RequestError) -> Rejection {
    match error {
        RequestError::Project { rejection, field } => Rejection { field: (*field).to_owned(), ..rejection.clone() },
        RequestError::Refused(Refusal::Origin { .. }) => {
            Rejection::new(Reason::OriginNotAllowed, "Origin", error.to_string())
        }
        other => Rejection::new(Reason::UnknownProject, other.field(), other.to_string()),
    }
}

/// The page that a browser names; one that cannot be read is none of anybody's.
#[must_use]
pub fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("?"))
}

/// The time, in milliseconds since 1970 UTC.
#[must_use]
pub fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

fn hint(headers: &HeaderMap, name: &str) -> Cow<'static, str> {
    let text = headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    // A header that can be read as text is ASCII, so any byte is a character's border.
    text[..text.len().min(HINT_BYTES_MAX)].to_owned().into()
}

#[cfg(test)]
mod tests;

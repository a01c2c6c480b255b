//! The wire formats: how a client's library says who it is, writes its events and reads the answer.
//!
//! A format is one file or folder with a [`WireFormat`] in it, and a line in [`FORMATS`]. It does no more than
//! translate: limits, projects, judgement and storage are the same for all, and what it decodes to is
//! the native format's raw event, which `vector_components::validate` judges.

mod article;
mod fields;
mod ga4;
mod gtag;
mod matomo;
pub mod native;
pub mod paths;
mod pixel;
mod plausible;
mod posthog;
mod posthog_v1;
mod query;
mod segment;
mod snowplow;
mod translate;
mod umami;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use axum::{
    http::{HeaderMap, Method, Uri},
    response::Response,
};
use serde_json::value::RawValue;
use vector_components::{Arrival, Rejection, event::ClientHeaders, validate::USER_AGENT_BYTES_MAX};

use crate::outcome::{Answer, ProjectSource, RequestError};
pub use plausible::COPIES_BYTES_MAX;
pub use posthog::FORM_BYTES_MAX;

/// Every format that the gateway speaks.
pub static FORMATS: &[&dyn WireFormat] = &[
    &native::Native,
    &article::Article,
    &pixel::Pixel,
    &posthog::PostHog,
    &posthog_v1::PostHogV1,
    &segment::Segment,
    &umami::SEND,
    &umami::BATCH,
    &plausible::Plausible,
    &snowplow::Snowplow,
    &ga4::COLLECT,
    &ga4::VALIDATE,
    &gtag::Gtag,
    &matomo::Matomo,
];

/// One format, from the head of a request to its answer.
pub trait WireFormat: Sync {
    /// What it is called where its paths are renamed.
    fn name(&self) -> &'static str;

    /// Where it is spoken, unless the configuration says otherwise.
    fn paths(&self) -> &'static [&'static str];

    /// The methods that events are sent by; pages of any origin may use them (CORS).
    fn methods(&self) -> &'static [Method];

    /// Paths that want an answer and bring no events, and the JSON that is answered to any of them.
    fn settings(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Where the project is named. A project that the head names is checked before the body is read.
    fn project(&self, head: &Head<'_>) -> ProjectNamed;

    /// Whether events are written anew, and so take as much memory again as the body.
    fn translates(&self) -> bool {
        true
    }

    /// Whether events are stored, or only judged.
    fn stores(&self) -> bool {
        true
    }

    /// The raw events of a body, of which no more than `events_max` are read.
    ///
    /// # Errors
    /// If the body is none of this format.
    fn decode<'a>(&self, head: &Head<'_>, body: &'a str, events_max: usize) -> Result<Batch<'a>, RequestError>;

    /// The status, headers and body that this format's clients expect.
    fn answer(&self, asked: &Asked<'_>, result: Result<Answer, RequestError>) -> Response;
}

/// A request without its body.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the types say it")]
pub struct Head<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
    /// The path as the format knows it, whatever it was renamed to.
    pub path: &'static str,
    /// Now, in milliseconds since 1970 UTC.
    pub received_at_ms: i64,
}

impl Head<'_> {
    fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }
}

/// What decides about the form of an answer.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the types say it")]
pub struct Asked<'a> {
    pub head: Head<'a>,
    pub form: AnswerForm,
}

/// The form in which a body wants to be answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AnswerForm {
    /// As the format always does.
    #[default]
    Usual,
    /// By the status alone.
    Empty,
    /// By how many events were taken.
    Counts,
}

/// Where a format names the project.
#[derive(Debug)]
pub enum ProjectNamed {
    /// In the head, by these claims.
    InHead(Vec<ProjectClaim>),
    /// In the body: [`Batch::project`].
    InBody,
}

/// One place of a request that names the project, and what stands there: the project, or a write key.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the types say it")]
pub struct ProjectClaim {
    pub source: ProjectSource,
    pub value: String,
}

/// What another client's event says of its project: the field, and the project or key in it.
pub type Token = (&'static str, String);

/// What another client's field says of the project; if it says nothing, that is a claim too, for the
/// error to name the field.
fn token_claims(field: &'static str, values: impl IntoIterator<Item = String>) -> Vec<ProjectClaim> {
    let mut values = values.into_iter().peekable();
    let nothing = values.peek().is_none().then(String::new);
    values.chain(nothing).map(|value| ProjectClaim { source: ProjectSource::Token(field), value }).collect()
}

/// The events of one body, still untrusted.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    /// The events' JSON in the native format, in order: parts of the body, or translated.
    pub events: Vec<Cow<'a, RawValue>>,
    /// The client's clock when it sent them, in milliseconds since 1970 UTC.
    pub sent_at_ms: Option<i64>,
    /// Where the body names the project of all events; empty if the head did, or each event does.
    pub project: Vec<ProjectClaim>,
    /// For each event, where it names its own project; empty if one is named for all.
    pub named: Vec<ProjectClaim>,
    /// For each event, what it says of who caused it; empty if the format says nothing of that, or
    /// the sender is not believed.
    pub said: Vec<Said>,
    /// Events that the format itself refuses, by their place.
    pub refused: BTreeMap<usize, Rejection>,
    /// The sender asks that its address be used for nothing.
    pub is_anonymous: bool,
    /// The form in which the body wants to be answered.
    pub form: AnswerForm,
}

/// What a server says of the person for whom it sends an event. Only a secret key is believed; the
/// request's own address and user agent are then those of the server, and say nothing of the person.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "the types say it")]
pub struct Said {
    pub ip: Option<IpAddr>,
    pub user_agent: Option<String>,
}

impl Batch<'_> {
    /// The memory that events take which are no part of the body.
    #[must_use]
    pub fn translated_bytes(&self) -> usize {
        let owned = |event: &Cow<'_, RawValue>| match event {
            Cow::Owned(event) => event.get().len(),
            Cow::Borrowed(_) => 0,
        };
        self.events.iter().map(owned).sum()
    }

    /// With the projects that its events name themselves, each in the field that goes with it. As long as they name
    /// one, or none, it is the project of all. An event without one is told to name it in `field`.
    #[must_use]
    pub fn named_by_events(self, field: &'static str, names: Vec<Option<Token>>) -> Self {
        let different: BTreeSet<&str> = names.iter().flatten().map(|(_, name)| name.as_str()).collect();
        let is_one = different.len() <= 1;
        let claim = |token: Option<Token>| {
            let (field, value) = token.unwrap_or((field, String::new()));
            ProjectClaim { source: ProjectSource::Token(field), value }
        };
        match is_one {
            true => Self { project: vec![claim(names.into_iter().flatten().next())], ..self },
            false => Self { named: names.into_iter().map(claim).collect(), ..self },
        }
    }
}

impl Said {
    /// As if the event had come from the person itself.
    #[must_use]
    pub fn arrival(&self, request: &Arrival) -> Arrival {
        let agent = self.user_agent.as_deref().unwrap_or_default();
        Arrival {
            ip: self.ip,
            user_agent: agent[..agent.floor_char_boundary(USER_AGENT_BYTES_MAX)].to_owned(),
            hints: ClientHeaders::default(),
            ..request.clone()
        }
    }
}

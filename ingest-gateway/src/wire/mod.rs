//! The wire formats: how a client's library says who it is, writes its events and reads the answer.
//!
//! A format is one file with a [`WireFormat`] in it, and a line in [`FORMATS`]. It does no more than
//! translate: limits, projects, judgement and storage are the same for all, and what it decodes to is
//! the native format's raw event, which `vector_components::validate` judges.

mod article;
pub mod native;

use std::borrow::Cow;

use axum::{
    http::{HeaderMap, Method, Uri},
    response::Response,
};
use serde_json::value::RawValue;

use crate::outcome::{Answer, ProjectSource, RequestError};

/// Every format that the gateway speaks.
pub static FORMATS: [&dyn WireFormat; 2] = [&native::Native, &article::Article];

/// One format, from the head of a request to its answer.
pub trait WireFormat: Sync {
    /// Where it is spoken.
    fn paths(&self) -> &'static [&'static str];

    /// The methods that events are sent by; pages of any origin may use them (CORS).
    fn methods(&self) -> &'static [Method];

    /// Where the project is named. A project that the head names is checked before the body is read.
    fn project(&self, head: &Head<'_>) -> ProjectNamed;

    /// The raw events of a body, of which no more than `events_max` are read.
    ///
    /// # Errors
    /// If the body is none of this format.
    fn decode<'a>(&self, head: &Head<'_>, body: &'a str, events_max: usize) -> Result<Batch<'a>, RequestError>;

    /// The status, headers and body that this format's clients expect.
    fn answer(&self, result: Result<Answer, RequestError>) -> Response;
}

/// A request without its body.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the types say it")]
pub struct Head<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
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

/// The events of one body, still untrusted.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The events' JSON in the native format, in order: parts of the body, or translated.
    pub events: Vec<Cow<'a, RawValue>>,
    /// The client's clock when it sent them, in milliseconds since 1970 UTC.
    pub sent_at_ms: Option<i64>,
    /// Where the body names the project; empty if the head did.
    pub project: Vec<ProjectClaim>,
}

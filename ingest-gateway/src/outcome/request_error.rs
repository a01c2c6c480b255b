//! Why a request as a whole was not taken, and the one table that maps that to HTTP.

use axum::{
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use vector_components::{Reason, Rejection, rejection::shown};

use super::{body::json, project_source::ProjectSource};
use crate::{in_flight::NoRoom, projects::Refusal, sink::NotDurable};

/// Why a request as a whole was not taken; nothing of it is stored, or, for the last one, it is
/// not known to be stored and must be sent again.
#[derive(Debug, Clone, thiserror::Error)]
#[expect(missing_docs, reason = "each message says it")]
pub enum RequestError {
    #[error("{rejection}")]
    Project { rejection: Rejection, field: &'static str },
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("this address sends more than {per_s} requests a second: send this again in {wait_s} s")]
    TooManyRequests { per_s: u32, wait_s: u64 },
    #[error("the {what} has {}, at most {bytes_max} bytes are allowed", size(*.bytes, *.bytes_max))]
    TooLarge { what: &'static str, bytes_max: usize, bytes: Option<u64> },
    #[error("Content-Encoding \"{0}\" is not known: send gzip, deflate, br, zstd or none")]
    Encoding(String),
    #[error("the body could not be read: {0}")]
    BodyBroken(String),
    #[error("the body did not arrive in time: no more of it came for {pause_ms} ms, or not all of it in {ms_max} ms")]
    BodyTooSlow { pause_ms: u128, ms_max: u128 },
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    #[error("sent_at is not a date: send RFC 3339 or epoch milliseconds")]
    SentAt,
    #[error("the body holds no event")]
    Empty,
    #[error("the body holds more than {events_max} events, which is the most that are allowed in one request")]
    TooManyEvents { events_max: usize },
    #[error("method {method} is not allowed here: events are sent by {}", listed(.allowed, " or "))]
    Method { method: String, allowed: &'static [Method] },
    #[error("there is no {0}: events are sent to POST /v1/events")]
    Path(String),
    #[error("{0} events are waiting already: send this again in a second")]
    Busy(usize),
    #[error("{0}: send this again in a second")]
    NoRoom(#[from] NoRoom),
    #[error("the memory is short, and this body has been on its way for longest: send this again in a second")]
    GaveWay,
    #[error("the events could not be made durable: {0}; send them again")]
    NotDurable(NotDurable),
    #[error("{}: name one project", both(.0))]
    ProjectConflict(Box<[(ProjectSource, String); 2]>),
    #[error("the address has {bytes} bytes, at most {bytes_max} are allowed")]
    AddressTooLong { bytes: usize, bytes_max: usize },
    #[error("there are {count} headers of {bytes} bytes in all, at most {count_max} of {bytes_max} bytes are allowed")]
    HeadersTooLarge { count: usize, count_max: usize, bytes: usize, bytes_max: usize },
}

impl From<NotDurable> for RequestError {
    fn from(error: NotDurable) -> Self {
        match error {
            NotDurable::NoRoom(no_room) => Self::NoRoom(no_room),
            other => Self::NotDurable(other),
        }
    }
}

/// The reason on the wire, the field and the status: the one table.
impl RequestError {
    /// The named reason, also the metric's label.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.row().0
    }

    /// The status in the native format.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.row().2
    }

    /// The field at fault; empty for the request as a whole.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.row().1
    }

    /// When to send the request again, in seconds; none if there is no use.
    #[must_use]
    pub fn wait_s(&self) -> Option<u64> {
        match self {
            Self::Busy(_) | Self::NoRoom(_) | Self::GaveWay | Self::NotDurable(_) => Some(1),
            Self::TooManyRequests { wait_s, .. } => Some(*wait_s),
            Self::Refused(refusal) => refusal.wait_s(),
            _ => None,
        }
    }

    fn row(&self) -> (&'static str, &'static str, StatusCode) {
        match self {
            Self::Project { rejection, field } => (rejection.reason.as_str(), field, StatusCode::FORBIDDEN),
            Self::Refused(refusal) => row_of(refusal),
            Self::TooManyRequests { .. } => ("too_many_requests", "", StatusCode::TOO_MANY_REQUESTS),
            Self::TooLarge { .. } => ("too_large", "body", StatusCode::PAYLOAD_TOO_LARGE),
            Self::Encoding(_) => ("unknown_encoding", "Content-Encoding", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::BodyTooSlow { .. } => ("body_too_slow", "body", StatusCode::REQUEST_TIMEOUT),
            Self::BodyBroken(_) => ("body_broken", "body", StatusCode::BAD_REQUEST),
            Self::NotJson(_) => ("not_json", "body", StatusCode::BAD_REQUEST),
            Self::SentAt => ("invalid_timestamp", "sent_at", StatusCode::BAD_REQUEST),
            Self::Empty => ("empty", "events", StatusCode::BAD_REQUEST),
            Self::TooManyEvents { .. } => ("too_many_events", "events", StatusCode::PAYLOAD_TOO_LARGE),
            Self::Method { .. } => ("method_not_allowed", "method", StatusCode::METHOD_NOT_ALLOWED),
            Self::Path(_) => ("not_found", "path", StatusCode::NOT_FOUND),
            Self::Busy(_) | Self::NoRoom(_) | Self::GaveWay => ("busy", "", StatusCode::SERVICE_UNAVAILABLE),
            Self::NotDurable(_) => ("not_durable", "", StatusCode::SERVICE_UNAVAILABLE),
            Self::AddressTooLong { .. } => ("address_too_long", "path", StatusCode::URI_TOO_LONG),
            Self::HeadersTooLarge { .. } => {
                ("headers_too_large", "headers", StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
            }
            Self::ProjectConflict(_) => ("conflicting_projects", "project", StatusCode::BAD_REQUEST),
        }
    }
}

/// The part of the table that is of projects.
fn row_of(refusal: &Refusal) -> (&'static str, &'static str, StatusCode) {
    match refusal {
        Refusal::UnknownKey { field } => ("unknown_write_key", field, StatusCode::UNAUTHORIZED),
        Refusal::RevokedKey { field } => ("revoked_write_key", field, StatusCode::UNAUTHORIZED),
        Refusal::KeyNeeded { field, .. } => ("write_key_needed", field, StatusCode::UNAUTHORIZED),
        Refusal::Origin { .. } => (Reason::OriginNotAllowed.as_str(), "Origin", StatusCode::FORBIDDEN),
        Refusal::TooFast { is_address: true, .. } => ("address_too_fast", "", StatusCode::TOO_MANY_REQUESTS),
        Refusal::TooFast { is_address: false, .. } => ("project_too_fast", "", StatusCode::TOO_MANY_REQUESTS),
        Refusal::TooMany { .. } => ("too_many_events", "events", StatusCode::PAYLOAD_TOO_LARGE),
        Refusal::Quota { exceeded, .. } => {
            (Reason::QuotaExceeded.as_str(), exceeded.field, StatusCode::TOO_MANY_REQUESTS)
        }
    }
}

impl IntoResponse for RequestError {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Body<'a> {
            error: Inner<'a>,
        }
        #[derive(Serialize)]
        struct Inner<'a> {
            reason: &'a str,
            field: &'a str,
            message: String,
        }
        let (reason, field, status) = self.row();
        let mut response = json(status, &Body { error: Inner { reason, field, message: self.to_string() } });
        let headers = response.headers_mut();
        if let Some(wait_s) = self.wait_s() {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
        }
        if let Self::Method { allowed, .. } = self
            && let Ok(allowed) = HeaderValue::try_from(listed(allowed, ", ") + ", OPTIONS")
        {
            headers.insert(header::ALLOW, allowed);
        }
        response
    }
}

fn size(bytes: Option<u64>, bytes_max: usize) -> String {
    bytes.map_or_else(|| format!("more than {bytes_max} bytes"), |bytes| format!("{bytes} bytes"))
}

fn listed(methods: &[Method], separator: &str) -> String {
    methods.iter().map(Method::as_str).collect::<Vec<_>>().join(separator)
}

fn both(named: &[(ProjectSource, String); 2]) -> String {
    let [one, other] = named.each_ref().map(|(source, name)| {
        let source = match source {
            ProjectSource::Key(_) => "the write key stands for",
            ProjectSource::Header(header) => &format!("{header} names"),
            ProjectSource::Query(_) => "the query names",
            ProjectSource::Token(field) => &format!("{field} names"),
        };
        format!("{source} {}", shown(name))
    });
    format!("{one}, {other}")
}

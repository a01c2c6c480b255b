//! What became of a request: an outcome for each of its events, or an error for it as a whole.

mod body;
mod project_source;
mod request_error;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use uuid::Uuid;
use vector_components::{Reason, Rejection};

pub use body::json;
pub use project_source::{AUTHORIZATION, ProjectSource};
pub use request_error::RequestError;

/// After a request whose events all found a quota used up in this moment; the next one is told how long it really takes.
const QUOTA_RETRY_S: u32 = 60;

/// What became of one event.
#[derive(Debug, Clone, Serialize, PartialEq)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It is durable.
    Accepted {
        /// Its id, for a client that wants to name it again.
        event_id: Uuid,
    },
    /// The same event stands earlier in this request, or is known to be durable since an earlier one.
    Duplicate {
        /// The id of both.
        event_id: Uuid,
    },
    /// It breaks the contract; sending it again is no use.
    Dropped(Rejection),
}

impl Outcome {
    /// An accepted event turns out to be durable since an earlier request.
    pub fn become_duplicate(&mut self) {
        if let Self::Accepted { event_id } = *self {
            *self = Self::Duplicate { event_id };
        }
    }
}

/// The answer to a request whose events were judged.
#[derive(Debug, Serialize)]
pub struct Answer {
    accepted: usize,
    duplicate: usize,
    dropped: usize,
    outcomes: Vec<Outcome>,
}

impl Answer {
    /// Counts the outcomes.
    #[must_use]
    pub fn new(outcomes: Vec<Outcome>) -> Self {
        let count = |test: fn(&Outcome) -> bool| outcomes.iter().filter(|o| test(o)).count();
        Self {
            accepted: count(|o| matches!(o, Outcome::Accepted { .. })),
            duplicate: count(|o| matches!(o, Outcome::Duplicate { .. })),
            dropped: count(|o| matches!(o, Outcome::Dropped(_))),
            outcomes,
        }
    }
}

impl Answer {
    /// One for each event, in order.
    #[must_use]
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Events that are durable, those known before included.
    #[must_use]
    pub fn durable(&self) -> usize {
        self.accepted + self.duplicate
    }
}

impl IntoResponse for Answer {
    /// 201 if anything is durable; else the first rejection decides.
    fn into_response(self) -> Response {
        let first = self.outcomes.iter().find_map(|o| match o {
            Outcome::Dropped(rejection) => Some(rejection.clone()),
            _ => None,
        });
        match first {
            Some(error) if self.durable() == 0 => {
                let body = ErrorBody { error: &error, accepted: 0, dropped: self.dropped, outcomes: &self.outcomes };
                let mut response = json(status_of(error.reason), &body);
                if error.reason == Reason::QuotaExceeded {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(QUOTA_RETRY_S));
                }
                response
            }
            _ => json(StatusCode::CREATED, &self),
        }
    }
}

/// Of a request of which nothing is stored, since its first event is dropped for this.
fn status_of(reason: Reason) -> StatusCode {
    match reason {
        Reason::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
        Reason::OriginNotAllowed => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    }
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a Rejection,
    accepted: usize,
    dropped: usize,
    outcomes: &'a [Outcome],
}

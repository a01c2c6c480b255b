//! Why an event is not taken, as its metric, its log line and its dead letter say it.

use vector_components::{Rejection, event::NotAnEvent};

/// Why an event was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The named reason, of a bounded list.
    pub reason: &'static str,
    /// The field at fault; empty if it is the whole.
    pub field: String,
    /// A sentence for a person.
    pub message: String,
}

impl Cause {
    /// A cause that no one field has.
    pub fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, field: String::new(), message: message.into() }
    }
}

impl From<Rejection> for Cause {
    fn from(rejection: Rejection) -> Self {
        Self { reason: rejection.reason.as_str(), field: rejection.field, message: rejection.message }
    }
}

impl From<NotAnEvent> for Cause {
    fn from(error: NotAnEvent) -> Self {
        Self::new(error.reason(), error.to_string())
    }
}

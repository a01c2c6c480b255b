//! Why an event is not taken, as its metric, its log line and its dead letter say it.

use vector_components::{Rejection, event::NotAnEvent};

/// Why an event was dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The reason, from a fixed list.
    pub reason: &'static str,
    /// The field at fault; empty if it is the whole event.
    pub field: String,
    /// A human-readable message.
    pub message: String,
}

impl Cause {
    /// A cause that isn't about a single field.
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

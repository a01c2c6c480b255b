//! Events that the transforms report to Vector's metrics and logs.

use tracing::warn;
use vector_lib::{
    NamedInternalEvent, counter,
    internal_event::{CounterName, InternalEvent, error_stage, error_type},
};

use crate::cause::Cause;

/// An event went to the output `dropped`.
#[derive(Debug, NamedInternalEvent)]
pub struct FootfallEventDropped<'a> {
    /// The cause.
    pub cause: &'a Cause,
}

impl InternalEvent for FootfallEventDropped<'_> {
    fn emit(self) {
        let Cause { reason, field, message } = self.cause;
        warn!(
            message = "Event dropped.",
            reason,
            field,
            error = %message,
            error_type = error_type::PARSER_FAILED,
            stage = error_stage::PROCESSING,
        );
        counter!(
            CounterName::ComponentErrorsTotal,
            "error_code" => *reason,
            "error_type" => error_type::PARSER_FAILED,
            "stage" => error_stage::PROCESSING,
        )
        .increment(1);
        counter!(
            CounterName::ComponentDiscardedEventsTotal,
            "intentional" => "false",
            "reason" => *reason,
        )
        .increment(1);
    }
}

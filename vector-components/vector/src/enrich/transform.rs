//! One message → one row, through borrowed structures: the input is never converted to VRL values.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use vector::event::{Event as VectorEvent, LogEvent, Value};
use vector_components::{Enricher, Event, Privacy, enrich::VisitorSalt};
use vector_lib::{
    lookup::lookup_v2::ConfigTargetPath,
    transform::{SyncTransform, TransformOutputsBuf},
};
use vrl::value::ObjectMap;

use super::{columns, output_form::OutputForm};
use crate::{cause::Cause, dropped};

/// Initial capacity of a line, which is usually longer than its message.
const LINE_BYTES: usize = 1536;

/// The transform.
#[derive(Clone)]
pub struct Enrich {
    enricher: Arc<Enricher>,
    visitor: VisitorOf,
    privacy: Option<Privacy>,
    output: OutputForm,
}

/// Where an event's visitor comes from.
#[derive(Clone)]
pub struct VisitorOf {
    /// A field, such as the message's key.
    pub field: ConfigTargetPath,
    /// For events without that field.
    pub salt: Option<VisitorSalt>,
}

impl Enrich {
    /// Uses an enricher whose caches the threads share.
    #[must_use]
    pub fn new(enricher: Arc<Enricher>, visitor: VisitorOf, privacy: Option<Privacy>, output: OutputForm) -> Self {
        Self { enricher, visitor, privacy, output }
    }

    /// Read → redact → identify the visitor → enrich → write.
    fn row(&self, log: &LogEvent) -> Result<ObjectMap, Cause> {
        let mut event = Event::of_message(message(log)?)?;
        if let Some(privacy) = &self.privacy {
            privacy.apply(&mut event);
        }
        let visitor = self.visitor(log, &event)?;
        let enriched = self.enricher.enrich_as(&event, visitor);
        match self.output {
            OutputForm::Columns => {
                columns::of(&enriched.row()).map_err(|error| Cause::new("not_a_row", error.to_string()))
            }
            OutputForm::JsonLine => {
                let mut line = Vec::with_capacity(LINE_BYTES);
                enriched.row().write_json(&mut line);
                Ok(ObjectMap::from([("message".into(), Value::Bytes(line.into()))]))
            }
        }
    }

    fn visitor(&self, log: &LogEvent, event: &Event<'_>) -> Result<u64, Cause> {
        let given = log.get(&self.visitor.field).filter(|value| !value.is_null());
        match (given, &self.visitor.salt) {
            (Some(given), _) => {
                let digits = given.as_str().unwrap_or_else(|| Cow::Owned(given.to_string()));
                digits.parse().map_err(|_| {
                    let shown = vector_components::rejection::shown(&digits);
                    let message =
                        format!("{} {shown} is not a visitor: expected an unsigned 64-bit integer", self.visitor.field);
                    Cause { field: self.visitor.field.to_string(), ..Cause::new("no_visitor", message) }
                })
            }
            (None, Some(salt)) => Ok(self.enricher.visitor(event, salt)),
            (None, None) => {
                let message = format!("{} is missing, and the transform has no salt", self.visitor.field);
                Err(Cause { field: self.visitor.field.to_string(), ..Cause::new("no_visitor", message) })
            }
        }
    }
}

/// The message's bytes.
pub(crate) fn message(log: &LogEvent) -> Result<&Bytes, Cause> {
    let message = log.get_message().and_then(Value::as_bytes);
    message.ok_or_else(|| Cause::new("no_message", "the event has no string message"))
}

impl SyncTransform for Enrich {
    fn transform(&mut self, event: VectorEvent, output: &mut TransformOutputsBuf) {
        let log = event.into_log();
        match self.row(&log) {
            Ok(row) => output.push(None, VectorEvent::Log(LogEvent::from_map(row, log.metadata().clone()))),
            Err(cause) => dropped::push(log, &cause, output),
        }
    }
}

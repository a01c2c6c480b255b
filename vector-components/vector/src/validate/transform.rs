//! One message → the events in it, each validated and written in the topic's format.

use std::{borrow::Cow, collections::BTreeSet};

use bytes::Bytes;
use chrono::Utc;
use serde_json::value::RawValue;
use vector::event::{Event as VectorEvent, LogEvent, Value};
use vector_components::{
    Arrival, Privacy, Reason, Rejection,
    event::ClientHeaders,
    rejection::shown,
    validate::{HINT_BYTES_MAX, USER_AGENT_BYTES_MAX, validate},
};
use vector_lib::{
    lookup::{event_path, lookup_v2::ConfigTargetPath},
    transform::{SyncTransform, TransformOutputsBuf},
};

use crate::{cause::Cause, dropped, enrich::transform::message};

/// Maximum number of events per message.
const EVENTS_MAX: usize = 10_000;

/// The transform.
#[derive(Clone)]
pub struct Validate {
    /// The events' project.
    pub project: ProjectOf,
    /// The client's address.
    pub address: ConfigTargetPath,
    /// The client's `User-Agent`.
    pub user_agent: ConfigTargetPath,
    /// The client's `Accept-Language`.
    pub accept_language: ConfigTargetPath,
    /// What to remove.
    pub privacy: Privacy,
}

/// Where an event's project comes from.
#[derive(Clone)]
pub struct ProjectOf {
    /// A field, such as a header.
    pub field: ConfigTargetPath,
    /// For events without that field.
    pub otherwise: Option<String>,
    /// Allowed projects; any if empty.
    pub allowed: BTreeSet<String>,
}

impl ProjectOf {
    fn of(&self, log: &LogEvent) -> Result<String, Rejection> {
        let given = text(log, &self.field).map(Cow::into_owned).or_else(|| self.otherwise.clone());
        let Some(project) = given.filter(|project| !project.is_empty()) else {
            let message = format!("{} is missing, and the transform has no default project", self.field);
            return Err(Rejection::new(Reason::MissingProject, self.field.to_string(), message));
        };
        if !self.allowed.is_empty() && !self.allowed.contains(&project) {
            let message = format!("project {} is not allowed", shown(&project));
            return Err(Rejection::new(Reason::UnknownProject, self.field.to_string(), message));
        }
        Ok(project)
    }
}

impl Validate {
    fn arrival(&self, log: &LogEvent) -> Result<Arrival, Cause> {
        let received_at = log.get_timestamp().and_then(Value::as_timestamp).copied().unwrap_or_else(Utc::now);
        let header =
            |field, bytes_max| text(log, field).map(|text| text[..text.floor_char_boundary(bytes_max)].to_owned());
        let accept_language = header(&self.accept_language, HINT_BYTES_MAX);
        Ok(Arrival {
            project: self.project.of(log)?,
            received_at_ms: received_at.timestamp_millis(),
            sent_at_ms: None,
            ip: text(log, &self.address).and_then(|text| text.parse().ok()),
            user_agent: header(&self.user_agent, USER_AGENT_BYTES_MAX).unwrap_or_default(),
            hints: ClientHeaders {
                observed: accept_language.is_some(),
                accept_language: accept_language.unwrap_or_default().into(),
                ..ClientHeaders::default()
            },
        })
    }

    /// Validate → redact → write.
    fn accept(&self, raw: &RawValue, arrival: &Arrival) -> Result<Bytes, Cause> {
        let mut event = validate(raw, arrival)?;
        self.privacy.apply(&mut event);
        let message = serde_json::to_vec(&event).map_err(|error| Cause::new("not_writable", error.to_string()))?;
        Ok(message.into())
    }
}

fn text<'l>(log: &'l LogEvent, field: &ConfigTargetPath) -> Option<Cow<'l, str>> {
    log.get(field).and_then(Value::as_str)
}

/// The event, or the events of an array.
fn split(message: &[u8]) -> Result<Vec<&RawValue>, Cause> {
    let not_json = |error: serde_json::Error| {
        Cause::from(Rejection::new(Reason::NotJson, "", format!("the message is not JSON: {error}")))
    };
    let is_array = message.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let events: Vec<&RawValue> = match is_array {
        true => serde_json::from_slice(message).map_err(not_json)?,
        false => vec![serde_json::from_slice(message).map_err(not_json)?],
    };
    if events.len() > EVENTS_MAX {
        let message = format!("the message has {} events; at most {EVENTS_MAX} are allowed", events.len());
        return Err(Rejection::new(Reason::TooMany, "", message).into());
    }
    Ok(events)
}

impl SyncTransform for Validate {
    fn transform(&mut self, event: VectorEvent, output: &mut TransformOutputsBuf) {
        let log = event.into_log();
        let read = message(&log).cloned().and_then(|message| Ok((message, self.arrival(&log)?)));
        let (message, arrival) = match read {
            Ok(read) => read,
            Err(cause) => return dropped::push(log, &cause, output),
        };
        let events = match split(&message) {
            Ok(events) => events,
            Err(cause) => return dropped::push(log, &cause, output),
        };
        for raw in events {
            let mut event = log.clone();
            match self.accept(raw, &arrival) {
                Ok(accepted) => {
                    set_message(&mut event, accepted);
                    output.push(None, VectorEvent::Log(event));
                }
                Err(cause) => {
                    // Only this event of the array: the others continue.
                    set_message(&mut event, message.slice_ref(raw.get().as_bytes()));
                    dropped::push(event, &cause, output);
                }
            }
        }
    }
}

fn set_message(log: &mut LogEvent, message: Bytes) {
    match log.as_map() {
        Some(_) => drop(log.insert(event_path!("message"), message)),
        None => *log.value_mut() = Value::Bytes(message),
    }
}

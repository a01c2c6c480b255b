//! PostHog's newer capture API, which its libraries speak when told to (`POSTHOG_CAPTURE_MODE=v1`).
//!
//! A result for each stored event, by its id. An event that was dropped is not named, which these
//! libraries take for an end as well.

use axum::{
    http::{Method, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};
use vector_components::timestamp;

use super::{
    Asked, Batch, Head, ProjectNamed, WireFormat,
    fields::Fields,
    native::{array, bearer, not_json},
    posthog::{PostHog, translated},
    token_claims, translate,
};
use crate::outcome::{Answer, Outcome, RequestError};

/// Fields of an event and of its options, and the properties that they are in the older format.
const EVENT: [(&str, &str); 2] = [("session_id", "$session_id"), ("window_id", "$window_id")];
const OPTIONS: [(&str, &str); 3] = [
    ("process_person_profile", "$process_person_profile"),
    ("cookieless_mode", "$cookieless_mode"),
    ("product_tour_id", "$product_tour_id"),
];

/// The newer format.
#[derive(Debug)]
pub struct PostHogV1;

impl WireFormat for PostHogV1 {
    fn name(&self) -> &'static str {
        "posthog"
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/i/v1/analytics/events", "/i/v1/analytics/events/"]
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    fn project(&self, head: &Head<'_>) -> ProjectNamed {
        let token = bearer(head.headers).map(str::to_owned);
        ProjectNamed::InHead(token_claims("Authorization", token))
    }

    fn decode<'a>(&self, _head: &Head<'_>, body: &'a str, events_max: usize) -> Result<Batch<'a>, RequestError> {
        let envelope: Envelope<'_> = serde_json::from_str(body).map_err(not_json)?;
        let events = envelope.batch.map(|batch| array(batch.get(), events_max)).transpose()?.unwrap_or_default();
        if events.is_empty() {
            return Err(RequestError::Empty);
        }
        let batch = translate::batch(&events, |mut fields| {
            let properties = properties(&mut fields);
            let (event, of_event) = translated(fields, properties, None);
            (event, of_event.said)
        });
        // Made once, before the first attempt; the attempts' own clock is not part of what is sent.
        Ok(Batch { sent_at_ms: envelope.created_at.and_then(timestamp::parse_json_ms), ..batch })
    }

    fn answer(&self, asked: &Asked<'_>, result: Result<Answer, RequestError>) -> Response {
        match result {
            Ok(answer) if answer.durable() > 0 => {
                let stored = answer.outcomes().iter().filter_map(|outcome| match outcome {
                    Outcome::Accepted { event_id } | Outcome::Duplicate { event_id } => Some(event_id.to_string()),
                    Outcome::Dropped(_) => None,
                });
                let results: Map<String, Value> = stored.map(|id| (id, json!({"result": "ok"}))).collect();
                ([(header::CONTENT_TYPE, "application/json")], json!({"results": results}).to_string()).into_response()
            }
            other => PostHog.answer(asked, other),
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'b> {
    #[serde(borrow)]
    batch: Option<&'b RawValue>,
    #[serde(borrow)]
    created_at: Option<&'b RawValue>,
}

/// The properties as the older format has them.
fn properties<'b>(event: &mut Fields<'b>) -> Fields<'b> {
    let mut properties = event.object("properties");
    for (name, property) in EVENT {
        properties.put(property, event.take(name));
    }
    let mut options = event.object("options");
    for (name, property) in OPTIONS {
        properties.put(property, options.take(name));
    }
    properties
}

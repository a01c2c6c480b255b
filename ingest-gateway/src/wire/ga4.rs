//! GA4's Measurement Protocol, by which servers and applications report to Google Analytics, and its
//! validation endpoint, which stores nothing and says what is wrong.
//!
//! Events have no ids. Clients are told nothing, and send nothing again by themselves.

use axum::{
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use vector_components::{
    Rejection,
    rejection::Reason,
    validate::{ID_BYTES_MAX, USER_AGENT_BYTES_MAX},
};

use super::{
    Asked, Batch, Head, ProjectClaim, ProjectNamed, Said, WireFormat,
    fields::Fields,
    native::{BYTE_ORDER_MARK, array, not_json},
    query, token_claims,
    translate::{self, NativeEvent},
};
use crate::{
    outcome::{Answer, Outcome, ProjectSource, RequestError},
    projects::Refusal,
};

/// Events are stored.
pub static COLLECT: MeasurementProtocol = MeasurementProtocol { stores: true };
/// They are only judged.
pub static VALIDATE: MeasurementProtocol = MeasurementProtocol { stores: false };

/// Events in one request, as the protocol has it: what they share is written into each of them.
pub(super) const EVENTS_MAX: usize = 25;
/// What they share, each part, in bytes of JSON; the protocol's own limits come to half of that.
const SHARED_BYTES_MAX: usize = 4 << 10;
/// Events that are money spent. `value` of others is what something is worth, as of a cart.
const PURCHASES: [&str; 3] = ["purchase", "in_app_purchase", "ecommerce_purchase"];
/// The stream of a site or of an application.
const IDS: [&str; 2] = ["measurement_id", "firebase_app_id"];
/// What describes a page.
const PAGE: [(&str, &str); 3] = [("url", "page_location"), ("title", "page_title"), ("referrer", "page_referrer")];

/// The Measurement Protocol.
#[derive(Debug)]
pub struct MeasurementProtocol {
    stores: bool,
}

impl WireFormat for MeasurementProtocol {
    fn name(&self) -> &'static str {
        "ga4"
    }

    fn paths(&self) -> &'static [&'static str] {
        if self.stores { &["/mp/collect"] } else { &["/debug/mp/collect"] }
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    /// By a write key as the API's secret, and by the project's name as the id of stream or application.
    fn project(&self, head: &Head<'_>) -> ProjectNamed {
        let claim = |source: ProjectSource| {
            query::value(head.query(), source.field()).map(|value| ProjectClaim { source, value })
        };
        let id = IDS.into_iter().find_map(|field| claim(ProjectSource::Token(field)));
        let claims: Vec<_> = id.into_iter().chain(claim(ProjectSource::Key("api_secret"))).collect();
        ProjectNamed::InHead(if claims.is_empty() { token_claims(IDS[0], None) } else { claims })
    }

    fn stores(&self) -> bool {
        self.stores
    }

    fn decode<'a>(&self, _head: &Head<'_>, body: &'a str, events_max: usize) -> Result<Batch<'a>, RequestError> {
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body).trim_ascii();
        let request: Request<'a> = serde_json::from_str(body).map_err(not_json)?;
        let shared = Shared::of(&request)?;
        let events = request.events.map(|events| array(events.get(), events_max.min(EVENTS_MAX))).transpose()?;
        let events = events.unwrap_or_default();
        if events.is_empty() {
            return Err(RequestError::Empty);
        }
        let said = Said {
            ip: text(request.ip_override, ID_BYTES_MAX).and_then(|ip| ip.parse().ok()),
            user_agent: text(request.user_agent, USER_AGENT_BYTES_MAX),
        };
        Ok(translate::batch(&events, |fields| (translated(fields, &shared), said.clone())))
    }

    fn answer(&self, _asked: &Asked<'_>, result: Result<Answer, RequestError>) -> Response {
        match result {
            result if !self.stores => validated(result),
            Ok(answer) if answer.durable() > 0 => StatusCode::NO_CONTENT.into_response(),
            other => other.map_or_else(IntoResponse::into_response, IntoResponse::into_response),
        }
    }
}

/// The validation endpoint's answer: 200, with a message for each event that would not be stored.
fn validated(result: Result<Answer, RequestError>) -> Response {
    let messages: Vec<Value> = match result {
        Ok(answer) => {
            let dropped = |(at, outcome): (usize, &Outcome)| match outcome {
                Outcome::Dropped(rejection) => Some(message(&format!("events[{at}]"), rejection)),
                Outcome::Accepted { .. } | Outcome::Duplicate { .. } => None,
            };
            answer.outcomes().iter().enumerate().filter_map(dropped).collect()
        }
        Err(error) if error.status() == StatusCode::SERVICE_UNAVAILABLE => return error.into_response(),
        Err(error) => {
            let (field, code) = match &error {
                RequestError::Refused(Refusal::KeyNeeded { .. }) => ("api_secret", "VALUE_REQUIRED"),
                RequestError::Refused(Refusal::UnknownKey { field } | Refusal::RevokedKey { field }) => {
                    (*field, "VALUE_INVALID")
                }
                RequestError::Project { rejection, field } if rejection.reason == Reason::MissingProject => {
                    (*field, "VALUE_REQUIRED")
                }
                RequestError::Project { field, .. } => (*field, "VALUE_INVALID"),
                RequestError::ProjectConflict(_) => (IDS[0], "VALUE_INVALID"),
                RequestError::Empty => ("events", "VALUE_REQUIRED"),
                _ => ("events", "VALUE_INVALID"),
            };
            vec![json!({"fieldPath": field, "description": error.to_string(), "validationCode": code})]
        }
    };
    let json = json!({"validationMessages": messages}).to_string();
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

fn message(path: &str, rejection: &Rejection) -> Value {
    let field = match rejection.field.as_str() {
        "" => path.to_owned(),
        "type" => format!("{path}.name"),
        "timestamp" => format!("{path}.timestamp_micros"),
        other => format!("{path}.{other}"),
    };
    let code = match rejection.reason {
        Reason::MissingField => "VALUE_REQUIRED",
        Reason::TooLong | Reason::TooLarge | Reason::TooDeep | Reason::TimestampOutOfRange => "VALUE_OUT_OF_BOUNDS",
        Reason::TooMany => "EXCEEDED_MAX_ENTITIES",
        _ => "VALUE_INVALID",
    };
    json!({"fieldPath": field, "description": rejection.message, "validationCode": code})
}

#[derive(Deserialize)]
struct Request<'b> {
    #[serde(borrow)]
    client_id: Option<&'b RawValue>,
    #[serde(borrow)]
    app_instance_id: Option<&'b RawValue>,
    #[serde(borrow)]
    user_id: Option<&'b RawValue>,
    #[serde(borrow)]
    timestamp_micros: Option<&'b RawValue>,
    #[serde(borrow)]
    user_properties: Option<&'b RawValue>,
    #[serde(borrow)]
    user_location: Option<&'b RawValue>,
    #[serde(borrow)]
    device: Option<&'b RawValue>,
    #[serde(borrow)]
    ip_override: Option<&'b RawValue>,
    #[serde(borrow)]
    user_agent: Option<&'b RawValue>,
    #[serde(borrow)]
    events: Option<&'b RawValue>,
}

/// What the events of a request share.
struct Shared<'b> {
    anonymous_id: Option<&'b RawValue>,
    user_id: Option<&'b RawValue>,
    timestamp_micros: Option<&'b RawValue>,
    user_properties: Option<&'b RawValue>,
    user_location: Option<&'b RawValue>,
    device: Option<&'b RawValue>,
}

impl<'b> Shared<'b> {
    fn of(request: &Request<'b>) -> Result<Self, RequestError> {
        let shared = Self {
            anonymous_id: part("client_id", request.client_id.or(request.app_instance_id))?,
            user_id: part("user_id", request.user_id)?,
            timestamp_micros: part("timestamp_micros", request.timestamp_micros)?,
            user_properties: part("user_properties", request.user_properties)?,
            user_location: part("user_location", request.user_location)?,
            device: part("device", request.device)?,
        };
        Ok(shared)
    }
}

fn part<'b>(what: &'static str, value: Option<&'b RawValue>) -> Result<Option<&'b RawValue>, RequestError> {
    let Some(value) = value.filter(|value| value.get() != "null") else { return Ok(None) };
    let bytes = value.get().len();
    match bytes > SHARED_BYTES_MAX {
        true => Err(RequestError::TooLarge { what, bytes_max: SHARED_BYTES_MAX, bytes: u64::try_from(bytes).ok() }),
        false => Ok(Some(value)),
    }
}

fn text(value: Option<&RawValue>, bytes_max: usize) -> Option<String> {
    serde_json::from_str::<String>(value?.get()).ok().filter(|text| text.len() <= bytes_max)
}

fn translated<'b>(mut sent: Fields<'b>, shared: &Shared<'b>) -> NativeEvent<'b> {
    let mut params = sent.object("params");
    let mut event = NativeEvent::default();
    let name = sent.peek("name", ID_BYTES_MAX);
    event.set("type", sent.take("name"));
    event.set("timestamp", sent.take("timestamp_micros").or(shared.timestamp_micros).map(milliseconds));
    event.set("anonymous_id", shared.anonymous_id).set("user_id", shared.user_id);
    event.set("session_id", params.id("session_id"));
    described(&mut event, &mut params, name.as_deref());

    let mut device = read(shared.device);
    event.locale(&mut device, "language").set("screen", device.size("screen_resolution"));
    sent.join("", params);
    sent.join("device.", device);
    sent.join("user_location.", read(shared.user_location));
    for (name, property) in read(shared.user_properties).iter() {
        let value = Fields::read(property).and_then(|mut property| property.take("value"));
        sent.put(&format!("user_properties.{name}"), value);
    }
    event.with(sent)
}

/// What an event's parameters say of the page, and of money.
pub(super) fn described<'b>(event: &mut NativeEvent<'b>, params: &mut Fields<'b>, name: Option<&str>) {
    event.page(params, PAGE).locale(params, "language").set("screen", params.size("screen_resolution"));
    if name.is_some_and(|name| PURCHASES.contains(&name)) {
        event.set("revenue", params.revenue("value", "currency", None));
    }
}

fn read(object: Option<&RawValue>) -> Fields<'_> {
    object.and_then(Fields::read).unwrap_or_default()
}

/// Microseconds, as a number or a string; what is neither is left to be refused as it is.
fn milliseconds(micros: &RawValue) -> Value {
    let text = micros.get().trim_matches('"');
    match text.parse::<i64>() {
        Ok(micros) => (micros / 1_000).into(),
        Err(_) => text.chars().take(ID_BYTES_MAX).collect::<String>().into(),
    }
}

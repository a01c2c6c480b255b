//! PostHog's capture API, as posthog-js, posthog-node and its other libraries speak it.
//!
//! Their retries: a network error, 408, 429 and 5xx are sent again, 413 in smaller batches; any other
//! status ends it, so that a request of which nothing can be stored is answered 400.

use std::{borrow::Cow, net::IpAddr};

use axum::{
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::value::RawValue;
use vector_components::{
    timestamp,
    validate::{ID_BYTES_MAX, USER_AGENT_BYTES_MAX},
};

use super::{
    Asked, Batch, Head, ProjectNamed, Said, Token, WireFormat,
    fields::Fields,
    native::{BYTE_ORDER_MARK, array, not_json},
    token_claims,
    translate::{self, NativeEvent},
};
use crate::outcome::{Answer, RequestError};

/// To a question for feature flags or settings: there are none, and the client goes on.
const NO_FLAGS: &str = r#"{"config":{"enable_collect_everything":true},"supportedCompression":["gzip","gzip-js"],"featureFlags":{},"featureFlagPayloads":{},"flags":{},"errorsWhileComputingFlags":false,"toolbarParams":{},"isAuthenticated":false,"sessionRecording":false,"surveys":false,"heatmaps":false,"siteApps":[]}"#;
/// A form is decoded into copies; those of browsers are beacons, of 64 KiB.
pub const FORM_BYTES_MAX: usize = 1 << 20;
/// The fields that name the project, of a request or an event.
const TOKENS: [&str; 4] = ["api_key", "token", "$token", "$api_key"];
/// What PostHog's own names of types are here.
const TYPES: [(&str, &str); 6] = [
    ("$pageview", "page_view"),
    ("$pageleave", "page_leave"),
    ("$screen", "screen"),
    ("$identify", "identify"),
    ("$create_alias", "alias"),
    ("$groupidentify", "group"),
];

/// PostHog's format.
#[derive(Debug)]
pub struct PostHog;

impl WireFormat for PostHog {
    fn name(&self) -> &'static str {
        "posthog"
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/e", "/e/", "/i/v0/e", "/i/v0/e/", "/batch", "/batch/", "/capture", "/capture/"]
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST, Method::GET]
    }

    fn settings(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("/flags", NO_FLAGS),
            ("/flags/", NO_FLAGS),
            ("/decide", NO_FLAGS),
            ("/decide/", NO_FLAGS),
            ("/array/{token}/config", NO_FLAGS),
        ]
    }

    fn project(&self, _head: &Head<'_>) -> ProjectNamed {
        ProjectNamed::InBody
    }

    fn decode<'a>(&self, head: &Head<'_>, body: &'a str, events_max: usize) -> Result<Batch<'a>, RequestError> {
        let json = json(head, body)?;
        let request = Request::read(&json, events_max)?;
        if request.events.is_empty() {
            return Err(RequestError::Empty);
        }
        let mut tokens = vec![None; request.events.len()];
        let batch = translate::numbered(&request.events, |at, mut fields| {
            let properties = fields.object("properties");
            let (event, OfEvent { token, said }) = translated(fields, properties, request.sent_at_ms);
            tokens[at] = token;
            (event, said)
        });
        let sent_at_ms = request.sent_at_ms.or_else(|| sent_at_of_query(head));
        let batch = Batch { sent_at_ms, ..batch };
        Ok(match request.token {
            Some((field, token)) => Batch { project: token_claims(field, [token]), ..batch },
            None => batch.named_by_events("api_key", tokens),
        })
    }

    fn answer(&self, _asked: &Asked<'_>, result: Result<Answer, RequestError>) -> Response {
        match result {
            Ok(answer) if answer.durable() > 0 => {
                ([(header::CONTENT_TYPE, "application/json")], r#"{"status":1}"#).into_response()
            }
            Ok(answer) => answer.into_response(),
            Err(error) => {
                let is_token = matches!(error, RequestError::Project { .. });
                let mut response = error.into_response();
                if is_token {
                    *response.status_mut() = StatusCode::UNAUTHORIZED;
                }
                response
            }
        }
    }
}

/// The JSON of a request: its body, or, in base64 or not, a form's or the query's `data`.
fn json<'a>(head: &Head<'_>, body: &'a str) -> Result<Cow<'a, str>, RequestError> {
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body).trim_ascii();
    if body.starts_with(['{', '[']) {
        return Ok(Cow::Borrowed(body));
    }
    let form = if body.is_empty() { head.uri.query().unwrap_or_default() } else { body };
    if form.len() > FORM_BYTES_MAX {
        let bytes = u64::try_from(form.len()).ok();
        return Err(RequestError::TooLarge { what: "form", bytes_max: FORM_BYTES_MAX, bytes });
    }
    let data = url::form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "data");
    let data = data.map_or_else(|| body.to_owned(), |(_, data)| data.into_owned());
    if data.starts_with(['{', '[']) {
        return Ok(Cow::Owned(data));
    }
    // A plus sign that was not encoded is a space in a form.
    let bytes = BASE64_STANDARD.decode(data.trim().replace(' ', "+"));
    let bytes = bytes.map_err(|error| RequestError::NotJson(format!("nor is it base64: {error}")))?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|error| RequestError::NotJson(error.to_string()))
}

/// The clock of posthog-js, in the query.
fn sent_at_of_query(head: &Head<'_>) -> Option<i64> {
    let pairs = url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
    let sent_at = pairs.filter(|(name, _)| name == "_").find_map(|(_, value)| value.parse::<i64>().ok());
    sent_at.filter(|ms| *ms >= timestamp::TIMESTAMP_MS_MIN)
}

/// A body's events and what it says of them all.
struct Request<'b> {
    events: Vec<Cow<'b, RawValue>>,
    sent_at_ms: Option<i64>,
    token: Option<Token>,
}

#[derive(Deserialize)]
struct Envelope<'b> {
    #[serde(borrow)]
    batch: Option<&'b RawValue>,
    #[serde(borrow)]
    sent_at: Option<&'b RawValue>,
    #[serde(borrow)]
    api_key: Option<&'b RawValue>,
    #[serde(borrow)]
    token: Option<&'b RawValue>,
}

impl<'b> Request<'b> {
    /// An array of events, an envelope with a `batch`, or one event.
    fn read(json: &'b str, events_max: usize) -> Result<Self, RequestError> {
        if json.starts_with('[') {
            return Ok(Self { events: array(json, events_max)?, sent_at_ms: None, token: None });
        }
        let envelope: Envelope<'b> = serde_json::from_str(json).map_err(not_json)?;
        let text = |value: &RawValue| serde_json::from_str::<String>(value.get()).ok().filter(|text| !text.is_empty());
        let token = [("api_key", envelope.api_key), ("token", envelope.token)];
        let token = token.into_iter().find_map(|(field, value)| Some((field, value.and_then(text)?)));
        let sent_at_ms = envelope.sent_at.and_then(timestamp::parse_json_ms);
        let events = match envelope.batch {
            Some(batch) => array(batch.get(), events_max)?,
            None => vec![Cow::Borrowed(serde_json::from_str(json).map_err(not_json)?)],
        };
        Ok(Self { events, sent_at_ms, token })
    }
}

/// What an event says of its project and its person, beside the event itself.
pub(super) struct OfEvent {
    pub token: Option<Token>,
    pub said: Said,
}

/// The native event.
pub(super) fn translated<'b>(
    mut sent: Fields<'b>,
    mut properties: Fields<'b>,
    sent_at_ms: Option<i64>,
) -> (NativeEvent<'b>, OfEvent) {
    let token = tokens(&mut sent, &mut properties);
    let said = said(&mut properties);
    let mut event = NativeEvent::default();

    let name = sent.text("event", ID_BYTES_MAX);
    let known = name.as_deref().and_then(|name| TYPES.iter().find(|(theirs, _)| *theirs == name));
    event.set("type", known.map(|(_, ours)| *ours)).set("type", name.clone()).set("type", sent.take("event"));
    let insert_id = properties.text("$insert_id", ID_BYTES_MAX);
    let id = sent.text("uuid", ID_BYTES_MAX).or(insert_id).map(|id| translate::event_id(&id));
    event.set("event_id", id.map(|id| id.to_string()));
    time(&mut event, &mut sent, &mut properties, sent_at_ms, id);
    person(&mut event, &mut sent, &mut properties, name.as_deref() == Some("$identify"));
    event.set("session_id", properties.id("$session_id"));

    if properties.is("$referrer", "$direct") {
        properties.forget(&["$referrer", "$referring_domain"]);
    }
    event.page(
        &mut properties,
        [("url", "$current_url"), ("path", "$pathname"), ("referrer", "$referrer"), ("title", "title")],
    );
    event.page(&mut properties, [("path", "$screen_name"), ("title", "$title")]);
    event.locale(&mut properties, "$browser_language").locale(&mut properties, "$locale");
    event.app_version(&mut properties, "$app_version");
    event.set("screen", properties.screen("$screen_width", "$screen_height"));

    sent.forget(&["type", "library", "library_version", "sent_at", "offset"]);
    properties.join("", sent);
    (event.with(properties), OfEvent { token, said })
}

fn tokens(sent: &mut Fields<'_>, properties: &mut Fields<'_>) -> Option<Token> {
    let mut token = None;
    for name in TOKENS {
        token = token.or_else(|| Some((name, sent.text(name, ID_BYTES_MAX)?)));
        // Of no use once it named the project, and a key must not be stored.
        sent.forget(&[name]);
    }
    for name in ["token", "$token"] {
        token = token.or_else(|| Some((name, properties.text(name, ID_BYTES_MAX)?)));
    }
    token
}

/// Address and user agent are taken out even if they are not believed: they are stored nowhere.
fn said(properties: &mut Fields<'_>) -> Said {
    let ip = properties.text("$ip", ID_BYTES_MAX).and_then(|ip| ip.parse::<IpAddr>().ok());
    let agents = ["$raw_user_agent", "$user_agent", "$useragent"];
    let user_agent = agents.iter().find_map(|name| properties.text(name, USER_AGENT_BYTES_MAX));
    properties.forget(&["$ip"]);
    Said { ip, user_agent }
}

/// The client's own time. Where it sends only how long ago it was, that is taken if the same bytes
/// sent again give the same time, and no id tells it better.
fn time<'b>(
    event: &mut NativeEvent<'b>,
    sent: &mut Fields<'b>,
    properties: &mut Fields<'b>,
    sent_at_ms: Option<i64>,
    id: Option<uuid::Uuid>,
) {
    event.set("timestamp", sent.take("timestamp"));
    let offset = sent.take("offset").and_then(|offset| offset.get().parse::<i64>().ok());
    if id.is_none_or(|id| id.get_version_num() != 7) {
        event.set("timestamp", sent_at_ms.zip(offset).and_then(|(sent_at, offset)| sent_at.checked_sub(offset)));
    }
    // Seconds, of old libraries: the same time again.
    properties.forget(&["$time", "$sent_at"]);
}

/// Who it was. A browser says whether its `distinct_id` is a person's or made up; a server's is a
/// person's, unless it asks for no profile.
fn person<'b>(event: &mut NativeEvent<'b>, sent: &mut Fields<'b>, properties: &mut Fields<'b>, is_identify: bool) {
    let of_properties = properties.id("distinct_id").or_else(|| properties.id("$distinct_id"));
    let distinct_id = sent.id("distinct_id").or_else(|| sent.id("$distinct_id")).or(of_properties);
    let device_id = properties.id("$device_id");
    let user_id = properties.id("$user_id");
    let has_no_profile = properties.flag("$process_person_profile") == Some(false);
    let is_identified = is_identify
        || properties.flag("$is_identified").unwrap_or_else(|| match &device_id {
            Some(device_id) => distinct_id.as_ref() != Some(device_id),
            None => !has_no_profile,
        });
    if is_identify {
        event.set("anonymous_id", properties.id("$anon_distinct_id"));
    }
    match is_identified {
        true => event.set("user_id", user_id.or(distinct_id)),
        false => event.set("user_id", user_id).set("anonymous_id", distinct_id),
    };
    event.set("anonymous_id", device_id);
}

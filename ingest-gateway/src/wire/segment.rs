//! Segment's HTTP API, which its libraries, RudderStack's and Jitsu's speak.
//!
//! Their retries: 5xx, 408 and 429 are sent again, everything else is final.

use axum::{
    http::{HeaderMap, Method, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use vector_components::{
    timestamp,
    validate::{ID_BYTES_MAX, PATH_BYTES_MAX, TYPE_BYTES_MAX, USER_AGENT_BYTES_MAX},
};

use super::{
    Asked, Batch, Head, ProjectNamed, Said, WireFormat,
    fields::Fields,
    native::{BYTE_ORDER_MARK, array, not_json},
    token_claims,
    translate::{self, NativeEvent},
};
use crate::outcome::{Answer, RequestError};

const PAGE: [(&str, &str); 4] = [("url", "url"), ("path", "path"), ("referrer", "referrer"), ("title", "title")];
/// Money without a currency, by Segment's specification.
const CURRENCY: &str = "USD";

/// Segment's format.
#[derive(Debug)]
pub struct Segment;

impl WireFormat for Segment {
    fn name(&self) -> &'static str {
        "segment"
    }

    fn paths(&self) -> &'static [&'static str] {
        &[
            "/v1/track",
            "/v1/page",
            "/v1/screen",
            "/v1/identify",
            "/v1/group",
            "/v1/alias",
            "/v1/batch",
            "/v1/t",
            "/v1/p",
            "/v1/s",
            "/v1/i",
            "/v1/g",
            "/v1/a",
            "/v1/b",
        ]
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    /// By `Authorization`, or, as browsers do, in the body.
    fn project(&self, head: &Head<'_>) -> ProjectNamed {
        match head.headers.contains_key(header::AUTHORIZATION) {
            true => ProjectNamed::InHead(token_claims("Authorization", key(head.headers))),
            false => ProjectNamed::InBody,
        }
    }

    fn decode<'a>(&self, head: &Head<'_>, body: &'a str, events_max: usize) -> Result<Batch<'a>, RequestError> {
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body).trim_ascii();
        let envelope: Envelope<'_> = serde_json::from_str(body).map_err(not_json)?;
        let kind = kind(head.path);
        let events = match (kind, envelope.batch) {
            (Some(_), _) => vec![Cow::Borrowed(serde_json::from_str(body).map_err(not_json)?)],
            (None, Some(batch)) => array(batch.get(), events_max)?,
            (None, None) => Vec::new(),
        };
        if events.is_empty() {
            return Err(RequestError::Empty);
        }
        let key = envelope.write_key.and_then(|key| serde_json::from_str::<String>(key.get()).ok());
        let project = token_claims("writeKey", key);
        let sent_at_ms = envelope.sent_at.and_then(timestamp::parse_json_ms);
        Ok(Batch { project, sent_at_ms, ..translate::batch(&events, |fields| translated(kind, fields)) })
    }

    fn answer(&self, _asked: &Asked<'_>, result: Result<Answer, RequestError>) -> Response {
        match result {
            Ok(answer) if answer.durable() > 0 => {
                ([(header::CONTENT_TYPE, "application/json")], r#"{"success":true}"#).into_response()
            }
            other => other.map_or_else(IntoResponse::into_response, IntoResponse::into_response),
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'b> {
    #[serde(borrow)]
    batch: Option<&'b RawValue>,
    #[serde(borrow, rename = "sentAt")]
    sent_at: Option<&'b RawValue>,
    #[serde(borrow, rename = "writeKey")]
    write_key: Option<&'b RawValue>,
}

/// The user name of Basic authorization, whose password is empty, or a bearer token.
fn key(headers: &HeaderMap) -> Option<String> {
    let (scheme, credentials) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.trim().to_owned());
    }
    let pair = String::from_utf8(BASE64_STANDARD.decode(credentials.trim()).ok()?).ok()?;
    Some(pair.split_once(':').map_or(pair.as_str(), |(key, _)| key).to_owned())
}

/// What the path says of its one event; none for a batch, whose events say it themselves.
fn kind(path: &str) -> Option<&'static str> {
    Some(match path.rsplit('/').next().unwrap_or_default() {
        "t" | "track" => "track",
        "p" | "page" => "page",
        "s" | "screen" => "screen",
        "i" | "identify" => "identify",
        "g" | "group" => "group",
        "a" | "alias" => "alias",
        _ => return None,
    })
}

fn translated<'b>(kind: Option<&'static str>, mut sent: Fields<'b>) -> (NativeEvent<'b>, Said) {
    let mut context = sent.object("context");
    let mut properties = sent.object("properties");
    let own_kind = sent.text("type", TYPE_BYTES_MAX);
    let kind = kind.map(str::to_owned).or(own_kind).unwrap_or_default();
    let mut event = NativeEvent::default();

    match kind.as_str() {
        "track" => event.set("type", sent.take("event")),
        "page" => event.set("type", Some("page_view")),
        "" => &mut event,
        other => event.set("type", Some(other)),
    };
    let id = sent.text("messageId", ID_BYTES_MAX).map(|id| translate::event_id(&id).to_string());
    event.set("event_id", id);
    event.set("timestamp", sent.take("timestamp")).set("timestamp", sent.take("originalTimestamp"));
    event.set("user_id", sent.id("userId")).set("anonymous_id", sent.id("anonymousId"));
    event.set("session_id", context.id("sessionId"));
    if kind == "page" {
        event.page(&mut properties, PAGE);
        properties.forget(&["search"]);
    }
    if kind == "screen" {
        event.set("path", sent.peek("name", PATH_BYTES_MAX));
    }
    event.set("revenue", properties.revenue("revenue", "currency", Some(CURRENCY)));
    let said = described(&mut event, &mut context);

    // An alias is of a person, and `previousId` is among its properties.
    sent.forget(&["originalTimestamp", "sentAt", "receivedAt", "writeKey", "integrations", "_metadata", "version"]);
    let traits = sent.object("traits");
    sent.join("", traits);
    sent.join("", properties);
    sent.join("context.", context);
    (event.with(sent), said)
}

/// What the context says of page, application, device and person.
fn described<'b>(event: &mut NativeEvent<'b>, context: &mut Fields<'b>) -> Said {
    let ip = context.text("ip", ID_BYTES_MAX).and_then(|ip| ip.parse().ok());
    let user_agent = context.text("userAgent", USER_AGENT_BYTES_MAX);
    context.forget(&["ip", "userAgent", "userAgentData"]);

    let mut page = context.object("page");
    event.page(&mut page, PAGE);
    event.locale(context, "locale");
    let mut app = context.object("app");
    event.app_version(&mut app, "version");
    let mut screen = context.object("screen");
    event.set("screen", screen.screen("width", "height"));
    // The page's own fields, if the event had better ones, say nothing more.
    page.forget(&["url", "path", "referrer", "title", "search"]);
    context.join("page.", page);
    context.join("app.", app);
    context.join("screen.", screen);
    Said { ip, user_agent }
}

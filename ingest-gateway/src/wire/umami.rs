//! Umami's `/api/send` and `/api/batch`, as its tracker and `@umami/node` speak them.
//!
//! Neither client sends anything again. The tracker returns `cache` with its next event; here it is
//! the same for everybody, since no page is told who its visitor is.

use std::borrow::Cow;

use axum::{
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{json, value::RawValue};
use url::Url;
use vector_components::validate::{ID_BYTES_MAX, TYPE_BYTES_MAX, URL_BYTES_MAX, USER_AGENT_BYTES_MAX};

use super::{
    Asked, Batch, Head, ProjectNamed, Said, Token, WireFormat,
    fields::Fields,
    native::{BYTE_ORDER_MARK, array, not_json},
    translate::{self, NativeEvent},
};
use crate::outcome::{Answer, Outcome, RequestError};

/// One event.
pub static SEND: Umami = Umami { is_batch: false };
/// An array of them.
pub static BATCH: Umami = Umami { is_batch: true };

const TAKEN: &str = r#"{"cache":"footfall","sessionId":"","visitId":""}"#;

/// Umami's format.
#[derive(Debug)]
pub struct Umami {
    is_batch: bool,
}

impl WireFormat for Umami {
    fn name(&self) -> &'static str {
        "umami"
    }

    fn paths(&self) -> &'static [&'static str] {
        if self.is_batch { &["/api/batch"] } else { &["/api/send"] }
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    fn project(&self, _head: &Head<'_>) -> ProjectNamed {
        ProjectNamed::InBody
    }

    fn decode<'a>(&self, _head: &Head<'_>, body: &'a str, events_max: usize) -> Result<Batch<'a>, RequestError> {
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body).trim_ascii();
        let events = match self.is_batch {
            true => array(body, events_max)?,
            false => vec![Cow::Borrowed(serde_json::from_str::<&RawValue>(body).map_err(not_json)?)],
        };
        if events.is_empty() {
            return Err(RequestError::Empty);
        }
        let mut websites = vec![None; events.len()];
        let batch = translate::numbered(&events, |at, fields| {
            let (event, website, said) = translated(fields);
            websites[at] = website;
            (event, said)
        });
        Ok(batch.named_by_events("website", websites))
    }

    fn answer(&self, _asked: &Asked<'_>, result: Result<Answer, RequestError>) -> Response {
        match result {
            Ok(answer) if self.is_batch => of_batch(&answer),
            Ok(answer) if answer.durable() > 0 => json_of(TAKEN.to_owned()),
            Ok(answer) => answer.into_response(),
            Err(error) => {
                let is_website = matches!(error, RequestError::Project { .. });
                let mut response = error.into_response();
                if is_website {
                    *response.status_mut() = StatusCode::BAD_REQUEST;
                }
                response
            }
        }
    }
}

/// How many of a batch were taken, and why the others were not.
fn of_batch(answer: &Answer) -> Response {
    let errors = answer.outcomes().iter().enumerate().filter_map(|(index, outcome)| match outcome {
        Outcome::Dropped(error) => Some(json!({"index": index, "response": {"error": error}})),
        Outcome::Accepted { .. } | Outcome::Duplicate { .. } => None,
    });
    let (size, errors): (usize, Vec<_>) = (answer.outcomes().len(), errors.collect());
    let processed = answer.durable();
    json_of(json!({"size": size, "processed": processed, "errors": errors.len(), "details": errors}).to_string())
}

fn json_of(json: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}

/// The event, its website, and what it says of the person.
fn translated(mut sent: Fields<'_>) -> (NativeEvent<'_>, Option<Token>, Said) {
    let mut payload = sent.object("payload");
    let websites = ["website", "pixel", "link"].map(|name| Some((name, payload.text(name, ID_BYTES_MAX)?)));
    let website = websites.into_iter().flatten().next();
    let ip = payload.text("ip", ID_BYTES_MAX).and_then(|ip| ip.parse().ok());
    let user_agent = payload.text("userAgent", USER_AGENT_BYTES_MAX);
    payload.forget(&["ip", "userAgent"]);

    let mut event = NativeEvent::default();
    match sent.text("type", TYPE_BYTES_MAX).as_deref() {
        Some("event") => {
            let is_page_view =
                payload.peek("url", URL_BYTES_MAX).is_some() && payload.peek("name", usize::MAX).is_none();
            event.set("type", payload.take("name").filter(|_| !is_page_view));
            event.set("type", is_page_view.then_some("page_view"));
        }
        other => drop(event.set("type", other)),
    }
    event.set("timestamp", payload.take("timestamp")).set("user_id", payload.id("id"));
    addresses(&mut event, &mut payload);
    event.page(&mut payload, [("title", "title")]).locale(&mut payload, "language");
    event.set("screen", payload.size("screen"));

    let mut data = payload.object("data");
    event.set("revenue", data.revenue("revenue", "currency", None));
    payload.join("", data);
    (event.with(payload), website, Said { ip, user_agent })
}

/// Page and referrer, which the tracker gives relative to the host.
fn addresses<'b>(event: &mut NativeEvent<'b>, payload: &mut Fields<'b>) {
    let host = payload.peek("hostname", URL_BYTES_MAX);
    let base = host.and_then(|host| Url::parse(&format!("https://{host}/")).ok());
    for (ours, theirs) in [("url", "url"), ("referrer", "referrer")] {
        let Some(text) = payload.text(theirs, URL_BYTES_MAX) else { continue };
        match &base {
            _ if Url::parse(&text).is_ok() => event.set(ours, Some(text)),
            Some(base) => event.set(ours, base.join(&text).ok().map(String::from)),
            None if ours == "url" => event.set("path", text.split(['?', '#']).next().map(str::to_owned)),
            None => event.set(ours, Some(text)),
        };
    }
    if base.is_some() {
        payload.forget(&["hostname"]);
    }
}

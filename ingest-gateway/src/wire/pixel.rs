//! `GET /v1/pixel.gif`, the native format for pages and mails that run no script: an event's fields are the
//! query's, and the answer is a picture.

use std::borrow::Cow;

use axum::{
    http::{Method, header},
    response::{IntoResponse, Response},
};
use vector_components::validate::URL_BYTES_MAX;

use super::{
    Asked, Batch, Head, ProjectNamed, Said, WireFormat,
    fields::Fields,
    native::Native,
    query,
    translate::{self, NativeEvent},
};
use crate::outcome::{Answer, RequestError};

/// Fields of the contract that are strings.
const FIELDS: [&str; 12] = [
    "type",
    "event_id",
    "timestamp",
    "user_id",
    "anonymous_id",
    "session_id",
    "path",
    "locale",
    "appVersion",
    "url",
    "referrer",
    "title",
];

/// The pixel.
#[derive(Debug)]
pub struct Pixel;

impl WireFormat for Pixel {
    fn name(&self) -> &'static str {
        "pixel"
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/v1/pixel.gif"]
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::GET]
    }

    fn project(&self, head: &Head<'_>) -> ProjectNamed {
        Native.project(head)
    }

    fn decode<'a>(&self, head: &Head<'_>, _body: &'a str, _events_max: usize) -> Result<Batch<'a>, RequestError> {
        let event = query::object(head.query())?;
        let page = head.headers.get(header::REFERER).and_then(|page| page.to_str().ok());
        let page = page.filter(|page| page.len() <= URL_BYTES_MAX);
        let batch = translate::batch(&[Cow::Borrowed(&*event)], |fields| (translated(fields, page), Said::default()));
        // It says nothing of others: the person is who asks for the picture.
        Ok(Batch { said: Vec::new(), ..batch })
    }

    fn answer(&self, _asked: &Asked<'_>, result: Result<Answer, RequestError>) -> Response {
        match result {
            Ok(answer) if answer.durable() > 0 => query::picture(),
            other => other.map_or_else(IntoResponse::into_response, IntoResponse::into_response),
        }
    }
}

fn translated<'b>(mut sent: Fields<'b>, page: Option<&str>) -> NativeEvent<'b> {
    sent.forget(&["project"]);
    let mut event = NativeEvent::default();
    for name in FIELDS {
        event.set(name, sent.take(name));
    }
    event.set("type", Some("page_view")).set("url", page);
    event.set("screen", sent.size("screen")).set("revenue", sent.revenue("revenue", "currency", None));
    event.with(sent)
}

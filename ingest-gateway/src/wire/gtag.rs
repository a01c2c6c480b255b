//! `/g/collect`, to which Google's gtag.js sends what happens on a page: what events share in the query, and
//! one event in each line of the body, or none there and one in the query.
//!
//! The client sends no time. It counts its requests of a page, so that one which is sent again is the same.

use std::borrow::Cow;

use axum::{
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use vector_components::validate::ID_BYTES_MAX;

use super::{
    Asked, Batch, Head, ProjectNamed, Said, WireFormat,
    fields::Fields,
    ga4::{EVENTS_MAX, described},
    query, token_claims,
    translate::{self, NativeEvent},
};
use crate::outcome::{Answer, RequestError};

/// The names of the Measurement Protocol for those of the wire.
const NAMES: [(&str, &str); 7] = [
    ("dl", "page_location"),
    ("dt", "page_title"),
    ("dr", "page_referrer"),
    ("ul", "language"),
    ("sr", "screen_resolution"),
    ("cu", "currency"),
    ("_et", "engagement_time_msec"),
];
/// Settings, consent, and what only Google's own servers have a use for.
const FORGOTTEN: &[&str] = &[
    "v",
    "tid",
    "cid",
    "gtm",
    "gcs",
    "gcd",
    "gcu",
    "npa",
    "dma",
    "dma_cps",
    "pscdl",
    "are",
    "frm",
    "tag_exp",
    "tfd",
    "uaa",
    "uab",
    "uafvl",
    "uamb",
    "uam",
    "uap",
    "uapv",
    "uaw",
    "_p",
    "_s",
    "_z",
    "_eu",
    "_ee",
    "_c",
    "_fv",
    "_ss",
    "_nsi",
    "richsstsse",
    "seg",
];

/// gtag.js' format.
#[derive(Debug)]
pub struct Gtag;

impl WireFormat for Gtag {
    fn name(&self) -> &'static str {
        "ga4"
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/g/collect"]
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST, Method::GET]
    }

    fn project(&self, head: &Head<'_>) -> ProjectNamed {
        ProjectNamed::InHead(token_claims("tid", query::value(head.query(), "tid")))
    }

    fn decode<'a>(&self, head: &Head<'_>, body: &'a str, events_max: usize) -> Result<Batch<'a>, RequestError> {
        let events_max = events_max.min(EVENTS_MAX);
        let mut lines: Vec<&str> = body.lines().filter(|line| !line.trim().is_empty()).take(events_max + 1).collect();
        if lines.len() > events_max {
            return Err(RequestError::TooManyEvents { events_max });
        }
        if lines.is_empty() {
            lines.push("");
        }
        let mut batch = Batch::default();
        for (at, line) in lines.into_iter().enumerate() {
            // Of a name that stands in both, the line's counts.
            let event = query::object(&format!("{}&{line}", head.query()))?;
            let of_one =
                translate::batch(&[Cow::Borrowed(&*event)], |fields| (translated(fields, at), Said::default()));
            batch.events.extend(of_one.events);
        }
        Ok(batch)
    }

    fn answer(&self, _asked: &Asked<'_>, result: Result<Answer, RequestError>) -> Response {
        match result {
            Ok(answer) if answer.durable() > 0 => StatusCode::NO_CONTENT.into_response(),
            other => other.map_or_else(IntoResponse::into_response, IntoResponse::into_response),
        }
    }
}

fn translated(mut sent: Fields<'_>, at: usize) -> NativeEvent<'_> {
    let mut event = NativeEvent::default();
    let name = sent.peek("en", ID_BYTES_MAX);
    event.set("type", sent.take("en")).set("event_id", id(&sent, at, name.as_deref()));
    event.set("anonymous_id", sent.peek("cid", ID_BYTES_MAX)).set("user_id", sent.id("uid"));
    event.set("session_id", sent.id("sid"));
    sent.rename(&NAMES);
    sent.forget(FORGOTTEN);
    for (prefix, longer) in [("ep.", ""), ("epn.", ""), ("up.", "user_properties."), ("upn.", "user_properties.")] {
        let of_kind = sent.split(prefix);
        sent.join(longer, of_kind);
    }
    described(&mut event, &mut sent, name.as_deref());
    event.with(sent)
}

/// Page and count name a request, and the place an event in it.
fn id(sent: &Fields<'_>, at: usize, name: Option<&str>) -> Option<String> {
    let part = |name| sent.peek(name, ID_BYTES_MAX);
    let (tid, cid, page, count) = (part("tid")?, part("cid")?, part("_p")?, part("_s")?);
    Some(translate::event_id(&format!("{tid}\n{cid}\n{page}\n{count}\n{at}\n{}", name?)).to_string())
}

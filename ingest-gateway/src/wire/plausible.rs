//! Plausible's `/api/event`, as its scripts, `plausible-tracker` and `@plausible-analytics/tracker`
//! speak it: JSON in `text/plain`, so that a browser asks no preflight. None of them sends anything
//! again.

use std::borrow::Cow;

use axum::{
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use url::Url;
use vector_components::validate::{TYPE_BYTES_MAX, URL_BYTES_MAX};

use super::{
    Asked, Batch, Head, ProjectNamed, WireFormat,
    fields::Fields,
    native::{BYTE_ORDER_MARK, not_json},
    translate::NativeEvent,
};
use crate::outcome::{Answer, RequestError};

/// Plausible's short names, and what is stored under which name; those not listed keep theirs.
const PROPERTIES: [(&str, &str); 4] =
    [("i", "interactive"), ("sd", "scroll_depth"), ("e", "engagement_ms"), ("interactive", "interactive")];

/// Domains of one event, which is stored for each; more are not read.
const DOMAINS_READ_MAX: usize = 16;
/// An event's bytes, as many times as it has domains; a single event is never so long.
pub const COPIES_BYTES_MAX: usize = 1 << 20;

/// Plausible's format.
#[derive(Debug)]
pub struct Plausible;

impl WireFormat for Plausible {
    fn name(&self) -> &'static str {
        "plausible"
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/api/event"]
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST]
    }

    fn project(&self, _head: &Head<'_>) -> ProjectNamed {
        ProjectNamed::InBody
    }

    fn decode<'a>(&self, _head: &Head<'_>, body: &'a str, _events_max: usize) -> Result<Batch<'a>, RequestError> {
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body).trim_ascii();
        let event: &RawValue = serde_json::from_str(body).map_err(not_json)?;
        let written = Fields::read(event).and_then(translated);
        let event = written.map_or(Cow::Borrowed(event), Cow::Owned);
        let (field, mut domains) = domains(body);
        domains.retain(|domain| !domain.is_empty());
        domains.sort_unstable();
        domains.dedup();
        let bytes = event.get().len() * domains.len();
        if bytes > COPIES_BYTES_MAX {
            let bytes = u64::try_from(bytes).ok();
            return Err(RequestError::TooLarge {
                what: "event of several domains",
                bytes_max: COPIES_BYTES_MAX,
                bytes,
            });
        }
        // An event of each domain; without one, what is wrong is told of the request.
        let events = vec![event; domains.len().max(1)];
        let names = domains.into_iter().map(|domain| Some((field, domain))).collect();
        Ok(Batch { events, ..Batch::default() }.named_by_events(field, names))
    }

    fn answer(&self, _asked: &Asked<'_>, result: Result<Answer, RequestError>) -> Response {
        match result {
            Ok(answer) if answer.durable() > 0 => (StatusCode::ACCEPTED, "ok").into_response(),
            other => other.map_or_else(IntoResponse::into_response, IntoResponse::into_response),
        }
    }
}

#[derive(Deserialize)]
struct Named<'b> {
    #[serde(borrow)]
    d: Option<Cow<'b, str>>,
    #[serde(borrow)]
    domain: Option<Cow<'b, str>>,
    #[serde(borrow)]
    u: Option<Cow<'b, str>>,
    #[serde(borrow)]
    url: Option<Cow<'b, str>>,
}

/// Each domain that an event names, and in which field; without one, the host of its page.
fn domains(body: &str) -> (&'static str, Vec<String>) {
    let Ok(Named { d, domain, u, url }) = serde_json::from_str(body) else { return ("domain", Vec::new()) };
    let without_www = |host: &str| host.trim().trim_start_matches("www.").to_owned();
    let named = [("d", d), ("domain", domain)].into_iter().find_map(|(field, names)| {
        let names = names.filter(|names| !names.trim().is_empty())?;
        Some((field, names.split(',').take(DOMAINS_READ_MAX).map(without_www).collect()))
    });
    let of_page = || {
        [("u", u), ("url", url)].into_iter().find_map(|(field, url)| {
            let url = Url::parse(&url?).ok()?;
            Some((field, vec![without_www(url.host_str()?)]))
        })
    };
    named.or_else(of_page).unwrap_or(("domain", Vec::new()))
}

fn translated(mut event: Fields<'_>) -> Option<Box<RawValue>> {
    // They outlive what borrows from them.
    let texts = ["p", "props", "m", "meta", "$", "revenue"].map(|name| (name, event.json(name)));
    let mut sent = event;
    let mut objects: Vec<(&str, Fields<'_>)> = texts
        .iter()
        .map(|(name, text)| {
            let written = text.as_deref().and_then(Fields::read);
            (*name, written.unwrap_or_else(|| sent.object(name)))
        })
        .collect();
    let mut event = NativeEvent::default();
    for (name, object) in &mut objects {
        if matches!(*name, "$" | "revenue") {
            event.set("revenue", object.revenue("amount", "currency", None));
        }
    }
    let name = sent.peek("n", TYPE_BYTES_MAX).or_else(|| sent.peek("name", TYPE_BYTES_MAX));
    event.set("type", (name.as_deref() == Some("pageview")).then_some("page_view"));
    event.set("type", sent.take("n")).set("type", sent.take("name"));
    let is_by_hash = sent.is("h", "1") || sent.is("h", "true") || sent.is("hashMode", "1");
    if is_by_hash {
        event.set("path", sent.peek("u", URL_BYTES_MAX).or_else(|| sent.peek("url", URL_BYTES_MAX)).and_then(path_of));
    }
    event
        .page(&mut sent, [("url", "u"), ("referrer", "r")])
        .page(&mut sent, [("url", "url"), ("referrer", "referrer")]);
    let width = sent.number("w").filter(|width| (0.0..65_535.0).contains(width));
    event.set("screen", width.map(|width| json!({"width": width})));

    sent.forget(&["d", "domain", "h", "hashMode", "v", "name", "url", "referrer"]);
    if width.is_some() {
        sent.forget(&["w"]);
    }
    sent.rename(&PROPERTIES);
    for (name, object) in objects {
        // What is no money is kept under its name.
        let prefix = if matches!(name, "$" | "revenue") { "revenue." } else { "" };
        sent.join(prefix, object);
    }
    event.with(sent).finish()
}

/// With the fragment, where it names the page.
fn path_of(url: String) -> Option<String> {
    let url = Url::parse(&url).ok()?;
    let fragment = url.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
    Some(format!("{}{fragment}", url.path()))
}

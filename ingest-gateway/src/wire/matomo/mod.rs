//! Matomo's `matomo.php`, as its JavaScript tracker, its SDKs and its libraries speak it: one event in the
//! query or in a form, or several as `{"requests": […]}`.
//!
//! The JavaScript tracker sends a POST that was not answered with 2xx again as a GET.

mod event;

use std::{borrow::Cow, collections::BTreeSet};

use axum::{
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{json, value::RawValue};
use vector_components::validate::ID_BYTES_MAX;

use super::{
    AnswerForm, Asked, Batch, Head, ProjectClaim, ProjectNamed, Said, WireFormat,
    fields::Fields,
    native::{BYTE_ORDER_MARK, array, bearer, not_json},
    query, token_claims, translate,
};
use crate::outcome::{AUTHORIZATION, Answer, Outcome, ProjectSource, RequestError};
use event::{Sender, translated};

/// A form is decoded into copies; those of browsers are beacons, of 64 KiB.
const FORM_BYTES_MAX: usize = 1 << 20;
/// Where a write key stands.
const TOKEN: &str = "token_auth";

/// Matomo's format.
#[derive(Debug)]
pub struct Matomo;

impl WireFormat for Matomo {
    fn name(&self) -> &'static str {
        "matomo"
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/matomo.php", "/piwik.php"]
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::GET, Method::POST]
    }

    fn project(&self, _head: &Head<'_>) -> ProjectNamed {
        ProjectNamed::InBody
    }

    fn decode<'a>(&self, head: &Head<'_>, body: &'a str, events_max: usize) -> Result<Batch<'a>, RequestError> {
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body).trim_ascii();
        let mut claims = Claims::default();
        claims.keys.extend(bearer(head.headers).map(|key| (AUTHORIZATION, key.to_owned())));
        if body.starts_with('{') {
            return bulk(head, body, events_max, claims);
        }
        if body.len() > FORM_BYTES_MAX {
            let bytes = u64::try_from(body.len()).ok();
            return Err(RequestError::TooLarge { what: "form", bytes_max: FORM_BYTES_MAX, bytes });
        }
        // Of a name that stands in both, the query's counts.
        let event = query::object(&[body, head.query()].join("&"))?;
        let form = form(Fields::read(&event).and_then(|fields| fields.peek("send_image", ID_BYTES_MAX)).as_deref());
        let page = head.headers.get(header::REFERER).and_then(|page| page.to_str().ok());
        let batch = translate::each(&[Cow::Borrowed(&*event)], |_, mut fields| {
            claims.take(&mut fields);
            let has_key = !claims.keys.is_empty();
            translated(fields, &Sender { has_key, page, received_at_ms: head.received_at_ms })
        });
        Ok(Batch { project: claims.all(), form, ..batch })
    }

    fn answer(&self, asked: &Asked<'_>, result: Result<Answer, RequestError>) -> Response {
        let answer = match result {
            Ok(answer) => answer,
            Err(error) => return error.into_response(),
        };
        match asked.form {
            AnswerForm::Counts => counts(&answer),
            _ if answer.durable() == 0 => answer.into_response(),
            AnswerForm::Usual => query::picture(),
            AnswerForm::Empty => StatusCode::NO_CONTENT.into_response(),
        }
    }
}

/// How many of a bulk were taken, and which were not.
fn counts(answer: &Answer) -> Response {
    let is_dropped = |(at, outcome): (usize, &Outcome)| matches!(outcome, Outcome::Dropped(_)).then_some(at);
    let dropped: Vec<usize> = answer.outcomes().iter().enumerate().filter_map(is_dropped).collect();
    let (status, code) = match answer.durable() {
        0 => ("error", StatusCode::BAD_REQUEST),
        _ => ("success", StatusCode::OK),
    };
    let (tracked, invalid) = (answer.durable(), dropped.len());
    let json = json!({"status": status, "tracked": tracked, "invalid": invalid, "invalid_indices": dropped});
    (code, [(header::CONTENT_TYPE, "application/json")], json.to_string()).into_response()
}

#[derive(Deserialize)]
struct Bulk<'b> {
    #[serde(borrow)]
    requests: Option<&'b RawValue>,
    #[serde(borrow)]
    token_auth: Option<&'b RawValue>,
    #[serde(borrow)]
    send_image: Option<&'b RawValue>,
}

/// Each request of a bulk is an object, or a query behind its question mark.
fn bulk(head: &Head<'_>, body: &str, events_max: usize, mut claims: Claims) -> Result<Batch<'static>, RequestError> {
    let bulk: Bulk<'_> = serde_json::from_str(body).map_err(not_json)?;
    let requests = bulk.requests.map(|requests| array(requests.get(), events_max)).transpose()?.unwrap_or_default();
    if requests.is_empty() {
        return Err(RequestError::Empty);
    }
    claims.key(bulk.token_auth.and_then(|token| serde_json::from_str::<String>(token.get()).ok()));
    let has_key = !claims.keys.is_empty();
    let mut batch = Batch::default();
    for request in requests {
        let request = as_object(request)?;
        let (written, said) = match Fields::read(&request) {
            Some(mut fields) => {
                let has_key = claims.take(&mut fields) || has_key;
                translated(fields, &Sender { has_key, page: None, received_at_ms: head.received_at_ms })
            }
            None => (Ok(None), Said::default()),
        };
        translate::add(&mut batch, &request, written, said);
    }
    let form = match form(bulk.send_image.map(|value| value.get().trim_matches('"'))) {
        AnswerForm::Empty => AnswerForm::Empty,
        _ => AnswerForm::Counts,
    };
    Ok(Batch { project: claims.all(), form, ..batch })
}

fn as_object(request: Cow<'_, RawValue>) -> Result<Cow<'_, RawValue>, RequestError> {
    let Ok(text) = serde_json::from_str::<Cow<'_, str>>(request.get()) else { return Ok(request) };
    let query = text.split_once('?').map_or(&*text, |(_, query)| query);
    query::object(query).map(Cow::Owned)
}

fn form(send_image: Option<&str>) -> AnswerForm {
    if send_image == Some("0") { AnswerForm::Empty } else { AnswerForm::Usual }
}

/// What the requests say of their project.
#[derive(Default)]
struct Claims {
    sites: BTreeSet<String>,
    /// Each with the field that it stands in.
    keys: BTreeSet<(&'static str, String)>,
}

impl Claims {
    /// Takes them out of a request, since a key must not be stored; whether there was one.
    fn take(&mut self, fields: &mut Fields<'_>) -> bool {
        self.sites.extend(fields.id("idsite"));
        let has_key = self.key(fields.text(TOKEN, ID_BYTES_MAX));
        fields.forget(&["idsite", TOKEN]);
        has_key
    }

    /// Libraries without one send an empty one, or the word for public access.
    fn key(&mut self, key: Option<String>) -> bool {
        let key = key.filter(|key| !key.is_empty() && key != "anonymous");
        let has_key = key.is_some();
        self.keys.extend(key.map(|key| (TOKEN, key)));
        has_key
    }

    fn all(self) -> Vec<ProjectClaim> {
        let claim = |(field, value)| ProjectClaim { source: ProjectSource::Key(field), value };
        let keys = self.keys.into_iter().map(claim);
        let has_keys = keys.len() > 0;
        let mut claims =
            if self.sites.is_empty() && has_keys { Vec::new() } else { token_claims("idsite", self.sites) };
        claims.extend(keys);
        claims
    }
}

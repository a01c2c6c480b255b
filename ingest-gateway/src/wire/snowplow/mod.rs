//! Snowplow's tracker protocol, as its trackers speak it: POST with a `payload_data` of several events, or GET
//! with one in the query.
//!
//! Their retries: everything but 2xx, 400, 401, 403, 410 and 422 is sent again, for ever, and holds up
//! what comes after it. So whatever is final is answered 400.

mod described;
mod event;

use std::{borrow::Cow, collections::BTreeSet};

use axum::{
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use vector_components::{timestamp, validate::ID_BYTES_MAX};

use super::{
    Asked, Batch, Head, ProjectNamed, WireFormat,
    native::{BYTE_ORDER_MARK, array, not_json},
    query, token_claims, translate,
};
use crate::outcome::{Answer, RequestError};
use event::translated;

/// By this header a sender asks that neither its address nor a network's id of it be used.
const ANONYMOUS: &str = "sp-anonymous";

/// Snowplow's format.
#[derive(Debug)]
pub struct Snowplow;

impl WireFormat for Snowplow {
    fn name(&self) -> &'static str {
        "snowplow"
    }

    fn paths(&self) -> &'static [&'static str] {
        &["/com.snowplowanalytics.snowplow/tp2", "/i", "/ice.png"]
    }

    fn methods(&self) -> &'static [Method] {
        &[Method::POST, Method::GET]
    }

    fn project(&self, head: &Head<'_>) -> ProjectNamed {
        match *head.method == Method::POST {
            true => ProjectNamed::InBody,
            false => ProjectNamed::InHead(token_claims("aid", query::value(head.query(), "aid"))),
        }
    }

    fn decode<'a>(&self, head: &Head<'_>, body: &'a str, events_max: usize) -> Result<Batch<'a>, RequestError> {
        let is_anonymous = head.headers.contains_key(ANONYMOUS);
        if *head.method != Method::POST {
            let event = query::object(head.query())?;
            let events = [Cow::Borrowed(&*event)];
            let batch = translate::each(&events, |_, fields| translated(fields, is_anonymous));
            let sent_at_ms = query::value(head.query(), "stm").as_deref().and_then(timestamp::parse_text_ms);
            return Ok(Batch { sent_at_ms, is_anonymous, ..batch });
        }
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body).trim_ascii();
        let payload: Payload<'_> = serde_json::from_str(body).map_err(not_json)?;
        let events = payload.data.map(|data| array(data.get(), events_max)).transpose()?.unwrap_or_default();
        if events.is_empty() {
            return Err(RequestError::Empty);
        }
        let (mut sent_at_ms, mut projects) = (None, BTreeSet::new());
        let batch = translate::each(&events, |_, fields| {
            sent_at_ms = sent_at_ms.or_else(|| timestamp::parse_text_ms(&fields.peek("stm", ID_BYTES_MAX)?));
            projects.extend(fields.peek("aid", ID_BYTES_MAX));
            translated(fields, is_anonymous)
        });
        Ok(Batch { project: token_claims("aid", projects), sent_at_ms, is_anonymous, ..batch })
    }

    fn answer(&self, asked: &Asked<'_>, result: Result<Answer, RequestError>) -> Response {
        match result {
            Ok(answer) if answer.durable() > 0 => match *asked.head.method == Method::POST {
                true => "ok".into_response(),
                false => query::picture(),
            },
            Ok(answer) => answer.into_response(),
            Err(error) => {
                let mut response = error.into_response();
                let is_final = matches!(response.status().as_u16(), 400 | 401 | 403 | 410 | 422);
                if !is_final && response.status() != StatusCode::SERVICE_UNAVAILABLE {
                    *response.status_mut() = StatusCode::BAD_REQUEST;
                }
                response
            }
        }
    }
}

#[derive(Deserialize)]
struct Payload<'b> {
    #[serde(borrow)]
    data: Option<&'b RawValue>,
}

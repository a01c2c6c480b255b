//! `RawEvent → Event`: every field checked once, then trusted.

mod details;
mod fields;
mod identity;
mod limits;

use std::net::IpAddr;

use serde_json::{Map, Value};

pub use identity::event_id;
pub use limits::*;

use crate::{
    enrich::scrub::scrub,
    event::{Event, Hints, Revenue, Screen, WIRE_VERSION},
    rejection::{Reason, Rejection, shown},
    timestamp,
};
use fields::Fields;

/// What the transport knows of an event's arrival.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The project, already checked against the list.
    pub project: String,
    /// Now, in milliseconds since 1970 UTC.
    pub received_at_ms: i64,
    /// The batch's `sent_at` by the client's clock, if it sent one.
    pub sent_at_ms: Option<i64>,
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// The client's `User-Agent`, cut to its limit.
    pub user_agent: String,
    /// Other headers that tell a browser from a program, cut likewise.
    pub hints: Hints<'static>,
}

/// Checks one untrusted JSON value against the event contract.
///
/// Fields the contract does not know are kept among the details, so that a misspelt
/// name is seen rather than lost.
///
/// # Errors
/// The first field at fault, with reason, limit and value.
pub fn validate(raw: Value, arrival: &Arrival) -> Result<Event<'static>, Rejection> {
    let Value::Object(object) = raw else {
        let message = format!("an event must be a JSON object, not {}", fields::kind(&raw));
        return Err(Rejection::new(Reason::NotAnObject, "", message));
    };
    let id_seed = object.clone();
    let mut fields = Fields::new(object);

    let event_type = fields.required_text("type", TYPE_BYTES_MAX)?;
    let user_id = fields.id("user_id")?;
    let anonymous_id = fields.id("anonymous_id")?;
    let session_id = fields.id("session_id")?;
    let sent_timestamp = fields.take("timestamp");
    let timestamp_ms = event_time(sent_timestamp.as_ref(), arrival)?;
    let known_actor = !(user_id.is_empty() && anonymous_id.is_empty() && session_id.is_empty());
    let event_id = match fields.uuid("event_id")? {
        Some(id) => id,
        None => event_id(arrival, &id_seed, sent_timestamp.is_some(), known_actor),
    };
    let path = fields.text("path", PATH_BYTES_MAX)?;
    let locale = fields.text("locale", LOCALE_BYTES_MAX)?;
    let app_version = fields.text("appVersion", APP_VERSION_BYTES_MAX)?;
    let url = fields.text("url", URL_BYTES_MAX)?;
    let referrer = fields.text("referrer", URL_BYTES_MAX)?;
    let title = fields.text("title", TITLE_BYTES_MAX)?;
    let screen = screen(fields.object("screen")?)?;
    let revenue = revenue(fields.object("revenue")?)?;
    let sent_details = fields.object("details")?.unwrap_or_default();
    let details = details::flatten(sent_details, fields.rest())?;

    Ok(Event {
        version: WIRE_VERSION,
        event_id,
        project: arrival.project.clone().into(),
        event_type: event_type.into(),
        timestamp_ms,
        received_at_ms: arrival.received_at_ms,
        sent_at_ms: arrival.sent_at_ms,
        tie_order: 0,
        user_id: user_id.into(),
        anonymous_id: anonymous_id.into(),
        session_id: session_id.into(),
        path: if path.is_empty() { path_of(&url) } else { path }.into(),
        locale: locale.into(),
        app_version: app_version.into(),
        url: scrub(&url).into_owned().into(),
        referrer: scrub(&referrer).into_owned().into(),
        title: title.into(),
        screen,
        revenue,
        details,
        ip: arrival.ip,
        user_agent: arrival.user_agent.clone().into(),
        hints: arrival.hints.clone(),
    })
}

/// The event's time by the server's clock. A client whose `sent_at` is off by more
/// than [`SKEW_MS_MIN`] has a wrong clock, and its timestamps are moved by that much;
/// a smaller difference is network delay, and a retry must keep its timestamp.
fn event_time(sent: Option<&Value>, arrival: &Arrival) -> Result<i64, Rejection> {
    let now_ms = arrival.received_at_ms;
    let Some(value) = sent else { return Ok(now_ms) };
    let Some(client_ms) = timestamp::parse_ms(value) else {
        let message = format!(
            "timestamp {} is not a date: send RFC 3339 such as 2024-04-17T04:04:12Z, or epoch seconds or milliseconds",
            shown(&fields::plain(value))
        );
        return Err(Rejection::new(Reason::InvalidTimestamp, "timestamp", message));
    };
    let skew_ms = arrival.sent_at_ms.map_or(0, |sent_at| now_ms.saturating_sub(sent_at));
    let event_ms = if skew_ms.abs() >= SKEW_MS_MIN { client_ms.saturating_add(skew_ms) } else { client_ms };
    let latest_ms = now_ms.saturating_add(timestamp::FUTURE_MS_MAX);
    if !(timestamp::TIMESTAMP_MS_MIN..=latest_ms).contains(&event_ms) {
        let message = format!(
            "timestamp {} is outside {} … {} (one day from now)",
            shown(&fields::plain(value)),
            timestamp::to_rfc3339(timestamp::TIMESTAMP_MS_MIN),
            timestamp::to_rfc3339(latest_ms)
        );
        return Err(Rejection::new(Reason::TimestampOutOfRange, "timestamp", message));
    }
    Ok(event_ms)
}

fn screen(object: Option<Map<String, Value>>) -> Result<Option<Screen>, Rejection> {
    let Some(object) = object else { return Ok(None) };
    let mut fields = Fields::within("screen", object);
    Ok(Some(Screen { width: fields.pixels("width")?, height: fields.pixels("height")? }))
}

fn revenue(object: Option<Map<String, Value>>) -> Result<Option<Revenue<'static>>, Rejection> {
    let Some(object) = object else { return Ok(None) };
    let mut fields = Fields::within("revenue", object);
    let amount = fields.amount("amount")?;
    let currency = fields.required_text("currency", CURRENCY_BYTES)?;
    if currency.len() != CURRENCY_BYTES || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
        let message =
            format!("revenue.currency {} must be three capital letters (ISO 4217), such as EUR", shown(&currency));
        return Err(Rejection::new(Reason::InvalidValue, "revenue.currency", message));
    }
    Ok(Some(Revenue { amount, currency: currency.into() }))
}

fn path_of(url: &str) -> String {
    url::Url::parse(url).map_or_else(|_| String::new(), |u| u.path().to_owned())
}

#[cfg(test)]
mod tests;

//! `RawEvent → Event`: every field checked once, then trusted.

mod details;
mod fields;
mod identity;
mod limits;
mod object;
mod sent;

use std::{borrow::Cow, net::IpAddr};

use serde_json::value::RawValue;
use uuid::Uuid;

pub use limits::*;

use crate::{
    event::{ClientHeaders, Event, Revenue, Screen, WIRE_VERSION},
    json::Json,
    privacy::scrub,
    rejection::{Reason, Rejection, shown},
    timestamp,
};
use fields::Field;
use object::{Object, ObjectError};
use sent::{Sent, unknown};

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
    pub hints: ClientHeaders<'static>,
}

/// A valid event, and what of its identity the client itself gave. What it did not give depends on
/// the arrival, and is for the caller to keep the same when the event is sent again.
#[derive(Debug)]
pub struct Received<'a> {
    /// The event.
    pub event: Event<'a>,
    /// The client sent an `event_id`.
    pub has_own_id: bool,
    /// The time is the client's: of `timestamp`, or of an `event_id` of UUID version 7.
    pub has_own_time: bool,
    /// What the event itself says of who caused it, if it does. Not believed here.
    pub said: Option<Said<'a>>,
}

/// What an event says of who caused it, beside the arrival of its request: a server's event is of a person
/// whose address and user agent are not the server's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said<'a> {
    /// The person's address; none if what was sent is none.
    pub ip: Option<IpAddr>,
    /// The person's user agent, cut to its limit.
    pub user_agent: Cow<'a, str>,
}

/// As [`receive`], for callers to whom each arrival is an event: one without id and time gets an id
/// out of content and arrival.
///
/// # Errors
/// As [`receive`].
pub fn validate<'a>(raw: &'a RawValue, arrival: &'a Arrival) -> Result<Event<'a>, Rejection> {
    let new_id = |object: &Object<'_>, has_actor| identity::of_arrival(arrival, object, has_actor);
    check(raw, arrival, new_id).map(|received| received.event)
}

/// Checks one untrusted JSON value against the event contract. Nothing is built of what is not a
/// field: the event borrows from `raw`, and nested values stay text.
///
/// Fields the contract does not know are kept among the details, so that a misspelt
/// name is seen rather than lost. `new_id` is for an event that has neither id nor time, and is
/// therefore another one each time it arrives.
///
/// # Errors
/// The first field at fault, with reason, limit and value.
pub fn receive<'a>(
    raw: &'a RawValue,
    arrival: &'a Arrival,
    new_id: impl FnOnce() -> Uuid,
) -> Result<Received<'a>, Rejection> {
    check(raw, arrival, |_, _| new_id())
}

fn check<'a>(
    raw: &'a RawValue,
    arrival: &'a Arrival,
    new_id: impl FnOnce(&Object<'a>, bool) -> Uuid,
) -> Result<Received<'a>, Rejection> {
    let object = read(Json::new(raw))?;
    let sent = Sent::of(&object);

    let event_type = sent.event_type.required_string(TYPE_BYTES_MAX)?;
    let user_id = sent.user_id.id()?;
    let anonymous_id = sent.anonymous_id.id()?;
    let session_id = sent.session_id.id()?;
    let has_actor = !(user_id.is_empty() && anonymous_id.is_empty() && session_id.is_empty());
    let own_id = sent.event_id.uuid()?;
    let own_time = own_time(&sent, own_id.as_ref(), arrival)?;
    let event_id = own_id.unwrap_or_else(|| match own_time {
        Some(_) => identity::of_content(arrival, &object, has_actor),
        None => new_id(&object, has_actor),
    });
    let path = sent.path.string(PATH_BYTES_MAX)?;
    let locale = sent.locale.string(LOCALE_BYTES_MAX)?;
    let app_version = sent.app_version.string(APP_VERSION_BYTES_MAX)?;
    let url = sent.url.string(URL_BYTES_MAX)?;
    let referrer = sent.referrer.string(URL_BYTES_MAX)?;
    let title = sent.title.string(TITLE_BYTES_MAX)?;
    let screen = screen(sent.screen.object(FIELDS_MAX)?)?;
    let revenue = revenue(sent.revenue.object(FIELDS_MAX)?)?;
    let said = said(&sent);
    let details = details::flatten(sent.details.object(FIELDS_MAX)?, unknown(object))?;

    let event = Event {
        version: WIRE_VERSION,
        event_id,
        project: arrival.project.as_str().into(),
        event_type,
        timestamp_ms: own_time.unwrap_or(arrival.received_at_ms),
        received_at_ms: arrival.received_at_ms,
        sent_at_ms: arrival.sent_at_ms,
        tie_order: 0,
        user_id,
        anonymous_id,
        session_id,
        path: if path.is_empty() { path_of(&url).into() } else { path },
        locale,
        app_version,
        url: without_secrets(url),
        referrer: without_secrets(referrer),
        title,
        screen,
        revenue,
        details,
        ip: arrival.ip,
        user_agent: arrival.user_agent.as_str().into(),
        hints: arrival.hints.borrowed(),
    };
    Ok(Received { event, has_own_id: own_id.is_some(), has_own_time: own_time.is_some(), said })
}

/// Of no type that is refused: before these fields had a meaning, anything may have been sent in them.
fn said<'a>(sent: &Sent<'a>) -> Option<Said<'a>> {
    sent.ip.value().or(sent.user_agent.value())?;
    let text = |field: Field<'a>| field.value().and_then(Json::string).and_then(Result::ok);
    let user_agent = match text(sent.user_agent).unwrap_or_default() {
        Cow::Borrowed(agent) => Cow::Borrowed(&agent[..agent.floor_char_boundary(USER_AGENT_BYTES_MAX)]),
        Cow::Owned(mut agent) => {
            agent.truncate(agent.floor_char_boundary(USER_AGENT_BYTES_MAX));
            Cow::Owned(agent)
        }
    };
    Some(Said { ip: text(sent.ip).and_then(|ip| ip.trim().parse().ok()), user_agent })
}

fn read(json: Json<'_>) -> Result<Object<'_>, Rejection> {
    let bytes = json.text().len();
    if json.kind() != "an object" {
        let message = format!("an event must be a JSON object, not {}", json.kind());
        return Err(Rejection::new(Reason::NotAnObject, "", message));
    }
    if bytes > EVENT_BYTES_MAX {
        let message = format!("the event has {bytes} bytes, at most {EVENT_BYTES_MAX} are allowed");
        return Err(Rejection::new(Reason::TooLarge, "", message));
    }
    Object::read(json, FIELDS_MAX).map_err(|error| match error {
        ObjectError::TooMany(count) => fields::too_many("", count, FIELDS_MAX),
        ObjectError::Unreadable(error) => fields::unreadable("", &error),
    })
}

/// The time that the client gave. It is taken as it stands, however wrong the client's clock may
/// be: a correction by the arrival would make another event of a retry.
fn own_time(sent: &Sent<'_>, id: Option<&Uuid>, arrival: &Arrival) -> Result<Option<i64>, Rejection> {
    let Some(value) = sent.timestamp.value() else {
        let Some((id, ms)) = id.and_then(|id| Some((id, identity::time_ms(id)?))) else { return Ok(None) };
        let shown = || format!("{id}, whose time is {},", timestamp::to_rfc3339(ms));
        return in_range("event_id", shown, ms, arrival);
    };
    let Some(ms) = timestamp::json_ms(value) else {
        let message = format!(
            "timestamp {} is not a date: send RFC 3339 such as 2024-04-17T04:04:12Z, or epoch seconds or milliseconds",
            shown(&value.shown())
        );
        return Err(Rejection::new(Reason::InvalidTimestamp, "timestamp", message));
    };
    in_range("timestamp", || shown(&value.shown()), ms, arrival)
}

fn in_range(field: &str, shown: impl FnOnce() -> String, ms: i64, arrival: &Arrival) -> Result<Option<i64>, Rejection> {
    let latest_ms = arrival.received_at_ms.saturating_add(timestamp::FUTURE_MS_MAX);
    if (timestamp::TIMESTAMP_MS_MIN..=latest_ms).contains(&ms) {
        return Ok(Some(ms));
    }
    let message = format!(
        "{field} {} is outside {} … {} (one day from now)",
        shown(),
        timestamp::to_rfc3339(timestamp::TIMESTAMP_MS_MIN),
        timestamp::to_rfc3339(latest_ms)
    );
    Err(Rejection::new(Reason::TimestampOutOfRange, field, message))
}

fn screen(object: Option<Object<'_>>) -> Result<Option<Screen>, Rejection> {
    let Some(object) = object else { return Ok(None) };
    let (mut width, mut height) = (Field::absent("screen.width"), Field::absent("screen.height"));
    for (name, value) in object {
        match &*name {
            "width" => width.set(value),
            "height" => height.set(value),
            _ => {}
        }
    }
    Ok(Some(Screen { width: width.pixels()?, height: height.pixels()? }))
}

fn revenue(object: Option<Object<'_>>) -> Result<Option<Revenue<'_>>, Rejection> {
    let Some(object) = object else { return Ok(None) };
    let (mut amount, mut currency) = (Field::absent("revenue.amount"), Field::absent("revenue.currency"));
    for (name, value) in object {
        match &*name {
            "amount" => amount.set(value),
            "currency" => currency.set(value),
            _ => {}
        }
    }
    let amount = amount.amount()?;
    let currency = currency.required_string(CURRENCY_BYTES)?;
    if currency.len() != CURRENCY_BYTES || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
        let message =
            format!("revenue.currency {} must be three capital letters (ISO 4217), such as EUR", shown(&currency));
        return Err(Rejection::new(Reason::InvalidValue, "revenue.currency", message));
    }
    Ok(Some(Revenue { amount, currency }))
}

fn without_secrets(url: Cow<'_, str>) -> Cow<'_, str> {
    match url {
        Cow::Borrowed(url) => scrub(url),
        Cow::Owned(url) => scrub(&url).into_owned().into(),
    }
}

fn path_of(url: &str) -> String {
    url::Url::parse(url).map_or_else(|_| String::new(), |u| u.path().to_owned())
}

#[cfg(test)]
mod tests;

//! Umami's `website_event.csv`: one line an event. Umami's session is a visitor within a
//! month, its visit is a session.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, Value, json};
use vector_components::Enricher;

use super::{
    dropped::Dropped,
    rows::{event_id, from_event, take},
};

/// Umami's `event_type`: 1 is a page view, 2 an event with a name.
const CUSTOM_EVENT: &str = "2";

/// Umami's name and ours.
const COLUMNS: [(&str, &str); 9] = [
    ("browser", "browser"),
    ("os", "os"),
    ("device", "device_type"),
    ("country", "country"),
    ("region", "region"),
    ("subdivision1", "region"),
    ("city", "city"),
    ("hostname", "hostname"),
    ("distinct_id", "user_id"),
];

/// A row out of a line.
pub fn row(project: &str, enricher: &Enricher, mut record: Map<String, Value>) -> Result<Vec<u8>, Dropped> {
    let id = take(&mut record, "event_id");
    if id.is_empty() {
        return Err(Dropped::NoEventId);
    }
    let name = take(&mut record, "event_name");
    let custom = take(&mut record, "event_type") == CUSTOM_EVENT && !name.is_empty();
    let (hostname, path) = (take(&mut record, "hostname"), take(&mut record, "url_path"));
    let query = match take(&mut record, "url_query") {
        query if query.is_empty() => String::new(),
        query => format!("?{}", query.trim_start_matches('?')),
    };
    let referrer_domain = take(&mut record, "referrer_domain");
    let referrer = match referrer_domain.as_str() {
        "" => String::new(),
        domain => format!("https://{domain}{}", take(&mut record, "referrer_path")),
    };
    let url = if hostname.is_empty() { String::new() } else { format!("https://{hostname}{path}{query}") };
    let mut event = json!({
        "event_id": event_id("umami", &id),
        "type": if custom { name } else { "page_view".to_owned() },
        "timestamp": created_at(take(&mut record, "created_at")),
        "anonymous_id": take(&mut record, "session_id"),
        "session_id": take(&mut record, "visit_id"),
        "locale": take(&mut record, "language"),
        "path": path,
        "url": url,
        "title": take(&mut record, "page_title"),
        "referrer": referrer,
    });
    if let Some((width, height)) = take(&mut record, "screen").split_once('x')
        && let (Ok(width), Ok(height)) = (width.parse::<u16>(), height.parse::<u16>())
    {
        event["screen"] = json!({"width": width, "height": height});
    }
    let mut known = Map::new();
    for (theirs, ours) in COLUMNS {
        let value = take(&mut record, theirs);
        match ours {
            "device_type" => drop(known.insert(ours.into(), device_type(&value).into())),
            "user_id" if !value.is_empty() => event["user_id"] = value.into(),
            "user_id" => {}
            _ if value.is_empty() => {}
            _ => drop(known.insert(ours.into(), value.into())),
        }
    }
    from_event(project, enricher, &event, &known)
}

/// PostgreSQL writes an instant with its session's offset, hours alone if there are no minutes:
/// `2026-05-01 12:00:01.123456+02`.
fn created_at(theirs: String) -> String {
    match DateTime::parse_from_str(&theirs, "%Y-%m-%d %H:%M:%S%.f%#z") {
        Ok(instant) => instant.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Millis, true),
        Err(_) => theirs,
    }
}

fn device_type(theirs: &str) -> &'static str {
    match theirs {
        "desktop" | "laptop" => "desktop",
        "mobile" => "mobile",
        "tablet" => "tablet",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_read_with_every_offset_that_postgresql_writes() {
        for (theirs, instant) in [
            ("2026-05-01 10:00:00+00", "2026-05-01T10:00:00.000Z"),
            ("2026-05-01 10:00:01.123+00", "2026-05-01T10:00:01.123Z"),
            ("2026-05-01 12:00:01.123456+02", "2026-05-01T10:00:01.123Z"),
            ("2026-05-01 15:30:00+05:30", "2026-05-01T10:00:00.000Z"),
            ("2026-04-30 22:30:00-11:30", "2026-05-01T10:00:00.000Z"),
            ("2026-04-30 23:00:00-11", "2026-05-01T10:00:00.000Z"),
            // MySQL's and ClickHouse's, without an offset, and what is no date are left to the contract.
            ("2026-05-01 10:00:00", "2026-05-01 10:00:00"),
            ("2026-05-01T10:00:00Z", "2026-05-01T10:00:00Z"),
            ("yesterday", "yesterday"),
        ] {
            assert_eq!(created_at(theirs.to_owned()), instant, "{theirs}");
        }
    }
}

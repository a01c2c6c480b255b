//! Rows of `analytics.events` from what a source gives.

use serde::Deserialize;
use serde_json::{Map, Value, value::to_raw_value};
use uuid::Uuid;
use vector_components::{Arrival, Enricher, Privacy, enrich::VisitorSalt, event::Hints, timestamp, validate};

/// The namespace of ids that are made of a source's own.
const NAMESPACE: Uuid = Uuid::from_u128(0x3b9a_21c4_61f2_5d0e_9a77_40d1_2c5e_8f60);

/// What tells a row of ours from an event of a client.
#[derive(Deserialize)]
struct Probe {
    project: Option<String>,
    ts: Option<String>,
    visitor: Option<u64>,
    event_id: Option<Value>,
}

/// A line of our own export as it stands, or an event as clients send it.
pub fn from_line(project: &str, enricher: &Enricher, line: &str) -> Result<Vec<u8>, String> {
    let probe: Probe = serde_json::from_str(line).map_err(|_| "not_json".to_owned())?;
    match probe {
        Probe { project: Some(of), ts: Some(_), visitor: Some(_), event_id: Some(Value::Number(_)) }
            if of == project =>
        {
            Ok(line.trim_end().as_bytes().to_vec())
        }
        Probe { ts: Some(_), visitor: Some(_), project: Some(_), .. } => Err("row of another project".into()),
        _ => {
            let event: Value = serde_json::from_str(line).map_err(|_| "not_json".to_owned())?;
            let has_time = event.get("timestamp").is_some_and(|value| !value.is_null());
            if !has_time {
                // It would be a new event at every import.
                return Err("no timestamp".into());
            }
            from_event(project, enricher, event, &Map::new())
        }
    }
}

/// An event in the form of docs/events.md, with columns that the source knows better than
/// the enrichment, which has neither address nor user agent here.
pub fn from_event(
    project: &str,
    enricher: &Enricher,
    event: Value,
    known: &Map<String, Value>,
) -> Result<Vec<u8>, String> {
    let at_ms = event.get("timestamp").and_then(timestamp::parse_ms).ok_or("invalid_timestamp")?;
    let arrival = Arrival {
        project: project.to_owned(),
        // It arrived when it happened: what is not known is not made up.
        received_at_ms: at_ms,
        sent_at_ms: None,
        ip: None,
        user_agent: String::new(),
        hints: Hints::default(),
    };
    let raw = to_raw_value(&event).map_err(|e| e.to_string())?;
    let mut event = validate(&raw, &arrival).map_err(|rejection| rejection.reason.as_str().to_owned())?;
    Privacy::default().apply(&mut event);
    if event.user_id.is_empty() && event.anonymous_id.is_empty() && event.session_id.is_empty() {
        return Err("nobody: neither user_id, anonymous_id nor session_id".into());
    }
    let enriched = enricher.enrich(&event, &VisitorSalt([0; 16]));
    if known.is_empty() {
        return serde_json::to_vec(&enriched.row()).map_err(|e| e.to_string());
    }
    let mut row = serde_json::to_value(enriched.row()).map_err(|e| e.to_string())?;
    for (name, value) in known.iter().filter(|(_, value)| !value.is_null() && *value != "") {
        row[name] = value.clone();
    }
    serde_json::to_vec(&row).map_err(|e| e.to_string())
}

/// An event's id out of the source's own.
pub fn event_id(source: &str, id: &str) -> String {
    Uuid::new_v5(&NAMESPACE, format!("{source}\n{id}").as_bytes()).to_string()
}

/// Takes a text out of a record.
pub fn take(record: &mut Map<String, Value>, name: &str) -> String {
    match record.remove(name) {
        Some(Value::String(text)) => text,
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

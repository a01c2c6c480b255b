//! Rows of `analytics.events` from a source's records.

use std::{borrow::Cow, collections::BTreeMap};

use serde::{Deserialize, Serialize};
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};
use uuid::Uuid;
use vector_components::{Arrival, Enricher, Privacy, enrich::VisitorSalt, event::ClientHeaders, timestamp, validate};

use super::dropped::{Dropped, unquoted};

/// The namespace of ids that are made of a source's own.
const NAMESPACE: Uuid = Uuid::from_u128(0x3b9a_21c4_61f2_5d0e_9a77_40d1_2c5e_8f60);

/// What tells a row of ours from an event of a client, which has a `type` and details of any name.
#[derive(Deserialize)]
struct Probe<'a> {
    #[serde(borrow)]
    project: Option<&'a RawValue>,
    #[serde(borrow)]
    ts: Option<&'a RawValue>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    visitor: Option<&'a RawValue>,
    #[serde(borrow)]
    event_id: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
}

/// A line of our own export, or an event as clients send it.
pub fn from_line(project: &str, enricher: &Enricher, line: &str) -> Result<Vec<u8>, Dropped> {
    let line = line.trim();
    let probe: Probe<'_> = match serde_json::from_str(line) {
        Ok(probe) if line.starts_with('{') => probe,
        Ok(_) | Err(_) => return Err(Dropped::NotJson),
    };
    if let Some((of, ts)) = probe.row() {
        return from_row(project, line, &of, ts);
    }
    let sent = probe.timestamp.ok_or(Dropped::NoTimestamp)?;
    let at_ms = timestamp::parse_json_ms(sent).ok_or_else(|| Dropped::timestamp(sent.get()))?;
    let event = serde_json::from_str(line).map_err(|_| Dropped::NotJson)?;
    stored(project, enricher, event, at_ms, &Map::new())
}

impl<'a> Probe<'a> {
    /// Project and instant, if it is a row of ours.
    fn row(&self) -> Option<(String, &'a RawValue)> {
        let text = |json: Option<&RawValue>| json.and_then(|json| serde_json::from_str::<String>(json.get()).ok());
        // ClickHouse quotes 64-bit integers if it is set to.
        let is_integer = |json: Option<&RawValue>| json.is_some_and(|json| unquoted(json.get()).parse::<u64>().is_ok());
        let is_row = text(self.event).is_some() && is_integer(self.visitor) && is_integer(self.event_id);
        Some((text(self.project)?, self.ts?)).filter(|_| is_row)
    }
}

/// A row of `analytics.events` as it stands; an instant that is a number in ClickHouse's form.
fn from_row(project: &str, line: &str, of: &str, ts: &RawValue) -> Result<Vec<u8>, Dropped> {
    if of != project {
        return Err(Dropped::OtherProject(of.to_owned()));
    }
    let at_ms = timestamp::parse_json_ms(ts).ok_or_else(|| Dropped::timestamp(ts.get()))?;
    if ts.get().starts_with('"') {
        return Ok(line.as_bytes().to_vec());
    }
    let mut row: BTreeMap<String, Cow<'_, RawValue>> = serde_json::from_str(line).map_err(|_| Dropped::NotJson)?;
    let ts = to_raw_value(timestamp::to_clickhouse(at_ms).as_str()).map_err(Dropped::unwritable)?;
    row.insert("ts".to_owned(), Cow::Owned(ts));
    written(&row)
}

/// An event in the form of docs/events.md, with columns that the source knows better than
/// the enrichment, which has neither address nor user agent here.
pub fn from_event(
    project: &str,
    enricher: &Enricher,
    event: &Value,
    known: &Map<String, Value>,
) -> Result<Vec<u8>, Dropped> {
    let sent = &event["timestamp"];
    let at_ms = timestamp::parse_ms(sent).ok_or_else(|| Dropped::timestamp(&sent.to_string()))?;
    let event = to_raw_value(event).map_err(Dropped::unwritable)?;
    stored(project, enricher, &event, at_ms, known)
}

/// Validate → redact → enrich, as the gateway does.
fn stored(
    project: &str,
    enricher: &Enricher,
    event: &RawValue,
    at_ms: i64,
    known: &Map<String, Value>,
) -> Result<Vec<u8>, Dropped> {
    let arrival = Arrival {
        project: project.to_owned(),
        // It arrived when it happened: what is not known is not made up.
        received_at_ms: at_ms,
        sent_at_ms: None,
        ip: None,
        user_agent: String::new(),
        hints: ClientHeaders::default(),
    };
    let mut event = validate(event, &arrival).map_err(Dropped::Rejected)?;
    Privacy::default().apply(&mut event);
    if event.user_id.is_empty() && event.anonymous_id.is_empty() && event.session_id.is_empty() {
        return Err(Dropped::Nobody);
    }
    let enriched = enricher.enrich(&event, &VisitorSalt([0; 16]));
    if known.is_empty() {
        return written(&enriched.row());
    }
    let mut row = serde_json::to_value(enriched.row()).map_err(Dropped::unwritable)?;
    for (name, value) in known.iter().filter(|(_, value)| !value.is_null() && *value != "") {
        row[name] = value.clone();
    }
    written(&row)
}

fn written(row: &impl Serialize) -> Result<Vec<u8>, Dropped> {
    serde_json::to_vec(row).map_err(Dropped::unwritable)
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

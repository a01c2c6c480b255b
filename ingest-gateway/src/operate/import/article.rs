//! The article's table `data`: its own columns, and what its Vector added, by name.

use serde_json::{Map, Value, json};
use vector_components::Enricher;

use super::{
    dropped::Dropped,
    rows::{event_id, from_event, take},
};

/// The article's name of a column, and ours.
const COLUMNS: [(&str, &str); 14] = [
    ("browser", "browser"),
    ("browser_family", "browser"),
    ("browser_version", "browser_version"),
    ("os", "os"),
    ("os_family", "os"),
    ("os_version", "os_version"),
    ("device", "device_type"),
    ("device_category", "device_type"),
    ("brand", "device_brand"),
    ("device_brand", "device_brand"),
    ("model", "device_model"),
    ("country", "country"),
    ("region", "region"),
    ("city", "city"),
];

/// A row made from one of the article's. Its identity is the complete record: the article has no ids, so
/// equal records are one event.
pub fn row(project: &str, enricher: &Enricher, mut record: Map<String, Value>) -> Result<Vec<u8>, Dropped> {
    if let Some(of) = record.get("project").and_then(Value::as_str).filter(|of| *of != project) {
        return Err(Dropped::OtherProject(of.to_owned()));
    }
    let id = event_id("lab", &Value::Object(record.clone()).to_string());
    let event = json!({
        "event_id": id,
        "type": take(&mut record, "type"),
        "timestamp": take(&mut record, "timestamp"),
        "user_id": take(&mut record, "user_id"),
        "session_id": take(&mut record, "session_id"),
        "locale": take(&mut record, "locale"),
        "path": take(&mut record, "path"),
        "appVersion": take(&mut record, "appVersion"),
        "details": record.remove("details").unwrap_or_else(|| json!({})),
    });
    let mut known = Map::new();
    for (theirs, ours) in COLUMNS {
        if let Some(value) = record.remove(theirs).filter(Value::is_string) {
            known.insert(ours.to_owned(), value);
        }
    }
    for place in ["latitude", "longitude"] {
        if let Some(value) = record.remove(place).filter(Value::is_number) {
            known.insert(place.to_owned(), value);
        }
    }
    from_event(project, enricher, &event, &known)
}

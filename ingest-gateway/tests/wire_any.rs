//! Whatever other clients' formats are sent: no panic, and as many events as the body has, each of
//! them JSON that fits the memory held for it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed invariant here is a failed test")]

use axum::http::{HeaderMap, Method, Uri};
use ingest_gateway::wire::{FORMATS, Head};
use proptest::prelude::*;
use serde_json::{Value, json};

const EVENTS_MAX: usize = 8;
/// What writing an event anew may add to it: names of fields, and what is known without being sent.
const ADDED_BYTES_MAX: usize = 512;
const NAMES: [&str; 60] = [
    "event",
    "type",
    "name",
    "n",
    "properties",
    "context",
    "payload",
    "traits",
    "uuid",
    "messageId",
    "timestamp",
    "offset",
    "distinct_id",
    "userId",
    "anonymousId",
    "$device_id",
    "$is_identified",
    "$session_id",
    "$current_url",
    "$referrer",
    "$ip",
    "$screen_width",
    "$screen_height",
    "page",
    "app",
    "screen",
    "url",
    "u",
    "referrer",
    "hostname",
    "data",
    "website",
    "d",
    "domain",
    "p",
    "$",
    "amount",
    "currency",
    "revenue",
    "h",
    "e",
    "eid",
    "dtm",
    "ue_px",
    "ue_pr",
    "cx",
    "co",
    "se_ac",
    "res",
    "tr_tt",
    "params",
    "timestamp_micros",
    "idsite",
    "rec",
    "r",
    "cdt",
    "cip",
    "e_a",
    "idgoal",
    "token_auth",
];

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,30}".prop_map(Value::from),
        prop::sample::select(
            &[
                "$pageview",
                "$identify",
                "track",
                "page",
                "event",
                "pageview",
                "https://a.example/b?c#d",
                "/a",
                "1x2",
                "{\"a\":1}",
                "{\"amount\":\"1\",\"currency\":\"EUR\"}",
                "018ee9a4-0000-7000-8000-000000000001",
                "2024-04-17",
                "ue",
                "pv",
                "?rec=1&url=%22%01",
                "eyJzY2hlbWEiOiJhL2IiLCJkYXRhIjp7InNjaGVtYSI6ImEvYiIsImRhdGEiOnsieCI6MX19fQ",
                "{\"schema\":\"a/b\",\"data\":[{\"schema\":\"a/b\",\"data\":{\"x\":1}}]}"
            ][..]
        )
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 40, 10, |inner| {
        let name = prop_oneof![prop::sample::select(&NAMES[..]).prop_map(str::to_owned), ".{0,6}"];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..10)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Each format's bodies of these events, with its path.
fn bodies(events: &[Value]) -> Vec<(&'static str, String, usize)> {
    let all = Value::from(events.to_vec()).to_string();
    let mut bodies = vec![
        ("/batch/", json!({"batch": events, "api_key": "app", "sent_at": "2024-04-17"}).to_string(), events.len()),
        ("/e/", all.clone(), events.len()),
        ("/i/v1/analytics/events", json!({"batch": events}).to_string(), events.len()),
        ("/v1/batch", json!({"batch": events, "writeKey": "app"}).to_string(), events.len()),
        ("/api/batch", all.clone(), events.len()),
        ("/com.snowplowanalytics.snowplow/tp2", json!({"data": events}).to_string(), events.len()),
        ("/mp/collect", json!({"client_id": "a", "events": events}).to_string(), events.len()),
        ("/matomo.php", json!({"requests": events}).to_string(), events.len()),
    ];
    for event in events {
        for path in ["/v1/t", "/v1/page", "/api/send", "/api/event"] {
            bodies.push((path, event.to_string(), 1));
        }
    }
    bodies
}

proptest! {
    #[test]
    fn every_event_is_an_event(events in prop::collection::vec(any_value(), 1..5)) {
        for (path, body, count) in bodies(&events) {
            let format = FORMATS.iter().find(|format| format.paths().contains(&path)).unwrap();
            let (uri, headers) = (path.parse::<Uri>().unwrap(), HeaderMap::new());
            let head = Head { method: &Method::POST, uri: &uri, headers: &headers, path, received_at_ms: 0 };
            let _ = format.project(&head);
            // Segment's single event must be an object, or it could not name its project.
            let Ok(batch) = format.decode(&head, &body, EVENTS_MAX) else {
                prop_assert!(path.starts_with("/v1/") && path != "/v1/batch", "{path} {body}");
                continue;
            };
            // Plausible's event is one for each of its domains.
            let count = if path == "/api/event" { batch.named.len().max(1) } else { count };
            prop_assert_eq!(batch.events.len(), count, "{} {}", path, body);
            prop_assert!(batch.said.is_empty() || batch.said.len() == count);
            prop_assert!(batch.named.is_empty() || batch.named.len() == count && batch.project.is_empty());
            let copies = if path == "/api/event" { count } else { 1 };
            prop_assert!(batch.translated_bytes() <= body.len() * copies + count * ADDED_BYTES_MAX, "{path} {body}");
            for event in &batch.events {
                prop_assert!(serde_json::from_str::<Value>(event.get()).is_ok(), "{path} {}", event.get());
            }
        }
    }

    #[test]
    fn any_text_is_decoded_or_refused(body in "\\PC{0,60}", query in "[a-z=&%0-9_]{0,30}") {
        for format in FORMATS {
            for path in format.paths() {
                let Ok(uri) = format!("{path}?{query}").parse::<Uri>() else { continue };
                for method in format.methods() {
                    let head = Head { method, uri: &uri, headers: &HeaderMap::new(), path, received_at_ms: 0 };
                    let _ = format.project(&head);
                    let batch = format.decode(&head, &body, EVENTS_MAX);
                    for event in batch.iter().flat_map(|batch| &batch.events) {
                        prop_assert!(serde_json::from_str::<Value>(event.get()).is_ok(), "{path} {}", event.get());
                    }
                }
            }
        }
    }
}

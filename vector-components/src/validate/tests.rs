//! Golden pairs: each file under testdata/events is one raw event and what becomes of it.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::enrich::{Enricher, Geo, UserAgents, VisitorSalt};

fn arrival() -> Arrival {
    Arrival {
        project: "app".into(),
        received_at_ms: 1_713_330_000_000,
        sent_at_ms: None,
        ip: Some("81.2.69.160".parse().unwrap()),
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36".into(),
        hints: Hints { seen: true, accept_language: "en".into(), ..Hints::default() },
    }
}

#[test]
fn golden_pairs() {
    let city = include_bytes!("../../testdata/geoip/GeoLite2-City-Test.mmdb").to_vec();
    let asn = include_bytes!("../../testdata/geoip/ASN-Test.mmdb").to_vec();
    let geo = Geo::of(Some(city), Some(asn)).unwrap();
    let enricher = Enricher::new(UserAgents::new().unwrap(), Some(geo));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/events");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 8, "golden pairs are missing from {folder}");
    for file in files {
        let mut pair: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let got = match validate(pair["raw"].clone(), &arrival()) {
            Err(rejection) => json!({ "rejection": rejection }),
            Ok(event) => json!({ "event": event, "row": enricher.enrich(&event, &VisitorSalt([7; 16])).row() }),
        };
        // Read back as the file was, since reading a number may round it.
        let got: Value = serde_json::from_str(&got.to_string()).unwrap();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            pair["becomes"] = got;
            std::fs::write(&file, serde_json::to_string_pretty(&pair).unwrap() + "\n").unwrap();
        } else {
            assert_eq!(pair["becomes"], got, "{}", file.display());
        }
    }
}

#[test]
fn an_event_survives_its_json_form() {
    let raw = json!({"type": "buy", "user_id": 7, "timestamp": 1_713_326_652_123_i64, "screen": {"width": 390, "height": 844},
        "revenue": {"amount": 9.99, "currency": "EUR"}, "details": {"plan": "pro", "n": 3}});
    let event = validate(raw, &arrival()).unwrap();
    let text = serde_json::to_string(&event).unwrap();
    let back: Event<'_> = serde_json::from_str(&text).unwrap();
    assert_eq!(back, event);
}

#[test]
fn a_retry_is_the_same_event_and_a_second_event_is_not() {
    let id = |raw: Value, arrival: &Arrival| validate(raw, arrival).unwrap().event_id;
    let (first, mut later) = (arrival(), arrival());
    later.received_at_ms += 5_000;
    let timed = json!({"type": "a", "timestamp": "2024-04-17T04:04:12", "user_id": "1"});
    assert_eq!(id(timed.clone(), &first), id(timed.clone(), &later));
    let untimed = json!({"type": "a", "user_id": "1"});
    assert_ne!(id(untimed.clone(), &first), id(untimed, &later), "no timestamp: two arrivals are two events");
    later.ip = None;
    assert_eq!(id(timed, &first), id(json!({"user_id": "1", "timestamp": "2024-04-17T04:04:12", "type": "a"}), &later));
    let nobody = json!({"type": "a", "timestamp": "2024-04-17T04:04:12"});
    assert_ne!(id(nobody.clone(), &first), id(nobody, &later), "two addresses without ids are two people");
}

#[test]
fn a_wrong_clock_is_corrected_and_network_delay_is_not() {
    let raw = json!({"type": "a", "timestamp": "2024-04-16T05:00:00Z"});
    let at = |sent_at_ms| {
        let arrival = Arrival { sent_at_ms: Some(sent_at_ms), ..arrival() };
        validate(raw.clone(), &arrival).unwrap().timestamp_ms
    };
    let day_ms = 86_400_000;
    assert_eq!(at(arrival().received_at_ms - day_ms), 1_713_243_600_000 + day_ms);
    assert_eq!(at(arrival().received_at_ms - 59_999), 1_713_243_600_000);
}

proptest! {
    /// No input panics, and what is accepted is within the limits.
    #[test]
    fn any_json_is_accepted_or_refused(raw in any_json()) {
        match validate(raw, &arrival()) {
            Ok(event) => prop_assert!(!event.event_type.is_empty() && event.details.len() <= DETAILS_MAX),
            Err(rejection) => prop_assert!(!rejection.message.is_empty()),
        }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("type".to_owned()),
        Just("timestamp".to_owned()),
        Just("details".to_owned()),
        Just("screen".to_owned()),
        Just("revenue".to_owned()),
        Just("event_id".to_owned()),
        Just("url".to_owned()),
        ".{0,8}",
    ];
    leaf.prop_recursive(3, 32, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..8).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

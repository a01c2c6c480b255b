//! Golden pairs: each file under testdata/events is one raw event and what becomes of it.

use proptest::prelude::*;
use serde_json::{Value, json, value::to_raw_value};

use super::*;
use crate::enrich::{Enricher, Geo, UserAgents, VisitorSalt};
use crate::json::any_json;

fn arrival() -> Arrival {
    Arrival {
        project: "app".into(),
        received_at_ms: 1_713_330_000_000,
        sent_at_ms: None,
        ip: Some("81.2.69.160".parse().unwrap()),
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36".into(),
        hints: ClientHeaders { observed: true, accept_language: "en".into(), ..ClientHeaders::default() },
    }
}

fn raw(value: &Value) -> Box<RawValue> {
    to_raw_value(value).unwrap()
}

/// As a client writes it.
fn text(json: &str) -> &RawValue {
    serde_json::from_str(json).unwrap()
}

/// Reason and field of what is refused.
fn refused(json: &str) -> (Reason, String) {
    let rejection = validate(text(json), &arrival()).unwrap_err();
    assert!(rejection.message.len() > 10, "{rejection:?}");
    (rejection.reason, rejection.field)
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
        let (raw, arrival) = (raw(&pair["raw"]), arrival());
        let got = match validate(&raw, &arrival) {
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
    let sent = json!({"type": "buy", "user_id": 7, "timestamp": 1_713_326_652_123_i64, "screen": {"width": 390, "height": 844},
        "revenue": {"amount": 9.99, "currency": "EUR"}, "details": {"plan": "pro", "n": 3}});
    let (raw, arrival) = (raw(&sent), arrival());
    let event = validate(&raw, &arrival).unwrap();
    let text = serde_json::to_string(&event).unwrap();
    let back: Event<'_> = serde_json::from_str(&text).unwrap();
    assert_eq!(back, event);
}

#[test]
fn nothing_nested_is_built_and_numbers_keep_their_digits() {
    let sent = r#"{"type": "a", "user_id": 98765432109876543210987, "details": {
        "order": 12345678901234567890123, "price": 1.50, "list": [ 1, {"b": 2, "a": "x \" y"} ], "b": "1", "b": "2"}, "other": true}"#;
    let arrival = arrival();
    let event = validate(text(sent), &arrival).unwrap();
    assert_eq!(
        event.details.iter().collect::<Vec<_>>(),
        [
            ("b", "2"),
            ("list", r#"[1,{"b":2,"a":"x \" y"}]"#),
            ("order", "12345678901234567890123"),
            ("other", "true"),
            ("price", "1.50")
        ]
    );
    assert_eq!(event.user_id, "98765432109876543210987");
    for borrowed in [&event.event_type, &event.user_id, &event.project, &event.user_agent] {
        assert!(matches!(borrowed, Cow::Borrowed(_)), "{borrowed} is a copy");
    }
}

#[test]
fn what_breaks_a_limit_is_named() {
    let of = |name: &str, value: String| format!(r#"{{"type":"a","details":{{"{name}":{value}}}}}"#);
    let many = |n: usize| (0..n).map(|n| format!(r#""k{n}":1"#)).collect::<Vec<_>>().join(",");
    for (json, reason, field) in [
        (of("d", format!("{}{}", "[".repeat(33), "]".repeat(33))), Reason::TooDeep, "details.d"),
        (of("d", format!("\"{}\"", "x".repeat(8_193))), Reason::TooLong, "details.d"),
        (format!(r#"{{"type":"a","details":{{{}}}}}"#, many(201)), Reason::TooMany, "details"),
        (format!(r#"{{"type":"a","details":{{{}}}}}"#, many(5_000)), Reason::TooMany, "details"),
        (format!(r#"{{"type":"a",{},"details":{{{}}}}}"#, many(10), many(195)), Reason::TooMany, "details"),
        (format!(r#"{{"type":"a",{}}}"#, many(5_000)), Reason::TooMany, ""),
        (of("d", format!("\"{}\"", "x".repeat(EVENT_BYTES_MAX))), Reason::TooLarge, ""),
        (of("d", r#""cut \ud83d""#.into()), Reason::InvalidValue, "details.d"),
        (r#"{"type":"a","title":"cut \ud83d"}"#.into(), Reason::InvalidValue, "title"),
        (r#"{"type":"a","\ud83d":1}"#.into(), Reason::InvalidValue, ""),
        (r#"{"type":"a","screen":{"width":-1}}"#.into(), Reason::InvalidValue, "screen.width"),
        (r#"{"type":"a","screen":{"width":65535.6}}"#.into(), Reason::InvalidValue, "screen.width"),
        (r#"{"type":"a","screen":{"height":"NaN"}}"#.into(), Reason::InvalidValue, "screen.height"),
        (r#"{"type":"a","user_id":1.5}"#.into(), Reason::WrongType, "user_id"),
        (r#"{"type":"a","revenue":{"amount":1e400,"currency":"EUR"}}"#.into(), Reason::InvalidValue, "revenue.amount"),
    ] {
        assert_eq!(refused(&json), (reason, field.to_owned()), "{}", &json[..json.len().min(200)]);
    }
    let deepest = of("d", format!("{}{}", "[".repeat(32), "]".repeat(32)));
    assert!(validate(text(&deepest), &arrival()).is_ok());
    let arrival = arrival();
    let event = validate(text(r#"{"type":"a","screen":{"width":411.42857,"height":731.4}}"#), &arrival).unwrap();
    assert_eq!(event.screen, Some(Screen { width: 411, height: 731 }));
}

#[test]
fn what_identifies_an_event_is_what_was_sent() {
    let key = |json: &str, arrival: &Arrival| {
        let received = receive(text(json), arrival, Uuid::max).unwrap();
        (received.event.event_id, received.has_own_time.then_some(received.event.timestamp_ms))
    };
    let first = arrival();
    let later = Arrival { received_at_ms: first.received_at_ms + 3_600_000, ip: None, ..arrival() };
    for sent_again_is_the_same in [
        r#"{"type":"a","timestamp":"2024-04-17T04:04:12","user_id":"1"}"#,
        r#"{"type":"a","event_id":"0b0e1f2a-1111-4222-8333-444455556666"}"#,
        r#"{"type":"a","event_id":"018ee9a4-0000-7000-8000-000000000001"}"#,
        r#"{"type":"a","event_id":"018ee9a4-0000-7000-8000-000000000001","timestamp":"2024-04-17T04:04:12"}"#,
    ] {
        assert_eq!(
            key(sent_again_is_the_same, &first),
            key(sent_again_is_the_same, &later),
            "{sent_again_is_the_same}"
        );
    }
    assert_eq!(
        key(r#"{"type":"a","event_id":"018ee9a4-0000-7000-8000-000000000001"}"#, &first).1,
        Some(0x018e_e9a4_0000)
    );
    let of_nothing = r#"{"type":"a","user_id":"1"}"#;
    assert_eq!(key(of_nothing, &first), (Uuid::max(), None), "it is new each time, and the caller says which");
    let nobody = r#"{"type":"a","timestamp":"2024-04-17T04:04:12"}"#;
    assert_ne!(key(nobody, &first).0, key(nobody, &later).0, "two addresses without ids are two people");

    // The order of names is not content, their values are.
    let id = |json: &str| key(json, &first).0;
    let one = id(r#"{"type":"a","timestamp":1713326652,"user_id":"1","details":{"x":[1, 2],"y":"é"}}"#);
    assert_eq!(one, id(r#"{"details":{"y":"\u00e9","x":[1,2]}, "user_id":"1","timestamp":1713326652,"type":"a"}"#));
    assert_ne!(one, id(r#"{"type":"a","timestamp":1713326652,"user_id":"1","details":{"x":[1,2],"y":"e"}}"#));
    // The id that the version before made, so that an import done again stores nothing twice.
    assert_eq!(one.to_string(), "19962e1e-cce1-55bf-bdd3-0a206e546321");
}

#[test]
fn the_time_of_an_id_has_the_limits_of_a_timestamp() {
    let far = r#"{"type":"a","event_id":"ffffffff-ffff-7000-8000-000000000001"}"#;
    assert_eq!(refused(far), (Reason::TimestampOutOfRange, "event_id".to_owned()));
    // Another version holds no time.
    assert!(validate(text(r#"{"type":"a","event_id":"ffffffff-ffff-4000-8000-000000000001"}"#), &arrival()).is_ok());
}

proptest! {
    /// No input panics, and what is accepted is within the limits.
    #[test]
    fn any_json_is_accepted_or_refused(raw in any_json()) {
        let (raw, arrival) = (to_raw_value(&raw).unwrap(), arrival());
        match validate(&raw, &arrival) {
            Ok(event) => prop_assert!(!event.event_type.is_empty() && event.details.len() <= DETAILS_MAX),
            Err(rejection) => prop_assert!(!rejection.message.is_empty()),
        }
    }
}

#[test]
fn what_an_event_says_of_its_person_is_no_property_and_not_believed_here() {
    let arrival = arrival();
    let said = |json: &str| {
        let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
        let received = receive(&raw, &arrival, Uuid::nil).unwrap();
        assert!(received.event.details.is_empty(), "{json}");
        assert_eq!((received.event.ip, &*received.event.user_agent), (arrival.ip, &*arrival.user_agent), "{json}");
        received.said.map(|said| (said.ip.map(|ip| ip.to_string()), said.user_agent.into_owned()))
    };
    let both = |ip: Option<&str>, agent: &str| Some((ip.map(str::to_owned), agent.to_owned()));
    assert_eq!(said(r#"{"type":"a"}"#), None);
    assert_eq!(said(r#"{"type":"a","ip":null}"#), None);
    assert_eq!(said(r#"{"type":"a","ip":" 81.2.69.160 "}"#), both(Some("81.2.69.160"), ""));
    assert_eq!(said(r#"{"type":"a","ip":"2001:220::1","user_agent":"a\"b"}"#), both(Some("2001:220::1"), "a\"b"));
    assert_eq!(said(r#"{"type":"a","ip":7,"user_agent":["x"]}"#), both(None, ""));
    let long = format!(r#"{{"type":"a","user_agent":"{}"}}"#, "é".repeat(USER_AGENT_BYTES_MAX));
    assert_eq!(said(&long).unwrap().1.len(), USER_AGENT_BYTES_MAX);
}

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

use super::*;
use crate::{
    Arrival, Enricher,
    enrich::{UserAgents, VisitorSalt},
    event::ClientHeaders,
    validate,
};

#[test]
fn addresses_are_cut_before_they_are_stored() {
    for (policy, ip, expected) in [
        ("keep", "203.0.113.77", Some("203.0.113.77")),
        ("truncate", "203.0.113.77", Some("203.0.113.0")),
        ("truncate", "::ffff:203.0.113.77", Some("203.0.113.0")),
        ("truncate", "2001:db8:1:2:3:4:5:6", Some("2001:db8:1::")),
        ("drop", "203.0.113.77", None),
    ] {
        let policy: AddressPolicy = policy.parse().unwrap();
        assert_eq!(policy.apply(ip.parse().unwrap()), expected.map(|ip| ip.parse().unwrap()), "{policy:?} {ip}");
    }
    assert_eq!("cut".parse::<AddressPolicy>().unwrap_err().to_string(), "\"cut\" is not known: keep, truncate or drop");
}

#[test]
fn redacted_properties_keep_their_names() {
    let privacy = Privacy::new(AddressPolicy::Drop, ["Customer E-Mail", ""]).unwrap();
    let text = r#"{"v":1,"event_id":"018ee9a4-0000-7000-8000-000000000001","project":"app","type":"a","timestamp":"2024-04-17T05:00:00.000Z",
        "received_at":"2024-04-17T05:00:00.000Z","ip":"203.0.113.77",
        "details":{"API-Key":"k","customer_email":"a@b.c","keyboard":"us","password":"","plan":"pro"}}"#;
    let mut event: Event<'_> = serde_json::from_str(text).unwrap();
    privacy.apply(&mut event);
    let details: Vec<_> = event.details.iter().collect();
    assert_eq!(
        details,
        [
            ("API-Key", REPLACEMENT),
            ("customer_email", REPLACEMENT),
            ("keyboard", "us"),
            ("password", ""),
            ("plan", "pro")
        ]
    );
    assert_eq!(event.ip, None);
}

#[test]
fn secrets_are_found_in_whatever_they_are_wrapped() {
    for (raw, at, expected) in [
        (json!({"details": {"form": {"password": "S"}}}), "/details/form", r#"{"password":"REDACTED"}"#),
        (
            json!({"details": {"list": [{"card-number": 4111_1111_1111_1111_u64}, 1]}}),
            "/details/list",
            r#"[{"card-number":"REDACTED"},1]"#,
        ),
        (
            json!({"details": {"link": "https://a.example/?token=S&x=1"}}),
            "/details/link",
            "https://a.example/?token=REDACTED&x=1",
        ),
        (json!({"details": {"body": "user=x&password=S&y=%"}}), "/details/body", "user=x&password=REDACTED&y=%"),
        (json!({"details": {"note": "code=5, email=x"}}), "/details/note", "code=5, email=x"),
        (json!({"Pass_Word": "S"}), "/details/Pass_Word", "REDACTED"),
        (json!({"details": {"user[pin]": "S"}}), "/details/user[pin]", "REDACTED"),
        (json!({"path": "/reset?token=S"}), "/path", "/reset?token=REDACTED"),
        (json!({"path": "/reset#pin=S"}), "/path", "/reset#pin=REDACTED"),
        (json!({"url": "https://a.example/;token=S/x?pin=S"}), "/path", "/;token=REDACTED/x"),
        (
            json!({"url": "https://a.example/?%74oken=S&user[password]=S"}),
            "/url",
            "https://a.example/?%74oken=REDACTED&user[password]=REDACTED",
        ),
        (json!({"referrer": "https://a.example/?pin[]=S"}), "/referrer", "https://a.example/?pin[]=REDACTED"),
    ] {
        let privacy = Privacy::new(AddressPolicy::Keep, ["PIN"]).unwrap();
        let event = sent(raw, &privacy);
        let event = serde_json::to_value(&event).unwrap();
        assert_eq!(event.pointer(at), Some(&Value::from(expected)), "{event}");
    }
}

/// `raw` as it goes on from the gateway.
fn sent(mut raw: Value, privacy: &Privacy) -> Event<'static> {
    raw["type"] = "a".into();
    let arrival = Arrival {
        project: "app".into(),
        received_at_ms: 1_713_330_000_000,
        sent_at_ms: None,
        ip: None,
        user_agent: String::new(),
        hints: ClientHeaders::default(),
    };
    // A test's events may live as long as the test.
    let (raw, arrival) = (serde_json::value::to_raw_value(&raw).unwrap(), Box::leak(Box::new(arrival)));
    let mut event = validate(Box::leak(raw), arrival).unwrap();
    privacy.apply(&mut event);
    event
}

/// It is in no name and no other text of these tests.
const MARK: &str = "zq7";

/// A secret of which no part may be left: it begins and ends with [`MARK`].
fn secret() -> impl Strategy<Value = String> {
    "[ -~é]{0,12}".prop_map(|middle| format!("{MARK}{middle}{MARK}"))
}

/// A secret's name in one of its spellings.
fn name(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let spelt = (select(names), any::<u32>()).prop_map(|(name, dice)| {
        let mut out = String::new();
        for (at, c) in name.chars().enumerate() {
            match dice >> (at % 16 * 2) & 3 {
                0 => out.push(c.to_ascii_uppercase()),
                1 if at > 0 => out.extend(["_", "-"][at % 2].chars().chain([c])),
                _ => out.push(c),
            }
        }
        out
    });
    (spelt, 0_usize..5).prop_map(|(name, wrapping)| match wrapping {
        0 => format!("{name}[]"),
        1 => format!("user[{name}]"),
        2 => format!("form.{name}"),
        3 => format!("{name}[0][value]"),
        _ => name,
    })
}

fn encoded(text: &str, times: usize) -> String {
    (0..times).fold(text.to_owned(), |text, _| utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string())
}

/// `name=secret` in an address, encoded as far as it has to be and further.
fn address(name: &str, secret: &str, place: usize, levels: usize) -> String {
    // Some write every character of a name as its code.
    let name = match place % 3 {
        0 => name.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        1 => encoded(name, 1),
        _ => name.to_owned(),
    };
    let pair = format!("a=1&{name}={}&b=2", encoded(secret, 1));
    let pair = match levels {
        0 => pair,
        levels => format!("next={}&c=3", encoded(&format!("https://b.example/r?{pair}"), levels)),
    };
    match place / 3 % 5 {
        0 => format!("/x?{pair}"),
        1 => format!("/x?y=1#{pair}"),
        2 => format!("/#/x?{pair}"),
        3 => format!("/x;{}/y?z=1", pair.replace('&', ";")),
        _ => format!("/x?{}", pair.replace('&', "&amp;")),
    }
}

/// `name: secret`, so many objects, arrays and texts deep.
fn nested(name: &str, secret: &str, wrappings: &[usize]) -> Value {
    let mut value = json!({"a": 1, (name): secret, "z": [1.5, null]});
    for wrapping in wrappings {
        value = match wrapping {
            0 => json!([1, value]),
            1 => json!({"user": value, "b": "\"}"}),
            2 => json!({(name): value}),
            _ => value.to_string().into(),
        };
    }
    value
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_secret_of_an_address_is_stored(name in name(&SCRUBBED), redacted in name(&REDACTED), secret in secret(), place in 0_usize..15, levels in 0_usize..4) {
        for name in [name, redacted] {
            let address = address(&name, &secret, place, levels);
            let full = format!("https://a.example{address}");
            for raw in [
                json!({"path": address}),
                json!({"url": full}),
                json!({"referrer": full}),
                json!({"details": {"link": full}}),
                json!({"details": {"page": {"link": [address]}}}),
            ] {
                nothing_is_left(&raw)?;
            }
        }
    }

    #[test]
    fn no_secret_of_a_property_is_stored(name in name(&REDACTED), secret in secret(), wrappings in prop::collection::vec(0_usize..4, 0..5)) {
        let value = nested(&name, &secret, &wrappings);
        nothing_is_left(&json!({"details": {"form": value}}))?;
        nothing_is_left(&json!({"form": value}))?;
        nothing_is_left(&json!({"details": {(&name): secret}}))?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_text_is_gone_through(parts in prop::collection::vec("[{}\\[\\]\":,\\\\%&?#=;/@ é]{1,3}|%[0-9a-f]{1,3}|password|token|a|://|null", 0..16)) {
        let (text, names) = (parts.concat(), Names::default());
        let _ = json::redact_value(&text, &names, 0);
        let _ = scrub(&text);
    }
}

fn nothing_is_left(raw: &Value) -> Result<(), TestCaseError> {
    use std::sync::LazyLock;
    static ENRICHER: LazyLock<Enricher> = LazyLock::new(|| Enricher::new(UserAgents::new().unwrap(), None));

    let event = sent(raw.clone(), &Privacy::default());
    let sent = serde_json::to_string(&event).unwrap();
    let mut row = Vec::new();
    ENRICHER.enrich(&event, &VisitorSalt([0; 16])).row().write_json(&mut row);
    for stored in [sent, String::from_utf8(row).unwrap()] {
        prop_assert!(!stored.contains(MARK), "{raw} is stored as {stored}");
    }
    Ok(())
}

//! The functions: what each takes, gives and does.

use std::borrow::Cow;

use serde_json::{
    Value as Json,
    value::{RawValue, to_raw_value},
};
use vector_components::{Arrival, Event, Privacy, enrich::VisitorSalt, event::Hints, validate};
use vrl::prelude::*;

use crate::definition::{Arguments, Definition, Gives};

/// All of them.
pub static ALL: [Definition; 6] =
    [PARSE_ANALYTICS_EVENT, ENRICH_ANALYTICS_EVENT, VISITOR_ID, CHANNEL_GROUP, CLASSIFY_BOT, PARSE_REFERRER];

const URL_HELP: &str = "The full address of the page.";
const SALT_HELP: &str = "A random key of 16 bytes in 32 hexadecimal digits, a new one every day.";

const PARSE_ANALYTICS_EVENT: Definition = Definition {
    name: "parse_analytics_event",
    usage: "Checks an event of a client against Footfall's event contract and gives it in the form that the topic `analytics` has. The error begins with the reason's name.",
    failures: &["`value` is no event: the error names the reason, the field, the limit and the value."],
    parameters: &[
        Parameter::required("value", kind::BYTES | kind::OBJECT, "The event, as JSON or as an object."),
        Parameter::required("project", kind::BYTES, "The project, already checked."),
        Parameter::required("received_at", kind::TIMESTAMP, "When it arrived."),
        Parameter::optional("ip", kind::BYTES, "The client's address."),
        Parameter::optional("user_agent", kind::BYTES, "The client's `User-Agent` header."),
        Parameter::optional(
            "accept_language",
            kind::BYTES,
            "The client's `Accept-Language` header, if it was looked for.",
        ),
    ],
    gives: Gives::Object,
    examples: &[
        example! {
            title: "An event",
            source: r#"parse_analytics_event!({"type": "click", "user_id": 7, "timestamp": "2024-04-17T04:04:12"}, project: "app", received_at: t'2024-04-17T05:00:00Z').timestamp"#,
            result: Ok(r#""2024-04-17T04:04:12.000Z""#),
        },
        example! {
            title: "No event",
            source: r#"parse_analytics_event!(s'{"user_id": 7}', project: "app", received_at: t'2024-04-17T05:00:00Z')"#,
            result: Err(r#"function call error for "parse_analytics_event" at (0:95): missing_field: type is required and must not be empty"#),
        },
    ],
    run: |_, arguments| {
        let value = arguments.get("value").ok_or("value is missing")?;
        let raw = match value.as_str() {
            Some(text) => RawValue::from_string(text.into_owned()),
            None => serde_json::to_value(value).and_then(|json| to_raw_value(&json)),
        };
        let raw = raw.map_err(|e| format!("not_json: {e}"))?;
        let received_at = arguments.get("received_at").and_then(Value::as_timestamp).ok_or("received_at is missing")?;
        let ip = arguments.text("ip");
        let arrival = Arrival {
            project: arguments.text("project").into_owned(),
            received_at_ms: received_at.timestamp_millis(),
            sent_at_ms: None,
            ip: if ip.is_empty() { None } else { Some(ip.parse().map_err(|_| format!("ip {ip:?} is no address"))?) },
            user_agent: arguments.text("user_agent").into_owned(),
            hints: Hints {
                seen: arguments.get("accept_language").is_some(),
                accept_language: arguments.text("accept_language").into_owned().into(),
                ..Hints::default()
            },
        };
        let mut event =
            validate(&raw, &arrival).map_err(|rejection| format!("{}: {rejection}", rejection.reason.as_str()))?;
        // As the gateway does before an event goes anywhere.
        Privacy::default().apply(&mut event);
        serde_json::to_value(&event).map(Value::from).map_err(|e| e.to_string())
    },
};

const ENRICH_ANALYTICS_EVENT: Definition = Definition {
    name: "enrich_analytics_event",
    usage: "Gives the row of `analytics.events` of an event in the form of the topic `analytics`: with browser, place, channel, bot and visitor. What is empty is left out. The visitor is given, as the key of the topic's messages, or made under a salt.",
    failures: &[
        "`value` is no event in that form.",
        "`salt` is not of 32 hexadecimal digits, `visitor` no whole number, or neither is given.",
    ],
    parameters: &[
        Parameter::required("value", kind::BYTES | kind::OBJECT, "The event, as JSON or as an object."),
        Parameter::optional("salt", kind::BYTES, SALT_HELP),
        Parameter::optional("visitor", kind::BYTES, "The visitor: the key of a message of the topic `analytics`."),
    ],
    gives: Gives::Object,
    examples: &[example! {
        title: "A row",
        source: r#"
            event = parse_analytics_event!({"type": "page_view", "user_id": 7, "timestamp": "2024-04-17T04:04:12", "url": "https://shop.example/?utm_source=newsletter&utm_medium=email"},
                project: "app", received_at: t'2024-04-17T05:00:00Z')
            row = enrich_analytics_event!(event, salt: "000102030405060708090a0b0c0d0e0f")
            [row.channel, row.hostname, row.utm_source, row.visitor]
        "#,
        result: Ok(r#"["Email", "shop.example", "newsletter", "15209652571634811757"]"#),
    }],
    run: |enricher, arguments| {
        let known = arguments.text("visitor");
        let known = match known.is_empty() {
            true => None,
            false => Some(known.parse::<u64>().map_err(|_| format!("visitor {known:?} is no whole number"))?),
        };
        with_event(arguments, |event| {
            let visitor = match known {
                Some(visitor) => visitor,
                None => enricher.visitor(event, &salt(arguments)?),
            };
            let mut row = serde_json::to_value(enricher.enrich_as(event, visitor).row()).map_err(|e| e.to_string())?;
            // VRL's whole numbers have a sign; ClickHouse reads the text as well.
            row["visitor"] = row["visitor"].to_string().into();
            Ok(row.into())
        })
    },
};

const VISITOR_ID: Definition = Definition {
    name: "visitor_id",
    usage: "Gives the visitor of an event in the form of the topic `analytics`, as the digits of a whole number of 64 bits: of its ids, else of address, user agent and site under the day's salt.",
    failures: &["`value` is no event in that form.", "`salt` is not of 32 hexadecimal digits."],
    parameters: &[
        Parameter::required("value", kind::BYTES | kind::OBJECT, "The event, as JSON or as an object."),
        Parameter::required("salt", kind::BYTES, SALT_HELP),
    ],
    gives: Gives::Text,
    examples: &[example! {
        title: "A user",
        source: r#"visitor_id!(parse_analytics_event!({"type": "a", "user_id": 7}, project: "app", received_at: t'2024-04-17T05:00:00Z'), salt: "000102030405060708090a0b0c0d0e0f")"#,
        result: Ok(r#""15209652571634811757""#),
    }],
    run: |enricher, arguments| {
        let salt = salt(arguments)?;
        with_event(arguments, |event| Ok(enricher.visitor(event, &salt).to_string().into()))
    },
};

const CHANNEL_GROUP: Definition = Definition {
    name: "channel_group",
    usage: "Gives GA4's default channel group of a page's address and the one before, AI assistants included.",
    failures: &[],
    parameters: &[
        Parameter::required("url", kind::BYTES, URL_HELP),
        Parameter::optional("referrer", kind::BYTES, "The full address of the page before."),
    ],
    gives: Gives::Text,
    examples: &[
        example! {
            title: "By a campaign",
            source: r#"channel_group("https://shop.example/?utm_source=google&utm_medium=cpc")"#,
            result: Ok(r#""Paid Search""#),
        },
        example! {
            title: "By the page before",
            source: r#"channel_group("https://shop.example/", referrer: "https://chatgpt.com/")"#,
            result: Ok(r#""AI Assistants""#),
        },
    ],
    run: |enricher, arguments| Ok(enricher.arrived(&arguments.text("url"), &arguments.text("referrer")).channel.into()),
};

const CLASSIFY_BOT: Definition = Definition {
    name: "classify_bot",
    usage: "Says whether a program rather than a person sent an event: `bot` is its category (empty for a person), `score` goes to 100, `reasons` say what spoke for it.",
    failures: &[],
    parameters: &[
        Parameter::required("user_agent", kind::BYTES, "The `User-Agent` header."),
        Parameter::optional(
            "accept_language",
            kind::BYTES,
            "The `Accept-Language` header, if it was looked for; a browser sends one.",
        ),
        Parameter::optional("asn", kind::INTEGER, "The number of the network that it came from."),
    ],
    gives: Gives::Object,
    examples: &[
        example! {
            title: "A crawler",
            source: r#"classify_bot("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")"#,
            result: Ok(r#"{"bot": "crawler", "score": 100, "reasons": ["user_agent_list", "uap_core_spider"]}"#),
        },
        example! {
            title: "A browser's header out of a hosting network, without a language",
            source: r#"classify_bot("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36", accept_language: "", asn: 24940).bot"#,
            result: Ok(r#""data_centre""#),
        },
    ],
    run: |enricher, arguments| {
        let hints = Hints {
            seen: arguments.get("accept_language").is_some(),
            accept_language: arguments.text("accept_language"),
            ..Hints::default()
        };
        let asn = arguments.get("asn").and_then(Value::as_integer).and_then(|asn| u32::try_from(asn).ok());
        let verdict = enricher.classify(&arguments.text("user_agent"), &hints, asn.unwrap_or_default());
        let reasons: Vec<Value> = verdict.reasons.iter().map(|reason| (*reason).into()).collect();
        Ok(vrl::value!({"bot": (verdict.verdict()), "score": (i64::from(verdict.score)), "reasons": (reasons)}))
    },
};

const PARSE_REFERRER: Definition = Definition {
    name: "parse_referrer",
    usage: "Gives the host of the page before, and the name and kind of a known source (search, social, video, shopping, email or ai). All are empty if it is of the same site.",
    failures: &[],
    parameters: &[
        Parameter::required("referrer", kind::BYTES, "The full address of the page before."),
        Parameter::optional("url", kind::BYTES, URL_HELP),
    ],
    gives: Gives::Object,
    examples: &[
        example! {
            title: "A search engine",
            source: r#"parse_referrer("https://www.google.co.uk/search?q=x", url: "https://shop.example/")"#,
            result: Ok(r#"{"host": "google.co.uk", "source": "Google", "kind": "search"}"#),
        },
        example! {
            title: "The same site",
            source: r#"parse_referrer("https://shop.example/a", url: "https://www.shop.example/b")"#,
            result: Ok(r#"{"host": "", "source": "", "kind": ""}"#),
        },
    ],
    run: |enricher, arguments| {
        let url = arguments.text("url");
        // What a campaign says of the source is not asked here.
        let page = url.split(['?', '#']).next().unwrap_or_default();
        let arrived = enricher.arrived(page, &arguments.text("referrer"));
        let source = arrived.source;
        Ok(vrl::value!({
            "host": (&*arrived.referrer_host),
            "source": (source.map_or("", |source| source.name)),
            "kind": (source.map_or("", |source| source.kind.as_str())),
        }))
    },
};

fn salt(arguments: &Arguments) -> Result<VisitorSalt, String> {
    let text = arguments.text("salt");
    let bytes = u128::from_str_radix(&text, 16).ok().filter(|_| text.len() == 32);
    // The salt is a secret and stays out of the message.
    bytes.map(|bits| VisitorSalt(bits.to_be_bytes())).ok_or_else(|| "salt is not of 32 hexadecimal digits".to_owned())
}

/// Reads the event and hands it on; of bytes, its texts are borrowed.
fn with_event(arguments: &Arguments, each: impl FnOnce(&Event<'_>) -> Result<Value, String>) -> Result<Value, String> {
    let value = arguments.get("value").ok_or("value is missing")?;
    let text = match value.as_str() {
        Some(text) => text,
        None => Cow::Owned(serde_json::to_value(value).as_ref().map(Json::to_string).map_err(|e| e.to_string())?),
    };
    let event = Event::of_message(text.as_bytes()).map_err(|error| format!("{}: {error}", error.reason()))?;
    each(&event)
}

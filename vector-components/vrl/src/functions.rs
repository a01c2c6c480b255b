//! The functions: their parameters, results and behaviour.

use std::borrow::Cow;

use serde_json::{
    Value as Json,
    value::{RawValue, to_raw_value},
};
use vector_components::{Arrival, Event, Privacy, enrich::VisitorSalt, event::ClientHeaders, validate};
use vrl::prelude::*;

use crate::definition::{Arguments, Definition, Returns};

/// All of them.
pub static ALL: [Definition; 6] =
    [PARSE_ANALYTICS_EVENT, ENRICH_ANALYTICS_EVENT, VISITOR_ID, CHANNEL_GROUP, CLASSIFY_BOT, PARSE_REFERRER];

const URL_HELP: &str = "The page's full URL.";
const SALT_HELP: &str = "A random 16-byte key as 32 hexadecimal digits; use a new one every day.";

const PARSE_ANALYTICS_EVENT: Definition = Definition {
    name: "parse_analytics_event",
    usage: "Validates a client's event against Footfall's event contract and returns it in the format of the topic `analytics`. Errors start with the reason.",
    failures: &["`value` is not a valid event: the error names the reason, the field, the limit and the value."],
    parameters: &[
        Parameter::required("value", kind::BYTES | kind::OBJECT, "The event, as JSON or an object."),
        Parameter::required("project", kind::BYTES, "The project, already validated."),
        Parameter::required("received_at", kind::TIMESTAMP, "The time of arrival."),
        Parameter::optional("ip", kind::BYTES, "The client's address."),
        Parameter::optional("user_agent", kind::BYTES, "The client's `User-Agent` header."),
        Parameter::optional(
            "accept_language",
            kind::BYTES,
            "The client's `Accept-Language` header, if it was captured; empty if the client sent none.",
        ),
    ],
    returns: Returns::Object,
    examples: &[
        example! {
            title: "An event",
            source: r#"parse_analytics_event!({"type": "click", "user_id": 7, "timestamp": "2024-04-17T04:04:12"}, project: "app", received_at: t'2024-04-17T05:00:00Z').timestamp"#,
            result: Ok(r#""2024-04-17T04:04:12.000Z""#),
        },
        example! {
            title: "An invalid event",
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
            ip: if ip.is_empty() {
                None
            } else {
                Some(ip.parse().map_err(|_| format!("ip {ip:?} is not an IP address"))?)
            },
            user_agent: arguments.text("user_agent").into_owned(),
            hints: ClientHeaders {
                observed: arguments.get("accept_language").is_some(),
                accept_language: arguments.text("accept_language").into_owned().into(),
                ..ClientHeaders::default()
            },
        };
        let mut event =
            validate(&raw, &arrival).map_err(|rejection| format!("{}: {rejection}", rejection.reason.as_str()))?;
        // Like the gateway, before the event goes anywhere.
        Privacy::default().apply(&mut event);
        serde_json::to_value(&event).map(Value::from).map_err(|e| e.to_string())
    },
};

const ENRICH_ANALYTICS_EVENT: Definition = Definition {
    name: "enrich_analytics_event",
    usage: "Returns the `analytics.events` row for an event in the format of the topic `analytics`, with browser, channel, bot and visitor. Empty columns are omitted. The visitor is either passed in, as the key of the topic's messages, or computed with a salt.",
    failures: &[
        "`value` is not an event in that format.",
        "`salt` is not 32 hexadecimal digits, `visitor` is not an integer, or neither is set.",
    ],
    parameters: &[
        Parameter::required("value", kind::BYTES | kind::OBJECT, "The event, as JSON or an object."),
        Parameter::optional("salt", kind::BYTES, SALT_HELP),
        Parameter::optional("visitor", kind::BYTES, "The visitor: the message key in the topic `analytics`."),
    ],
    returns: Returns::Object,
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
            false => {
                Some(known.parse::<u64>().map_err(|_| format!("visitor {known:?} is not an unsigned 64-bit integer"))?)
            }
        };
        with_event(arguments, |event| {
            let visitor = match known {
                Some(visitor) => visitor,
                None => enricher.visitor(event, &salt(arguments)?),
            };
            let mut row = serde_json::to_value(enricher.enrich_as(event, visitor).row()).map_err(|e| e.to_string())?;
            // VRL integers are signed; ClickHouse also accepts the string.
            row["visitor"] = row["visitor"].to_string().into();
            Ok(row.into())
        })
    },
};

const VISITOR_ID: Definition = Definition {
    name: "visitor_id",
    usage: "Returns the visitor of an event in the format of the topic `analytics`, as a string with an unsigned 64-bit integer: computed from its ids, or from address, user agent and site with the daily salt.",
    failures: &["`value` is not an event in that format.", "`salt` is not 32 hexadecimal digits."],
    parameters: &[
        Parameter::required("value", kind::BYTES | kind::OBJECT, "The event, as JSON or an object."),
        Parameter::required("salt", kind::BYTES, SALT_HELP),
    ],
    returns: Returns::String,
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
    usage: "Returns GA4's default channel group for a page URL and its referrer, including AI assistants.",
    failures: &[],
    parameters: &[
        Parameter::required("url", kind::BYTES, URL_HELP),
        Parameter::optional("referrer", kind::BYTES, "The referrer's full URL."),
    ],
    returns: Returns::String,
    examples: &[
        example! {
            title: "From a campaign",
            source: r#"channel_group("https://shop.example/?utm_source=google&utm_medium=cpc")"#,
            result: Ok(r#""Paid Search""#),
        },
        example! {
            title: "From the referrer",
            source: r#"channel_group("https://shop.example/", referrer: "https://chatgpt.com/")"#,
            result: Ok(r#""AI Assistants""#),
        },
    ],
    run: |enricher, arguments| Ok(enricher.arrived(&arguments.text("url"), &arguments.text("referrer")).channel.into()),
};

const CLASSIFY_BOT: Definition = Definition {
    name: "classify_bot",
    usage: "Tells whether an event comes from a program rather than a person: `bot` is its category (empty for a person), `score` is 0 to 100, `reasons` lists the signals.",
    failures: &[],
    parameters: &[
        Parameter::required("user_agent", kind::BYTES, "The `User-Agent` header."),
        Parameter::optional(
            "accept_language",
            kind::BYTES,
            "The `Accept-Language` header, if it was captured. Browsers always send one.",
        ),
        Parameter::optional("asn", kind::INTEGER, "The autonomous system number of its network."),
    ],
    returns: Returns::Object,
    examples: &[
        example! {
            title: "A crawler",
            source: r#"classify_bot("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")"#,
            result: Ok(r#"{"bot": "crawler", "score": 100, "reasons": ["user_agent_list", "uap_core_spider"]}"#),
        },
        example! {
            title: "A browser user agent from a hosting network, without a language",
            source: r#"classify_bot("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36", accept_language: "", asn: 24940).bot"#,
            result: Ok(r#""data_centre""#),
        },
    ],
    run: |enricher, arguments| {
        let hints = ClientHeaders {
            observed: arguments.get("accept_language").is_some(),
            accept_language: arguments.text("accept_language"),
            ..ClientHeaders::default()
        };
        let asn = arguments.get("asn").and_then(Value::as_integer).and_then(|asn| u32::try_from(asn).ok());
        let verdict = enricher.classify(&arguments.text("user_agent"), &hints, asn.unwrap_or_default());
        let reasons: Vec<Value> = verdict.reasons.iter().map(|reason| (*reason).into()).collect();
        Ok(vrl::value!({"bot": (verdict.verdict()), "score": (i64::from(verdict.score)), "reasons": (reasons)}))
    },
};

const PARSE_REFERRER: Definition = Definition {
    name: "parse_referrer",
    usage: "Returns the referrer's host, and the name and kind of a known source (search, social, video, shopping, email or ai). All are empty for the same site.",
    failures: &[],
    parameters: &[
        Parameter::required("referrer", kind::BYTES, "The referrer's full URL."),
        Parameter::optional("url", kind::BYTES, URL_HELP),
    ],
    returns: Returns::Object,
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
        // Ignore the source given by a campaign.
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
    // The salt is a secret and must not appear in the message.
    bytes.map(|bits| VisitorSalt(bits.to_be_bytes())).ok_or_else(|| "salt is not 32 hexadecimal digits".to_owned())
}

/// Reads the event and passes it on; its strings are borrowed if the input is bytes.
fn with_event(arguments: &Arguments, each: impl FnOnce(&Event<'_>) -> Result<Value, String>) -> Result<Value, String> {
    let value = arguments.get("value").ok_or("value is missing")?;
    let text = match value.as_str() {
        Some(text) => text,
        None => Cow::Owned(serde_json::to_value(value).as_ref().map(Json::to_string).map_err(|e| e.to_string())?),
    };
    let event = Event::of_message(text.as_bytes()).map_err(|error| format!("{}: {error}", error.reason()))?;
    each(&event)
}

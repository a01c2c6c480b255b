//! What a row says of an event as a client sends it.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Arrival, validate};

static ENRICHER: LazyLock<Enricher> = LazyLock::new(|| Enricher::new(UserAgents::new().unwrap(), None));
const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

fn arrival(user_agent: &str) -> Arrival {
    Arrival {
        project: "app".into(),
        received_at_ms: 1_713_330_000_000,
        sent_at_ms: None,
        ip: None,
        user_agent: user_agent.into(),
        hints: ClientHeaders { observed: true, accept_language: "de".into(), ..ClientHeaders::default() },
    }
}

/// The row of what was sent, as JSON.
fn row(mut raw: Value, arrival: &Arrival) -> Value {
    raw["type"] = "a".into();
    let raw = serde_json::value::to_raw_value(&raw).unwrap();
    let event = validate(&raw, arrival).unwrap();
    serde_json::to_value(ENRICHER.enrich(&event, &VisitorSalt([0; 16])).row()).unwrap()
}

fn columns(raw: Value, names: &[&str]) -> Vec<String> {
    let row = row(raw, &arrival(CHROME));
    names.iter().map(|name| row[name].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn hosts_are_compared_in_one_spelling() {
    for (referrer, expected) in [
        ("android-app://com.Slack/", ["com.slack", "Slack", "Organic Social"]),
        ("https://www.google.com./", ["google.com", "Google", "Organic Search"]),
        ("https://WWW.Bing.com:443/", ["bing.com", "Bing", "Organic Search"]),
        ("https://www.Shop.example./b", ["", "", "Direct"]),
    ] {
        let raw = json!({"url": "https://shop.example/a", "referrer": referrer});
        assert_eq!(columns(raw, &["referrer_host", "referrer_source", "channel"]), expected, "{referrer}");
    }
}

#[test]
fn campaigns_are_read_wherever_they_stand() {
    for (url, expected) in [
        ("https://shop.example/a#utm_source=news&utm_medium=email", ["news", "email", "Email"]),
        ("https://shop.example/#/a?utm_source=news&utm_medium=email", ["news", "email", "Email"]),
        ("https://shop.example/a?utm_source=news&amp;utm_medium=email&amp;utm_campaign=x", ["news", "email", "Email"]),
    ] {
        assert_eq!(columns(json!({"url": url}), &["utm_source", "utm_medium", "channel"]), expected, "{url}");
    }
}

#[test]
fn sources_are_of_the_kind_that_google_says() {
    for (parameters, expected) in [
        ("utm_source=tiktok&utm_medium=cpc", ["TikTok", "Paid Social"]),
        ("utm_source=tiktok.com", ["TikTok", "Organic Social"]),
        ("utm_source=msn", ["MSN", "Organic Search"]),
        ("utm_source=messenger.com", ["Messenger", "Organic Social"]),
        ("utm_source=wordpress.com", ["WordPress", "Organic Social"]),
        ("utm_source=hulu.com", ["Hulu", "Organic Video"]),
        ("utm_source=stripe.com", ["Stripe", "Organic Shopping"]),
        ("utm_source=shopping.yahoo.com", ["Yahoo Shopping", "Organic Shopping"]),
        ("utm_source=messages.google.com", ["Google Messages", "Organic Social"]),
        ("utm_source=news.google.com", ["Google News", "Organic Search"]),
        ("utm_source=medium", ["Medium", "Organic Social"]),
        ("utm_source=chatgpt.com", ["ChatGPT", "AI Assistants"]),
    ] {
        let raw = json!({"url": format!("https://shop.example/?{parameters}")});
        assert_eq!(columns(raw, &["referrer_source", "channel"]), expected, "{parameters}");
    }
}

#[test]
fn a_page_has_one_path_however_it_is_spelt() {
    for (raw, expected) in [
        (json!({"url": "https://shop.example/café"}), "/café"),
        (json!({"path": "/café"}), "/café"),
        (json!({"url": "https://shop.example/caf%c3%a9"}), "/café"),
        (json!({"url": "https://shop.example/%7Euser"}), "/~user"),
        (json!({"url": "https://shop.example/~user"}), "/~user"),
        (json!({"path": "/a%2fb"}), "/a%2Fb"),
    ] {
        assert_eq!(columns(raw.clone(), &["path"]), [expected], "{raw}");
    }
}

proptest! {
    /// As the alias in provisioning/clickhouse/0003_compact_events.sql puts it together.
    #[test]
    fn the_address_is_kept_whatever_becomes_of_its_path(path in "[a-c%0-9éE/~ ]{0,12}", head in "https?://(www\\.)?[a-c]\\.example\\.?", rest in "([?]x=%c3|#é)?") {
        let url = format!("{head}/{path}{rest}");
        let row = row(json!({"url": url}), &arrival(CHROME));
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let (kept, before) = (text("url_rest"), format!("{}{}", text("hostname"), text("path")));
        let again = match kept.split_at(1) {
            ("~", rest) => format!("https://{before}{rest}"),
            ("@", rest) => format!("https://www.{before}{rest}"),
            (_, whole) => whole.to_owned(),
        };
        prop_assert_eq!(again, url);
    }
}

#[test]
fn a_header_says_what_sent_it() {
    for (header, expected) in [
        (
            "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; Tablet PC 2.0; rv:11.0) like Gecko",
            ["Windows", "10", "desktop", ""],
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.2 Mobile/15E148 Safari/604.1",
            ["iOS", "26.2", "mobile", ""],
        ),
        (
            "Mozilla/5.0 (Phone; OpenHarmony 6.0; Android 10) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36  ArkWeb/6.0.0.130 Mobile HuaweiBrowser/5.1.12.351",
            ["HarmonyOS", "6.0", "mobile", ""],
        ),
        (
            "Mozilla/5.0 (PC; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 ArkWeb/6.0.0.50",
            ["HarmonyOS", "5.0", "desktop", ""],
        ),
        (
            "Mozilla/5.0 (Linux; Android 9; AFTKADE001) AppleWebKit/537.36 (KHTML, like Gecko) Silk/128.5.4 like Chrome/128.0.6613.194 Safari/537.36",
            ["Android", "9", "tv", ""],
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; 2020/2021 UHD Android TV Build/QTG3.201102.001; wv) AppleWebKit/537.36 (KHTML, like Gecko) version/4.0 Chrome/83.0.4103.101 Mobile Safari/537.36",
            ["Android", "10", "tv", ""],
        ),
        (
            "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.6478.182 Mobile Safari/537.36 (compatible; GoogleOther)",
            ["Android", "6.0.1", "mobile", "crawler"],
        ),
        ("Mozilla/5.0 (compatible; Google-Site-Verification/1.0)", ["", "", "unknown", "monitoring"]),
        ("meta-externalfetcher/1.1", ["", "", "unknown", "ai_assistant"]),
        (
            "Mozilla/5.0 (Linux; Android 13; ruby Build/TKQ1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
            ["Android", "13", "mobile", ""],
        ),
    ] {
        let row = row(json!({}), &arrival(header));
        let got = ["os", "os_version", "device_type", "bot"].map(|name| row[name].as_str().unwrap_or_default());
        assert_eq!(got, expected, "{header}");
    }
}

#[test]
fn client_hints_say_the_version_of_macos() {
    let mut arrival = arrival(
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    );
    arrival.hints.sec_ch_ua_platform = "\"macOS\"".into();
    arrival.hints.sec_ch_ua_platform_version = "\"15.5.0\"".into();
    assert_eq!(row(json!({}), &arrival)["os_version"], "15.5");
}

//! Golden pairs of another client's format: each file is a list of requests, with what is answered
//! to them and what is stored. Every request is sent twice, as clients do that have no answer; only
//! one that says `"once": true` may store something else the second time.

use std::{collections::BTreeMap, path::Path};

use reqwest::{Client, Method};
use serde_json::{Map, Value, json};

use super::{Gateway, packed};

const COLUMNS: &str = "project, event, ts, user_id, anonymous_id, session_id, path, url, title, referrer, locale, \
    app_version, screen_width, screen_height, revenue_amount, revenue_currency, properties, country, browser, bot";
const RECENT_MS: i64 = 300_000;

/// Runs a file's pairs on the real gateway; with `UPDATE_GOLDEN` writes what came into it.
pub async fn check(format: &str) {
    let file = format!("{}/tests/golden/wire/{format}.json", env!("CARGO_MANIFEST_DIR"));
    let data = tempfile::tempdir().unwrap();
    // Pairs share events, and each has to store its own.
    let gateway = Gateway::start_with(data.path(), &[("FOOTFALL_RECENT_EVENTS_MAX", "0")]);
    let mut pairs: Vec<Map<String, Value>> = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert!(pairs.len() >= 5, "{file} holds too few pairs");
    for pair in &mut pairs {
        let answer = send(&gateway, &pair["request"]).await;
        if pair.get("once") != Some(&json!(true)) {
            let again = send(&gateway, &pair["request"]).await;
            assert_eq!(again["status"], answer["status"], "{}", pair["name"]);
        }
        let becomes = json!({"answer": answer, "stored": stored(&gateway).await});
        gateway.sql("TRUNCATE TABLE analytics.events").await;
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            pair.insert("becomes".to_owned(), becomes);
        } else {
            assert_eq!(pair["becomes"], becomes, "{}: {}", pair["name"], pair["request"]);
        }
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(Path::new(&file), serde_json::to_string_pretty(&pairs).unwrap() + "\n").unwrap();
    }
    assert!(gateway.stop());
}

/// `{path, method, headers, body | text, encoding}`, the encoding said in no header.
async fn send(gateway: &Gateway, request: &Value) -> Value {
    let method = Method::from_bytes(request["method"].as_str().unwrap_or("POST").as_bytes()).unwrap();
    let mut sent = Client::new().request(method, format!("{}{}", gateway.url, request["path"].as_str().unwrap()));
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        sent = sent.header(name, value.as_str().unwrap());
    }
    let body = match request["text"].as_str() {
        Some(text) => text.to_owned(),
        None if request["body"].is_null() => String::new(),
        None => request["body"].to_string(),
    };
    let body = packed(request["encoding"].as_str().unwrap_or_default(), body.as_bytes()).await;
    let answer = sent.body(body).send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    let mut told = json!({"status": status});
    for name in ["access-control-allow-origin", "access-control-allow-headers", "content-type", "retry-after"] {
        if let Some(value) = headers.get(name) {
            told[name] = value.to_str().unwrap().into();
        }
    }
    told["body"] = serde_json::from_str(&text).unwrap_or_else(|_| text.into());
    told
}

/// The rows, without what is empty; a time that is not the client's is `now`.
async fn stored(gateway: &Gateway) -> Vec<Value> {
    let query = format!(
        "SELECT toUnixTimestamp64Milli(ts) AS ms, {COLUMNS} FROM analytics.events FINAL \
         ORDER BY ms, event, user_id, anonymous_id, path, project FORMAT JSONEachRow \
         SETTINGS output_format_json_quote_64bit_integers = 0, output_format_json_quote_decimals = 0"
    );
    let now_ms = chrono::Utc::now().timestamp_millis();
    let rows = gateway.sql(query).await;
    let row = |line: &str| {
        let mut row: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
        let ms = row.remove("ms").unwrap().as_i64().unwrap();
        if (now_ms - ms).abs() < RECENT_MS {
            row.insert("ts".to_owned(), "now".into());
        }
        row.retain(|_, value| !matches!(value.to_string().as_str(), "\"\"" | "0" | "0.0" | "{}" | "null"));
        json!(row)
    };
    rows.lines().map(row).collect()
}

//! The OpenAPI document against the running gateway: what stands in it is there, and what is there stands in it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::TcpStream,
};

use common::Gateway;
use reqwest::{Client, Method};
use serde_json::{Value, json};

const GOOD: &str = r#"{"type":"a"}"#;

async fn document(gateway: &Gateway) -> Value {
    let answer = reqwest::get(format!("{}/v1/openapi.json", gateway.url)).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    answer.json().await.unwrap()
}

fn operations(document: &Value) -> Vec<(String, Method, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let of = |(path, item): (&String, &Value)| {
        let item = item.as_object().unwrap().clone();
        let path = path.clone();
        item.into_iter().map(move |(method, operation)| {
            (path.clone(), Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap(), operation)
        })
    };
    paths.flat_map(of).collect()
}

fn is_documented(operation: &Value, status: u16) -> bool {
    let responses = operation["responses"].as_object().unwrap();
    responses.contains_key(&status.to_string()) || responses.contains_key(&format!("{}XX", status / 100))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_exists_and_answers_as_documented() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let document = document(&gateway).await;
    assert_eq!(document["openapi"], "3.1.0");
    let operations = operations(&document);
    assert!(operations.len() > 20, "{}", operations.len());
    let client = Client::new();
    for (path, method, operation) in &operations {
        for body in ["", "{}", GOOD, "[1]", "\u{0}"] {
            let url = format!("{}{}", gateway.url, path.replace(['{', '}'], ""));
            let request = client.request(method.clone(), url);
            let request = if *method == Method::GET { request } else { request.body(body) };
            let status = request.send().await.unwrap().status().as_u16();
            assert!(!matches!(status, 404 | 405), "{method} {path} is no route: {status}");
            assert!(is_documented(operation, status), "{method} {path} answers {status}, which is not documented");
        }
    }
    assert!(gateway.stop());
}

/// A request as it stands on the wire; its status.
fn raw(gateway: &Gateway, head: &str, body: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(gateway.url.strip_prefix("http://").unwrap()).unwrap();
    let length = body.len();
    write!(stream, "{head}Host: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n").unwrap();
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_status_of_the_native_format_is_there_and_no_other() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start_with(data.path(), &[("FOOTFALL_JOURNAL_BYTES_MAX", "1500")]);
    let document = document(&gateway).await;
    for path in ["/v1/events", "/"] {
        let documented = document["paths"][path]["post"]["responses"].as_object().unwrap();
        let documented: BTreeSet<u16> = documented.keys().map(|status| status.parse().unwrap()).collect();
        let post = format!("POST {path} HTTP/1.1\r\n");
        let app = format!("{post}X-App: app\r\n");
        let many = Value::from(vec![json!({"type": "a"}); 101]).to_string();
        // More than the journal may hold; nothing of it is stored.
        let too_much = Value::from(vec![json!({"type": "a", "title": "x".repeat(100)}); 50]).to_string();
        let seen: BTreeSet<u16> = [
            raw(&gateway, &app, GOOD.as_bytes()),
            raw(&gateway, &app, b"{"),
            raw(&gateway, &format!("{post}Authorization: Bearer x\r\n"), GOOD.as_bytes()),
            raw(&gateway, &post, GOOD.as_bytes()),
            raw(&gateway, &app, many.as_bytes()),
            raw(&gateway, &format!("POST {path}?{} HTTP/1.1\r\n", "x".repeat(9_000)), GOOD.as_bytes()),
            raw(&gateway, &format!("{app}Content-Encoding: lzw\r\n"), GOOD.as_bytes()),
            raw(&gateway, &format!("{app}{}", "a: b\r\n".repeat(90)), GOOD.as_bytes()),
            raw(&gateway, &app, too_much.as_bytes()),
        ]
        .into();
        assert_eq!(seen, documented, "{path}");
    }
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_have_the_documented_form() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let document = document(&gateway).await;
    let required = |schema: &str| -> BTreeSet<String> {
        let names = document["components"]["schemas"][schema]["required"].as_array().unwrap();
        names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let keys = |json: &Value| json.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let (_, answer) = gateway.post("/v1/events", "app", r#"[{"type":"a"},{"type":""}]"#).await;
    assert_eq!(keys(&answer), required("Answer"));
    let (_, error) = gateway.post("/v1/events", "elsewhere", GOOD).await;
    assert_eq!(keys(&error), required("Error"));
    let properties = &document["components"]["schemas"]["Event"]["properties"];
    let known = [
        "type",
        "timestamp",
        "event_id",
        "user_id",
        "anonymous_id",
        "session_id",
        "path",
        "url",
        "referrer",
        "title",
        "locale",
        "appVersion",
        "screen",
        "revenue",
        "details",
    ];
    assert_eq!(keys(properties), known.map(str::to_owned).into());
    assert!(gateway.stop());
}

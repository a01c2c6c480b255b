//! Who a request is from, as real clients and proxies say it: the address, the project, and
//! what a browser asks before it sends.

#![allow(clippy::unwrap_used, reason = "a failed step here is a failed test")]

mod common;

use common::Gateway;
use reqwest::{Client, Method, header::HeaderMap};
use serde_json::{Value, json};

/// Addresses of the test database.
const LONDON: &str = "81.2.69.160";
const SEOUL: &str = "2001:220::1";

type Headers<'a> = &'a [(&'a str, &'a str)];

struct Sender<'a> {
    gateway: &'a Gateway,
    client: Client,
}

impl Sender<'_> {
    async fn send(&self, path: &str, headers: Headers<'_>, body: &Value) -> (u16, Value) {
        let mut request = self.client.post(format!("{}{path}", self.gateway.url)).body(body.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn ask(&self, path: &str, headers: Headers<'_>) -> (u16, HeaderMap) {
        let mut request = self.client.request(Method::OPTIONS, format!("{}{path}", self.gateway.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.headers().clone())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_known_by_what_its_proxies_and_its_browser_say() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let sender = Sender { gateway: &gateway, client: Client::new() };
    addresses(&sender).await;
    projects(&sender).await;
    preflights(&sender).await;
    assert!(gateway.stop());
}

async fn addresses(sender: &Sender<'_>) {
    let two_lines = [("X-Forwarded-For", SEOUL), ("X-Forwarded-For", LONDON)];
    let with_port = [("X-Forwarded-For", "81.2.69.160:54321")];
    let in_brackets = [("X-Forwarded-For", "[2001:220::1]")];
    let with_both = [("X-Forwarded-For", "[2001:220::1]:443")];
    let forwarded = [("Forwarded", "for=1.1.1.1, For=\"[2001:220::1]:443\";proto=https;by=127.0.0.1")];
    let not_mixed = [("Forwarded", "for=\"[2001:220::1]\""), ("X-Forwarded-For", LONDON)];
    let unknown = [("X-Forwarded-For", "81.2.69.160, unknown")];
    let cases: [(&str, Headers, &str); 7] = [
        ("1_two_lines", &two_lines, "GB"),
        ("2_with_port", &with_port, "GB"),
        ("3_in_brackets", &in_brackets, "KR"),
        ("4_with_both", &with_both, "KR"),
        ("5_forwarded", &forwarded, "KR"),
        ("6_not_mixed", &not_mixed, "GB"),
        ("7_unknown", &unknown, ""),
    ];
    for (event, headers, _) in cases {
        let headers = [headers, &[("X-App", "app")]].concat();
        let (status, answer) = sender.send("/v1/events", &headers, &json!({"type": event})).await;
        assert_eq!(status, 201, "{answer}");
    }
    let stored = sender.gateway.sql("SELECT event, country FROM analytics.events FINAL ORDER BY event").await;
    let expected: Vec<String> = cases.iter().map(|(event, _, country)| format!("{event}\t{country}")).collect();
    assert_eq!(
        stored.lines().map(str::trim_end).collect::<Vec<_>>(),
        expected.iter().map(|l| l.trim_end()).collect::<Vec<_>>()
    );
}

async fn projects(sender: &Sender<'_>) {
    let bearer = ("authorization", "bearer 0123456789abcdef");
    let upper = ("authorization", "BEARER  0123456789abcdef");
    let (app, website) = (("x-app", "app"), ("x-app", "website"));
    // A beacon's text is of the type text/plain, and of an origin.
    let beacon = [("content-type", "text/plain;charset=UTF-8"), ("origin", "https://a.example")];
    let cases: [(&str, Headers, u16, &str); 12] = [
        ("/v1/events", &[bearer], 201, "website"),
        ("/v1/events", &[upper], 201, "website"),
        ("/v1/events", &[bearer, website], 201, "website"),
        ("/v1/events?project=website", &beacon, 201, "website"),
        ("/?_=1&project=%77ebsite", &[], 201, "website"),
        ("/v1/events?project=app", &[app], 201, "app"),
        ("/v1/events?project=", &[app], 201, "app"),
        ("/v1/events", &[("authorization", "Basic eDp5"), app], 201, "app"),
        ("/v1/events?project=website", &[app], 400, "conflicting_projects"),
        ("/v1/events?project=app", &[bearer], 400, "conflicting_projects"),
        ("/v1/events?project=App", &[], 403, "unknown_project"),
        ("/v1/events", &beacon, 403, "missing_project"),
    ];
    for (n, (path, headers, status, expected)) in cases.into_iter().enumerate() {
        let event = format!("project_{n}");
        let (got, answer) = sender.send(path, headers, &json!({"type": event})).await;
        assert_eq!(got, status, "{path} {headers:?}: {answer}");
        if status == 201 {
            let sql = format!("SELECT project FROM analytics.events FINAL WHERE event = '{event}'");
            assert_eq!(sender.gateway.sql(sql).await, expected, "{path} {headers:?}");
        } else {
            assert_eq!(answer["error"]["reason"], expected, "{answer}");
        }
    }
    let (_, answer) = sender.send("/?project=website", &[app], &json!({"type": "a"})).await;
    assert_eq!(
        answer["error"],
        json!({"reason": "conflicting_projects", "field": "project",
            "message": "X-App names \"app\", the query names \"website\": name one project"})
    );
    let (_, answer) = sender.send("/?project=App", &[], &json!({"type": "a"})).await;
    assert_eq!(answer["error"]["field"], "project", "{answer}");
    for key in ["key", "write_key", "project"] {
        let (status, answer) = sender.send(&format!("/?{key}=0123456789abcdef"), &[], &json!({"type": "a"})).await;
        assert_eq!(status, 403, "a secret in an address is no way in: {answer}");
    }
}

async fn preflights(sender: &Sender<'_>) {
    let asked = [
        ("Origin", "https://a.example"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "baggage,content-type,traceparent,x-app"),
    ];
    let (status, headers) = sender.ask("/v1/events", &asked).await;
    assert_eq!(status, 200);
    assert_eq!(headers["access-control-allow-methods"], "POST");
    assert_eq!(headers["access-control-allow-headers"], "baggage,content-type,traceparent,x-app", "all that is asked");
    // A browser sends beacons with credentials, and takes no `*` for them.
    assert_eq!(headers["access-control-allow-origin"], "https://a.example");
    assert_eq!(headers["access-control-allow-credentials"], "true");
    assert_eq!(headers["vary"], "origin, access-control-request-headers", "a cache keeps the answers apart");

    let refused = sender.client.get(format!("{}/v1/events", sender.gateway.url)).header("Origin", "https://a.example");
    let refused = refused.send().await.unwrap();
    assert_eq!(refused.status(), 405);
    assert_eq!(refused.headers()["access-control-allow-origin"], "https://a.example", "a page may read what is wrong");
    assert_eq!(refused.headers()["access-control-expose-headers"], "retry-after");

    let metrics = sender.client.get(format!("{}/metrics", sender.gateway.url)).header("Origin", "https://a.example");
    let metrics = metrics.send().await.unwrap();
    assert_eq!(metrics.status(), 200);
    assert!(!metrics.headers().contains_key("access-control-allow-origin"), "a page may not read the metrics");
}

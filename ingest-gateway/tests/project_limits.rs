//! How much may be sent for a project, and how fast.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::time::{Duration, Instant};

use common::site::{LONDON, RELOAD_TIME_MAX, SECRET, SEOUL, Site, event};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn quotas_outlive_kill_nine() {
    let quota = "[projects.app]\nevents_per_month_max = 5\n[projects.website]\nbytes_per_month_max = 200\n";
    let site = Site::start(quota);
    let send =
        async |site: &Site, project: &str, body: Value| site.send("/v1/events", &[("X-App", project)], &body).await;
    let repeated = json!({"type": "a", "event_id": "018ee9a4-0000-7000-8000-000000000001", "user_id": "u", "timestamp": chrono::Utc::now().timestamp_millis()});
    let answered = send(&site, "app", json!([repeated, repeated, {"type": ""}])).await;
    assert_eq!(answered.outcomes(), ["accepted", "duplicate", "missing_field"]);
    let answered = send(&site, "app", json!([event("b"), event("c"), event("d")])).await;
    assert_eq!(answered.outcomes(), ["accepted"; 3], "neither a duplicate nor a bad event counts");
    // Written once a second.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let site = site.again();
    let answered = send(&site, "app", json!([event("e"), event("f")])).await;
    assert_eq!(answered.outcomes(), ["accepted", "quota_exceeded"]);
    let refused = send(&site, "app", event("g")).await;
    refused.is_refused(429, "quota_exceeded");
    assert_eq!(refused.body["error"]["field"], "events_per_month_max");
    assert!((1..=31 * 86_400).contains(&refused.retry_after_s()), "{}", refused.retry_after_s());

    assert_eq!(send(&site, "website", json!({"type": "a", "details": {"a": "x".repeat(200)}})).await.status, 201);
    send(&site, "website", event("b")).await.is_refused(429, "quota_exceeded");
    // More is allowed: at once.
    std::fs::write(&site.file, "[projects.app]\nevents_per_month_max = 6\n[projects.website]\n").unwrap();
    let started = Instant::now();
    while send(&site, "website", event("b")).await.status != 201 {
        assert!(started.elapsed() < RELOAD_TIME_MAX);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(send(&site, "app", json!([event("h"), event("i")])).await.outcomes(), ["accepted", "quota_exceeded"]);
    assert!(site.gateway.stop(), "SIGTERM ends it in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_too_fast_is_told_when_to_come_again() {
    let site = Site::start(&format!(
        "[projects.app]\naddress_events_per_s_max = 1\naddress_events_burst_max = 20\nevents_per_s_max = 1\nevents_burst_max = 70\n\
         [[projects.app.keys]]\nname = \"backend\"\nkind = \"secret\"\nkey = \"{SECRET}\"\n"
    ));
    let events = |count: usize| json!((0..count).map(|n| event(&format!("e{n}"))).collect::<Vec<_>>());
    let from = async |ip: &str, key: (&str, &str), count: usize| {
        site.send("/v1/events", &[key, ("X-Forwarded-For", ip)], &events(count)).await
    };
    let name = ("X-App", "app");
    from(LONDON, name, 21).await.is_refused(413, "too_many_events");
    assert_eq!(from(LONDON, name, 15).await.status, 201);
    let refused = from(LONDON, name, 10).await;
    refused.is_refused(429, "address_too_fast");
    let wait_s = refused.retry_after_s();
    assert!((1..=10).contains(&wait_s), "{wait_s}");
    // Who lies about the address, at a proxy that is listed, stays who the proxy says.
    from(&format!("{SEOUL}, {LONDON}"), name, 10).await.is_refused(429, "address_too_fast");
    assert_eq!(from(SEOUL, name, 15).await.status, 201, "another address has its own rate");
    tokio::time::sleep(Duration::from_secs(wait_s)).await;
    assert_eq!(from(LONDON, name, 5).await.status, 201, "after the wait");
    let secret = ("Authorization", &*format!("Bearer {SECRET}"));
    assert_eq!(from(LONDON, secret, 25).await.status, 201, "a server sends for many");
    from(LONDON, secret, 60).await.is_refused(429, "project_too_fast");
    let (_, metrics) = site.get("/metrics").await;
    for line in ["reason=\"address_too_fast\"} 2", "reason=\"project_too_fast\"} 1", "reason=\"too_many_events\"} 1"] {
        assert!(metrics.contains(&format!("footfall_requests_refused_total{{{line}")), "{line}\n{metrics}");
    }
    assert!(site.gateway.stop());
}

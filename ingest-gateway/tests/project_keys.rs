//! Who may send for a project, from which pages, and what of it is believed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use common::site::{BROWSER, LONDON, SECRET, SEOUL, Site, event};
use serde_json::{Value, json};

fn sha256(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_pages_and_what_is_believed() {
    let site = Site::start(&format!(
        r#"
        [projects.shop]
        allowed_origins = ["https://shop.example", "https://*.shop.example"]
        bots = "drop"
        keys = [
            {{ name = "backend", kind = "secret", sha256 = "{}" }},
            {{ name = "page", kind = "public", key = "pk-shop" }},
            {{ name = "old page", kind = "public", key = "pk-old", revoked = true }},
        ]
        [projects.api]
        by_name = false
        client_ip = "drop"
        keys = [{{ name = "api", kind = "secret", key = "secret-key-of-the-api" }}]
        "#,
        sha256(SECRET)
    ));
    keys(&site).await;
    pages(&site).await;
    what_a_server_says(&site).await;
    bots_and_old_events(&site).await;
    several_projects(&site).await;
    assert!(site.gateway.stop());
}

async fn keys(site: &Site) {
    let bearer = |key: &str| format!("Bearer {key}");
    let native = async |headers: &[(&str, &str)]| site.send("/v1/events", headers, &event("keys")).await;
    for headers in [
        [("X-App", "shop")],
        [("X-App", "pk-shop")],
        [("Authorization", &*bearer("pk-shop"))],
        [("Authorization", &*bearer(SECRET))],
        [("Authorization", &*bearer("secret-key-of-the-api"))],
    ] {
        assert_eq!(
            native(&[headers[0], ("User-Agent", BROWSER), ("Accept-Language", "en")]).await.status,
            201,
            "{headers:?}"
        );
    }
    native(&[("X-App", "pk-old")]).await.is_refused(401, "revoked_write_key");
    native(&[("Authorization", &bearer("pk-old"))]).await.is_refused(401, "revoked_write_key");
    native(&[("X-App", "api")]).await.is_refused(401, "write_key_needed");
    native(&[("X-App", "api"), ("Authorization", &bearer("secret-key-of-the-apj"))])
        .await
        .is_refused(401, "unknown_write_key");
    native(&[("X-App", "shop"), ("Authorization", &bearer("secret-key-of-the-api"))])
        .await
        .is_refused(400, "conflicting_projects");
    let both = native(&[("X-App", "api"), ("Authorization", &bearer("secret-key-of-the-api"))]).await;
    assert_eq!(both.status, 201, "{}", both.body);

    // A secret key has no place in an address, nor where a name is expected.
    native(&[("X-App", SECRET)]).await.is_refused(403, "unknown_project");
    site.send(&format!("/v1/events?project={SECRET}"), &[], &event("keys")).await.is_refused(403, "unknown_project");
    let browser = [("User-Agent", BROWSER), ("Accept-Language", "en")];
    assert_eq!(site.send("/v1/events?project=pk-shop", &browser, &event("keys")).await.status, 201);
}

async fn pages(site: &Site) {
    let from = async |origin: &str, key: (&str, &str)| {
        let headers = [("Origin", origin), key, ("User-Agent", BROWSER), ("Accept-Language", "en")];
        site.send("/v1/events", &headers, &event("pages")).await
    };
    let page = ("X-App", "pk-shop");
    for origin in ["https://shop.example", "https://de.shop.example"] {
        assert_eq!(from(origin, page).await.status, 201, "{origin}");
    }
    for origin in ["http://shop.example", "https://evil.example", "null", "https://shop.example.evil.example"] {
        let refused = from(origin, page).await;
        refused.is_refused(403, "origin_not_allowed");
        assert_eq!(refused.headers["access-control-allow-origin"], origin, "the page may read why");
    }
    let server = ("Authorization", &*format!("Bearer {SECRET}"));
    assert_eq!(from("https://evil.example", server).await.status, 201, "a server sends for whom it likes");
}

/// With a secret key, and only then, each format's event says itself whose it is.
async fn what_a_server_says(site: &Site) {
    let said = async |name: &str| {
        let sql = format!("SELECT concat(country, '/', browser) FROM analytics.events FINAL WHERE event = '{name}'");
        site.gateway.sql(sql).await
    };
    let native = |name: &str| {
        let mut event = event(name);
        event["ip"] = SEOUL.into();
        event["user_agent"] = BROWSER.into();
        event
    };
    let posthog = |name: &str, token: &str| json!({"api_key": token, "event": name, "distinct_id": "u", "properties": {"$ip": SEOUL, "$raw_user_agent": BROWSER}});
    let segment = |name: &str, key: &str| json!({"writeKey": key, "event": name, "userId": "u", "context": {"ip": SEOUL, "userAgent": BROWSER}});
    let umami = |name: &str, website: &str| json!({"type": "event", "payload": {"website": website, "name": name, "ip": SEOUL, "userAgent": BROWSER}});
    let of_request = [
        ("X-Forwarded-For", LONDON),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
        ("Accept-Language", "en"),
    ];
    let bearer = format!("Bearer {SECRET}");
    let send = async |path: &str, key: (&str, &str), body: Value| {
        let headers = [&of_request[..], &[key]].concat();
        let answered = site.send(path, &headers, &body).await;
        assert!(answered.status < 300, "{path} {}", answered.body);
    };
    let none = ("X-Nothing", "");
    for (key, suffix, expected) in [("pk-shop", "public", "GB/Firefox"), (SECRET, "secret", "KR/Chrome")] {
        let authorization = format!("Bearer {key}");
        send("/v1/events", ("Authorization", &authorization), native(&format!("native {suffix}"))).await;
        send("/e/", none, posthog(&format!("posthog {suffix}"), key)).await;
        send("/v1/track", none, segment(&format!("segment {suffix}"), key)).await;
        send("/api/send", none, umami(&format!("umami {suffix}"), key)).await;
        for format in ["native", "posthog", "segment", "umami"] {
            assert_eq!(said(&format!("{format} {suffix}")).await, expected, "{format} {suffix}");
        }
    }
    send("/v1/events", ("Authorization", &bearer), event("says nothing")).await;
    assert_eq!(said("says nothing").await, "GB/Firefox", "without a word of the event, the request's own");
    let properties = "SELECT count() FROM analytics.events WHERE mapContains(properties, 'ip') OR mapContains(properties, 'user_agent')";
    assert_eq!(site.gateway.sql(properties).await, "0", "and it is no property");
    let api = [("Authorization", "Bearer secret-key-of-the-api"), ("X-Forwarded-For", LONDON)];
    assert_eq!(site.send("/v1/events", &api, &native("dropped address")).await.status, 201);
    assert_eq!(said("dropped address").await, "/Chrome", "the project's own choice about addresses");
}

async fn bots_and_old_events(site: &Site) {
    let google = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let headers = [("X-App", "shop"), ("User-Agent", google), ("Accept-Language", "en")];
    let dropped = site.send("/v1/events", &headers, &event("crawled")).await;
    dropped.is_refused(400, "bot");
    assert_eq!(dropped.body["error"]["message"], "a program sent it: crawler, by user_agent_list, uap_core_spider");

    let mut old = event("old");
    old["timestamp"] = "2024-04-17T04:04:12Z".into();
    let batch = json!([old, event("new")]);
    let public = [("X-App", "pk-shop"), ("User-Agent", BROWSER), ("Accept-Language", "en")];
    let answered = site.send("/v1/events", &public, &batch).await;
    assert_eq!(answered.outcomes(), ["timestamp_out_of_range", "accepted"]);
    assert!(
        answered.body["outcomes"][0]["message"]
            .as_str()
            .unwrap()
            .ends_with("more than 30 days ago: older events need a secret key")
    );
    let secret = [("Authorization", &*format!("Bearer {SECRET}")), ("User-Agent", BROWSER), ("Accept-Language", "en")];
    let answered = site.send("/v1/events", &secret, &batch).await;
    assert_eq!(answered.outcomes()[0], "accepted");
}

/// Where events name their projects themselves, each is stored or dropped by its own.
async fn several_projects(site: &Site) {
    let stored = async |name: &str| {
        let sql = format!(
            "SELECT groupArray(project) FROM (SELECT project FROM analytics.events FINAL WHERE event = '{name}' ORDER BY project)"
        );
        site.gateway.sql(sql).await
    };
    let headers = [("User-Agent", BROWSER), ("Accept-Language", "en")];
    let posthog = |token: &str| json!({"token": token, "event": "several posthog", "distinct_id": "u"});
    let batch = json!([
        posthog("shop"),
        posthog("secret-key-of-the-api"),
        posthog("nobody"),
        posthog("api"),
        posthog("pk-old")
    ]);
    assert_eq!(site.send("/e/", &headers, &batch).await.status, 200);
    assert_eq!(stored("several posthog").await, "['api','shop']");

    let umami =
        |website: Option<&str>| json!({"type": "event", "payload": {"website": website, "name": "several umami"}});
    let batch = json!([umami(Some("shop")), umami(Some("secret-key-of-the-api")), umami(None), umami(Some("nobody"))]);
    let answered = site.send("/api/batch", &headers, &batch).await;
    assert_eq!((answered.status, &answered.body["processed"]), (200, &json!(2)), "{}", answered.body);
    let errors: Vec<_> =
        answered.body["details"].as_array().unwrap().iter().map(|of| &of["response"]["error"]["reason"]).collect();
    assert_eq!(errors, ["missing_project", "unknown_project"]);
    assert_eq!(stored("several umami").await, "['api','shop']");

    let plausible = json!({"n": "several plausible", "u": "https://shop.example/", "d": "shop,secret-key-of-the-api"});
    assert_eq!(site.send("/api/event", &headers, &plausible).await.status, 202);
    assert_eq!(stored("several plausible").await, "['api','shop']");
    // One of them is not a page of the shop's; the other has no pages.
    let elsewhere = [&headers[..], &[("Origin", "https://evil.example")]].concat();
    let plausible = json!({"n": "elsewhere", "u": "https://shop.example/", "d": "shop,secret-key-of-the-api"});
    assert_eq!(site.send("/api/event", &elsewhere, &plausible).await.status, 202);
    assert_eq!(stored("elsewhere").await, "['api']");
}

//! Projects in a file, as senders and operators see them: the real program, the real engine, real requests.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use common::Gateway;
use reqwest::{Client, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};

const SECRET: &str = "secret-key-of-the-backend";
const DOCTOR: [&str; 3] = ["doctor", "--disk-free-bytes-min", "1"];
const RELOAD_TIME_MAX: Duration = Duration::from_secs(20);
/// Of the test database.
const LONDON: &str = "81.2.69.160";
const SEOUL: &str = "2001:220::1";
const BROWSER: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36";

struct Site {
    gateway: Gateway,
    file: PathBuf,
    data: tempfile::TempDir,
}

struct Answered {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Site {
    fn start(projects: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("projects.toml");
        std::fs::write(&file, projects).unwrap();
        let gateway = start(data.path(), &file);
        Self { gateway, file, data }
    }

    /// The same again after `kill -9`.
    fn again(mut self) -> Self {
        self.gateway.program.process.kill().unwrap();
        self.gateway.program.process.wait().unwrap();
        let gateway = start(self.data.path(), &self.file);
        Self { gateway, ..self }
    }

    async fn send(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answered {
        let request = Client::new().post(format!("{}{path}", self.gateway.url)).body(body.to_string());
        let with_header = |request: RequestBuilder, (name, value): &(&str, &str)| request.header(*name, *value);
        let answer = headers.iter().fold(request, with_header).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.unwrap();
        Answered { status, headers, body: serde_json::from_str(&text).unwrap_or_else(|_| text.into()) }
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(format!("{}{path}", self.gateway.url)).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Waits until `/readyz` says it.
    async fn says(&self, what: &str) -> String {
        let started = Instant::now();
        loop {
            let (status, text) = self.get("/readyz").await;
            assert_eq!(status, 200, "events are taken: {text}");
            if text.contains(what) {
                return text;
            }
            assert!(started.elapsed() < RELOAD_TIME_MAX, "{what:?} is not said: {text}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A command of the program, with this gateway's environment; whether it succeeded, and what it said.
    fn command(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
        let output = command
            .args(arguments)
            .envs(self.gateway.clickhouse_environment())
            .env("FOOTFALL_LISTEN", self.gateway.url.trim_start_matches("http://"))
            .env("FOOTFALL_PROJECTS_FILE", &self.file)
            .env_remove("PROJECTS")
            .env("RUST_LOG", "warn")
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    }
}

fn start(data: &Path, file: &Path) -> Gateway {
    let file = file.to_str().unwrap();
    let environment = [("PROJECTS", ""), ("FOOTFALL_WRITE_KEYS", ""), ("FOOTFALL_PROJECTS_FILE", file)];
    Gateway::start_with(data, &environment)
}

impl Answered {
    #[track_caller]
    fn is_refused(&self, status: u16, reason: &str) {
        assert_eq!((self.status, &self.body["error"]["reason"]), (status, &json!(reason)), "{}", self.body);
    }

    fn retry_after_s(&self) -> u64 {
        self.headers["retry-after"].to_str().unwrap().parse().unwrap()
    }

    fn outcomes(&self) -> Vec<&str> {
        let reason = |of: &'_ Value| of["reason"].as_str().is_some();
        let outcomes = self.body["outcomes"].as_array().unwrap().iter();
        outcomes.map(|of| if reason(of) { of["reason"].as_str() } else { of["outcome"].as_str() }.unwrap()).collect()
    }
}

fn event(name: &str) -> Value {
    json!({"type": name, "user_id": "u", "timestamp": chrono::Utc::now().timestamp_millis()})
}

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

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_counts_and_a_wrong_one_is_told_everywhere() {
    let site = Site::start("[projects.app]\n");
    let send = async |project: &str| site.send("/v1/events", &[("X-App", project)], &event("a")).await.status;
    assert_eq!((send("app").await, send("shop").await), (201, 403));
    let (is_well, told) = site.command(&DOCTOR);
    assert!(is_well && told.contains("1 projects in"), "{told}");

    std::fs::write(&site.file, format!("[projects.shop]\nrate = 1\n[[projects.shop.keys]]\nkey = \"{SECRET}\"\n"))
        .unwrap();
    let told = site.says("warning: the projects stay as they were: ").await;
    assert!(
        told.starts_with("ready\n") && told.contains("line 2: projects.shop.\"rate\" is no known field: do you mean"),
        "{told}"
    );
    assert!(told.contains("line 3: projects.shop.keys[0].name is missing"), "{told}");
    assert_eq!((send("app").await, send("shop").await), (201, 403), "the one before counts");
    let (is_ready, health) = site.command(&["health"]);
    assert!(is_ready && health.contains("warning: the projects stay"), "{health}");
    let (is_well, doctor) = site.command(&DOCTOR);
    assert!(
        !is_well
            && doctor.contains("FAIL  projects")
            && doctor.contains("line 3: projects.shop.keys[0].name is missing"),
        "{doctor}"
    );
    let (_, metrics) = site.get("/metrics").await;
    assert!(
        metrics.contains("footfall_projects_file_valid 0\n") && metrics.contains("footfall_projects 1\n"),
        "{metrics}"
    );
    for text in [&told, &health, &doctor, &metrics] {
        assert!(!text.contains(SECRET), "{text}");
    }

    std::fs::write(&site.file, "[projects.shop]\n").unwrap();
    let id = site.gateway.program.process.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    let started = Instant::now();
    while site.get("/readyz").await.1 != "ready\n" {
        assert!(started.elapsed() < RELOAD_TIME_MAX);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((send("app").await, send("shop").await), (403, 201));
    let (_, metrics) = site.get("/metrics").await;
    assert!(metrics.contains("footfall_projects_file_valid 1\n"), "{metrics}");
    assert!(site.gateway.stop());
}

#[test]
fn a_list_beside_a_file_and_a_wrong_file_end_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("projects.toml");
    let start = |projects: &str, keys: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ingest-gateway"));
        let output = command
            .env("FOOTFALL_DATA", folder.path())
            .env("FOOTFALL_LISTEN", "127.0.0.1:0")
            .env("KAFKA_BROKERS", "127.0.0.1:1")
            .env("FOOTFALL_PROJECTS_FILE", &file)
            .env("PROJECTS", projects)
            .env("FOOTFALL_WRITE_KEYS", keys)
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let both = start("app", "");
    assert!(both.contains("PROJECTS and FOOTFALL_PROJECTS_FILE are both given: give one of them"), "{both}");
    let keys = start("", &format!("{SECRET}=app"));
    assert!(
        keys.contains("FOOTFALL_WRITE_KEYS and FOOTFALL_PROJECTS_FILE are both given") && !keys.contains(SECRET),
        "{keys}"
    );
    let missing = start("", "");
    assert!(missing.contains("FOOTFALL_PROJECTS_FILE: ") && missing.contains("cannot be read"), "{missing}");
    std::fs::write(&file, "[projects.app]\nbots = true\n").unwrap();
    let wrong = start("", "");
    assert!(wrong.contains("line 2: projects.app.bots must be a string, not a boolean: true"), "{wrong}");
}

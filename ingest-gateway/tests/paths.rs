//! Paths that are renamed, and the script that the gateway serves.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed invariant here is a failed test")]

mod common;

use common::Gateway;
use reqwest::{Client, Response, header};

const RENAMED: &str = "/api/event=/numbers,/v1/t=/a,segment=/s,posthog=/ph,matomo=,/v1/events=/in,/v1/events=/v1/events,\
    /v1/tracker.js=/t.js";
const SCRIPT_BYTES_MAX: usize = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn each_format_is_where_the_configuration_has_it() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start_with(data.path(), &[("FOOTFALL_PATHS", RENAMED)]);
    let plausible = r#"{"n":"d","d":"website","u":"https://shop.example/"}"#;
    let segment =
        r#"{"type":"page","event":"of its path","anonymousId":"a","writeKey":"website","timestamp":"2024-04-17"}"#;
    let posthog = r#"{"api_key":"website","event":"b","distinct_id":"a","timestamp":"2024-04-17"}"#;
    let native = r#"{"type":"c"}"#;
    for (path, body, status) in [
        ("/numbers", plausible, 202),
        ("/api/event", plausible, 404),
        // The path says that it is a `track`, although it says so no longer.
        ("/a", segment, 200),
        ("/v1/t", segment, 404),
        ("/s/v1/t", segment, 404),
        ("/s/v1/page", segment, 200),
        ("/ph/e/", posthog, 200),
        ("/ph/flags/", "{}", 200),
        ("/e/", posthog, 404),
        ("/flags/", "{}", 404),
        ("/matomo.php", "idsite=website&rec=1", 404),
        ("/in?project=website", native, 201),
        ("/v1/events?project=website", native, 201),
    ] {
        let answer = Client::new().post(format!("{}{path}", gateway.url)).body(body.to_owned()).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
    }
    let stored = gateway.sql("SELECT event, count() FROM analytics.events FINAL GROUP BY event ORDER BY event").await;
    assert_eq!(stored, "b\t1\nc\t2\nd\t1\nof its path\t1\npage_view\t1");
    let script = script(&gateway, "/t.js", "").await;
    assert!(script.text().await.unwrap().contains("\"/in\""), "the script sends to where events are taken first");
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_is_small_and_kept_by_browsers() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    for (accepted, encoding) in [("", None), ("gzip;q=0", None), ("gzip", Some("gzip")), ("gzip, BR", Some("br"))] {
        let answer = script(&gateway, "/v1/tracker.js", accepted).await;
        assert_eq!(answer.status(), 200);
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("content-encoding").as_deref(), encoding, "{accepted}");
        assert_eq!(header("content-type").as_deref(), Some("text/javascript; charset=utf-8"));
        assert!(header("cache-control").unwrap().starts_with("public, max-age=86400"));
        assert_eq!(header("access-control-allow-origin").as_deref(), Some("https://shop.example"));
        let tag = header("etag").unwrap();
        let bytes = answer.bytes().await.unwrap();
        match encoding {
            None => assert!(String::from_utf8_lossy(&bytes).contains("\"/v1/events\"")),
            Some("br") => assert!(bytes.len() <= SCRIPT_BYTES_MAX, "{} bytes, at most {SCRIPT_BYTES_MAX}", bytes.len()),
            Some(_) => assert!(bytes.starts_with(&[0x1f, 0x8b])),
        }
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
            let request = Client::new().get(format!("{}/v1/tracker.js", gateway.url));
            let answer = request.header(header::IF_NONE_MATCH, known).send().await.unwrap();
            assert_eq!((answer.status().as_u16(), answer.bytes().await.unwrap().len()), (304, 0));
        }
    }
    assert!(gateway.stop());
}

async fn script(gateway: &Gateway, path: &str, accepted: &str) -> Response {
    let request = Client::new().get(format!("{}{path}", gateway.url)).header(header::ACCEPT_ENCODING, accepted);
    request.header(header::ORIGIN, "https://shop.example").send().await.unwrap()
}

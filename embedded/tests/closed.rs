//! Who is answered at all: the password, its files, and what a browser can be made to send.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

mod common;

use std::os::unix::fs::PermissionsExt;

use common::{Process, User, answer};
use reqwest::Method;

#[tokio::test]
async fn nobody_is_answered_without_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let engine = Process::start(&data, &[("RUST_LOG", "trace")]);
    let (default, reader) = (engine.passwords.default.reveal().to_owned(), engine.passwords.reader.reveal().to_owned());

    let anonymous = |path: &str| engine.http.post(format!("{}{path}", engine.url));
    for request in [
        anonymous("/").body("SELECT 1"),
        anonymous("/?query=SELECT+1"),
        anonymous("/?query=SELECT+1&user=default"),
        anonymous("/?query=SELECT+1&user=default&password=x"),
        anonymous("/?user=reader&password=").body("SELECT 1"),
        anonymous("/").basic_auth("default", Some("")).body("SELECT 1"),
        anonymous("/").basic_auth("reader", Some(&default)).body("SELECT 1"),
        anonymous("/").basic_auth("default", Some(&reader)).body("SELECT 1"),
        anonymous("/").header("X-ClickHouse-User", "default").body("SELECT 1"),
        anonymous("/").header("X-ClickHouse-Key", "wrong").body("SELECT 1"),
        engine.http.get(format!("{}/?query=SELECT+1", engine.url)),
        engine.http.get(format!("{}/?database=analytics", engine.url)),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 403);
        assert_eq!(response.headers()["x-clickhouse-exception-code"], "516", "clients of ClickHouse read it");
        let text = response.text().await.unwrap();
        assert!(text.starts_with("Code: 516. DB::Exception: ") && text.contains("(AUTHENTICATION_FAILED)"), "{text}");
        assert!(!text.contains(&default) && !text.contains(&reader));
    }
    for path in ["/ping", "/"] {
        let open = engine.http.get(format!("{}{path}", engine.url));
        assert_eq!(answer(open).await, (200, "Ok.\n".to_owned()), "{path} says that the engine is there, no more");
    }
    for request in [
        anonymous(&format!("/?query=SELECT+7&user=default&password={default}")),
        anonymous("/").header("X-ClickHouse-User", "reader").header("X-ClickHouse-Key", &reader).body("SELECT 7"),
        engine.request(Method::POST, "/", User::Default).body("SELECT 7"),
        engine.request(Method::GET, "/?query=SELECT+7", User::Reader),
    ] {
        assert_eq!(answer(request).await, (200, "7\n".to_owned()));
    }
    for method in [Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH] {
        let request = engine.request(method.clone(), "/?query=SELECT+1", User::Default);
        assert_eq!(answer(request).await.0, 405, "{method}");
    }

    // Nor does anything else tell it.
    let failed = engine.post(User::Default, "/", "SELECT throwIf(1)").await;
    assert!(failed.1.contains("FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"), "{}", failed.1);
    assert!(engine.stop());
    let log = std::fs::read_to_string(data.with_extension("log")).unwrap();
    assert!(!log.contains(&default) && !log.contains(&reader), "the log holds a password");
}

#[tokio::test]
async fn the_password_stays_and_belongs_to_the_owner() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let engine = Process::start(&data, &[]);
    let first = engine.passwords.default.reveal().to_owned();
    let mode = |name: &str| std::fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("."), mode("engine-password"), mode("reader-password")), (0o700, 0o600, 0o600));
    let arguments = std::fs::read(format!("/proc/{}/cmdline", engine.child.id())).unwrap();
    assert!(!String::from_utf8_lossy(&arguments).contains(&first));
    assert!(engine.stop());

    let engine = Process::start(&data, &[]);
    assert_eq!(engine.passwords.default.reveal(), first, "a data source that is set up goes on working");
    assert!(engine.stop());

    let engine = Process::start(&data, &[("FOOTFALL_ENGINE_PASSWORD", "a-password-of-my-own")]);
    assert_eq!(engine.passwords.default.reveal(), "a-password-of-my-own");
    assert_eq!(engine.run("SELECT 1").await, "1");
    assert!(engine.stop());

    let short = std::process::Command::new(env!("CARGO_BIN_EXE_footfall-engine"))
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .env("FOOTFALL_ENGINE_PASSWORD", "too-short")
        .output()
        .unwrap();
    let said = String::from_utf8(short.stderr).unwrap();
    assert!(
        !short.status.success() && said.contains("FOOTFALL_ENGINE_PASSWORD") && said.contains("16 to 256"),
        "{said}"
    );
    assert!(!said.contains("too-short"));
}

/// The requests of a browser's image, script, form and fetch, with the password as if it were known.
#[tokio::test]
async fn a_web_page_is_refused_whatever_it_sends() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Process::start(&folder.path().join("data"), &[]);
    for headers in [
        // <img src>, <script src> on another site, and on another port of this machine.
        vec![("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image")],
        vec![("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "script")],
        vec![("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Mode", "cors")],
        // fetch, a form, a sandboxed frame.
        vec![("Origin", "https://evil.example")],
        vec![("Origin", "http://127.0.0.1:3123"), ("Sec-Fetch-Site", "same-site")],
        vec![("Origin", "null")],
        // DNS rebinding.
        vec![("Host", "evil.example")],
        vec![("Host", "evil.example:8123")],
    ] {
        for (method, path) in
            [(Method::GET, "/?query=SELECT+1"), (Method::POST, "/?query=SELECT+1"), (Method::GET, "/ping")]
        {
            let mut request = engine.request(method, path, User::Default);
            for (name, value) in &headers {
                request = request.header(*name, *value);
            }
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 403, "{path} {headers:?}");
            assert_eq!(response.headers()["cross-origin-resource-policy"], "same-origin");
            assert!(!response.headers().contains_key("access-control-allow-origin"));
        }
    }
    let typed = engine.request(Method::GET, "/?query=SELECT+1", User::Default).header("Sec-Fetch-Site", "none");
    assert_eq!(answer(typed).await.0, 200, "an address that a person typed");
    let answered = engine.request(Method::GET, "/?query=SELECT+1", User::Default).send().await.unwrap();
    assert_eq!(answered.headers()["x-content-type-options"], "nosniff");
}

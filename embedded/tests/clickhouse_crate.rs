//! The official `clickhouse` crate, unchanged, against the embedded engine; what data
//! outlives; what the interface refuses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

use std::path::Path;

use clickhouse::{Client, Row};
use embedded::{Options, Server};
use serde::{Deserialize, Serialize};

async fn start(data: &Path) -> (Server, Client) {
    let library = embedded::library::find().expect("cargo xtask engine fetches it");
    let options = Options::new(&library, data, "127.0.0.1:0".parse().unwrap());
    let server = Server::start(options).await.unwrap();
    let password = server.passwords.default.reveal();
    let client = Client::default().with_url(server.url()).with_user("default").with_password(password);
    (server, client)
}

#[derive(Row, Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Thing {
    id: u64,
    name: String,
    maybe: Option<f64>,
    tags: Vec<String>,
    #[serde(with = "clickhouse::serde::uuid")]
    key: uuid::Uuid,
}

// One test, since a process opens one data folder at a time.
#[tokio::test(flavor = "multi_thread")]
async fn the_clickhouse_crate_and_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (server, client) = start(folder.path()).await;
    client
        .query("CREATE TABLE things (id UInt64, name String, maybe Nullable(Float64), tags Array(String), key UUID) ENGINE = MergeTree ORDER BY id")
        .execute()
        .await
        .unwrap();
    let things: Vec<Thing> = (0..10_000)
        .map(|id| Thing {
            id,
            name: format!("it's {id} \\ \n"),
            maybe: (id % 3 == 0).then_some(0.5),
            tags: vec!["a".into(); (id % 4) as usize],
            key: uuid::Uuid::from_u128(u128::from(id)),
        })
        .collect();

    // RowBinary with validation, compressed in ClickHouse's own form.
    let mut insert = client.insert::<Thing>("things").await.unwrap();
    for thing in &things {
        insert.write(thing).await.unwrap();
    }
    insert.end().await.unwrap();

    // A cursor over many chunks, and bound values on the server's side.
    let mut cursor = client.query("SELECT ?fields FROM things ORDER BY id").fetch::<Thing>().unwrap();
    let mut read = Vec::new();
    while let Some(thing) = cursor.next().await.unwrap() {
        read.push(thing);
    }
    assert_eq!(read, things);
    let found: u64 = client
        .query_raw("SELECT count() FROM things WHERE name = {name:String} AND id IN {ids:Array(UInt64)}")
        .param("name", "it's 7 \\ \n")
        .param("ids", vec![7_u64, 8])
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(found, 1);

    // Errors, at once and in the middle of a result.
    let missing = client.query("SELECT * FROM missing").execute().await.unwrap_err().to_string();
    assert!(missing.contains("UNKNOWN_TABLE"), "{missing}");
    let mut late = client.query("SELECT throwIf(number = 300000)::UInt8 FROM numbers(400000)").fetch::<u8>().unwrap();
    let error = loop {
        match late.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the exception within the body was not seen"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"), "{error}");

    // An insert that is given up commits nothing.
    let mut half = client.insert::<Thing>("things").await.unwrap();
    half.write(&things[0]).await.unwrap();
    drop(half);
    let count = || client.query("SELECT count() FROM things").fetch_one::<u64>();
    assert_eq!(count().await.unwrap(), 10_000);

    // Two queries run side by side, and settings stay within their request.
    let sleep = || {
        let client = client.clone();
        tokio::spawn(async move { client.query("SELECT sleep(3)").fetch_one::<u8>().await })
    };
    let (one, other) = (sleep(), sleep());
    loop {
        let both = "SELECT count() FROM system.processes WHERE query LIKE 'SELECT sleep%'";
        if client.query(both).fetch_one::<u64>().await.unwrap() == 2 {
            break;
        }
        assert!(!(one.is_finished() && other.is_finished()), "connections wait for one another");
    }
    assert_eq!((one.await.unwrap().unwrap(), other.await.unwrap().unwrap()), (0, 0));
    client.query("SELECT 1").with_setting("max_result_rows", "7").execute().await.unwrap();
    let setting: String = client.query("SELECT toString(getSetting('max_result_rows'))").fetch_one().await.unwrap();
    assert_eq!(setting, "0");

    let http = reqwest::Client::new();
    let post = |path: &str, sql: &str| {
        let password = Some(server.passwords.default.reveal());
        http.post(format!("{}{path}", server.url())).basic_auth("default", password).body(sql.to_owned()).send()
    };
    assert_eq!(post("/", "SELECT 1 INTO OUTFILE '/tmp/x'").await.unwrap().status(), 501);

    // A session and a query id are free again as soon as the answer is there (once, a client
    // that was quick met its own session still locked).
    for n in 0..300 {
        let sql = if n % 2 == 0 { "SELECT 1 FORMAT JSON" } else { "SELECT nope" };
        let text = post("/?session_id=mine&query_id=mine", sql).await.unwrap().text().await.unwrap();
        assert!(!text.contains("SESSION_IS_LOCKED") && !text.contains("ALREADY_RUNNING"), "{n}: {text}");
    }

    // The data outlives the engine.
    server.stop().await.unwrap();
    let (server, client) = start(folder.path()).await;
    assert_eq!(client.query("SELECT count() FROM things").fetch_one::<u64>().await.unwrap(), 10_000);
    server.stop().await.unwrap();

    let library = embedded::library::find().unwrap();
    let open = Server::start(Options::new(&library, folder.path(), "0.0.0.0:0".parse().unwrap())).await;
    assert!(open.err().unwrap().to_string().contains("loopback"));
}

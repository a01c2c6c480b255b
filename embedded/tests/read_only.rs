//! Read-only is read-only: for the user `reader`, for GET, with `readonly` and in sessions; no
//! file, no service of this machine, no write, and no limit that a statement can lift.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

mod common;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use common::{Answer, Process, User, answer};
use reqwest::Method;

/// Each way in which a request can be one that only reads.
#[derive(Clone, Copy, Debug)]
enum Way {
    Reader,
    ReaderInASession,
    Get,
    GetInASession,
    ReadOnly1,
    ReadOnly2,
}

const WAYS: [Way; 6] =
    [Way::Reader, Way::ReaderInASession, Way::Get, Way::GetInASession, Way::ReadOnly1, Way::ReadOnly2];

async fn ask(engine: &Process, way: Way, sql: &str) -> Answer {
    match way {
        Way::Reader => engine.post(User::Reader, "/", sql).await,
        Way::ReaderInASession => engine.post(User::Reader, "/?session_id=mine", sql).await,
        Way::Get => engine.get(User::Default, &[("query", sql)]).await,
        Way::GetInASession => engine.get(User::Default, &[("query", sql), ("session_id", "mine")]).await,
        Way::ReadOnly1 => engine.post(User::Default, "/?readonly=1", sql).await,
        Way::ReadOnly2 => engine.post(User::Default, "/?readonly=2&readonly=0", sql).await,
    }
}

/// Counts who comes.
async fn service() -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, count) = (listener.local_addr().unwrap().to_string(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            drop(stream);
        }
    });
    (address, count)
}

#[tokio::test]
async fn statements_that_read_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let engine = common::with_tables(&folder.path().join("data")).await;
    for (sql, expected) in [
        ("SELECT count() FROM analytics.t", "10"),
        ("SELECT count() FROM analytics.v", "5"),
        ("WITH 3 AS x SELECT x", "3"),
        ("(SELECT 4)", "4"),
        ("FROM analytics.t SELECT max(a)", "9"),
        ("/* a comment */ -- another\n SELECT 5;", "5"),
        ("EXISTS TABLE analytics.t", "1"),
        ("SHOW TABLES FROM analytics", "t\nv"),
        ("SELECT sum(number) FROM numbers(3)", "3"),
        ("SELECT count() FROM merge('analytics', '^t$')", "10"),
        ("SELECT 'file(1) SETTINGS max_memory_usage = 0'", "file(1) SETTINGS max_memory_usage = 0"),
        ("SELECT count() FROM analytics.t SETTINGS final = 1, optimize_read_in_order = 0, join_use_nulls = 1", "10"),
        ("SELECT getSetting('readonly'), getSetting('max_execution_time')", "2\t60"),
        ("SELECT sum(rows) FROM system.parts WHERE database = 'analytics'", "10"),
        ("SELECT 'tab\\tquote\\' backslash\\\\'", "tab\\tquote\\' backslash\\\\"),
    ] {
        for way in WAYS {
            assert_eq!(ask(&engine, way, sql).await, (200, format!("{expected}\n")), "{way:?}: {sql}");
        }
    }
    let (status, text) = ask(&engine, Way::Reader, "SELECT count() FROM other.t").await;
    assert!(status == 403 && text.contains("ACCESS_DENIED"), "{status} {text}");
    assert_eq!(ask(&engine, Way::Get, "SELECT count() FROM other.t").await.0, 200, "who may do all may read all");
    let (status, text) = ask(&engine, Way::Reader, "SELECT FROM WHERE").await;
    assert!(status == 400 && text.contains("SYNTAX_ERROR") && !text.contains("formatQuery"), "{text}");
    let described = ask(&engine, Way::Reader, "DESCRIBE TABLE analytics.t").await;
    assert!(described.1.starts_with("a\tUInt64"), "{described:?}");
    let explained = ask(&engine, Way::Reader, "EXPLAIN SELECT * FROM analytics.t").await;
    assert!(explained.1.contains("ReadFromMergeTree"), "{explained:?}");
}

#[tokio::test]
async fn nothing_is_written_and_nothing_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let engine = common::with_tables(&folder.path().join("data")).await;
    let file = folder.path().join("written").display().to_string();
    let statements = [
        format!(
            "INSERT INTO FUNCTION file('{file}', 'LineAsString') SELECT 'x' SETTINGS engine_file_truncate_on_insert=1"
        ),
        format!("INSERT INTO FUNCTION file('{file}', 'LineAsString') VALUES ('x')"),
        format!("SELECT 1 INTO OUTFILE '{file}'"),
        format!("SELECT 1 INTO /**/ OUTFILE '{file}' TRUNCATE"),
        format!("EXPLAIN PIPELINE INSERT INTO FUNCTION file('{file}', 'LineAsString') SELECT 'x'"),
        format!(
            "SELECT * FROM format(CSV, 'a UInt8', '1\nx') SETTINGS input_format_allow_errors_num = 9, input_format_record_errors_file_path = '{file}'"
        ),
        "INSERT INTO analytics.t VALUES (11)".into(),
        "INSERT INTO analytics.t SELECT 11".into(),
        "INSERT INTO analytics.t FORMAT TSV\n11".into(),
        "insert into analytics.t format TSV 11".into(),
        "CREATE TABLE analytics.x (a UInt8) ENGINE = Memory".into(),
        "CREATE TEMPORARY TABLE x (a UInt8)".into(),
        "CREATE FUNCTION f AS x -> x".into(),
        "DROP TABLE analytics.t".into(),
        "TRUNCATE TABLE analytics.t".into(),
        "ALTER TABLE analytics.t DELETE WHERE 1".into(),
        "DELETE FROM analytics.t WHERE 1".into(),
        "OPTIMIZE TABLE analytics.t FINAL".into(),
        "RENAME TABLE analytics.t TO analytics.u".into(),
        "/* SELECT */ DROP TABLE analytics.t".into(),
        "-- SELECT\nDROP TABLE analytics.t".into(),
        "SELECT 1; DROP TABLE analytics.t".into(),
        "SELECT 1;; TRUNCATE TABLE analytics.t".into(),
        "DROP TABLE analytics.t; this is no statement".into(),
        "SELECT 1 PARALLEL WITH DROP TABLE analytics.t".into(),
        "SELECT 1\0; DROP TABLE analytics.t".into(),
        "SET ROLE full".into(),
        "SET readonly = 0".into(),
        "SET max_memory_usage = 0".into(),
        "USE other".into(),
        "KILL QUERY WHERE 1".into(),
        "KILL QUERY WHERE query_id = '' OR 1".into(),
        "KILL MUTATION WHERE 1".into(),
        "SYSTEM DROP MARK CACHE".into(),
        "SYSTEM STOP MERGES".into(),
        "BACKUP TABLE analytics.t TO File('x')".into(),
        "GRANT ALL ON *.* TO default".into(),
        "EXECUTE AS default SELECT 1".into(),
        "DETACH TABLE analytics.t".into(),
        "BEGIN TRANSACTION".into(),
    ];
    for sql in &statements {
        for way in WAYS {
            let (status, text) = ask(&engine, way, sql).await;
            assert!((400..500).contains(&status), "{way:?} {sql}: {status} {text}");
        }
    }
    assert!(!Path::new(&file).exists());
    assert_eq!(engine.run("SELECT count(), max(a) FROM analytics.t").await, "10\t9");
    assert_eq!(
        engine.run("SELECT groupArray(name) FROM system.tables WHERE database = 'analytics'").await,
        "['t','v']"
    );
    assert_eq!(engine.run("SELECT count() FROM system.functions WHERE origin = 'SQLUserDefined'").await, "0");
}

#[tokio::test]
async fn no_file_and_no_service_is_reached() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let engine = common::with_tables(&data).await;
    let (address, reached) = service().await;
    let secret = folder.path().join("visitor-salts.json").display().to_string();
    std::fs::write(&secret, "salt-of-today,1\n").unwrap();
    let own = data.join("engine-password").display().to_string();
    let statements = [
        format!("SELECT * FROM file('{secret}', 'LineAsString')"),
        format!("SELECT * FROM file('{own}', 'LineAsString')"),
        "SELECT * FROM file('/proc/self/environ', 'LineAsString')".into(),
        format!("SELECT file('{secret}')"),
        format!("SELECT \"fi\\x6ce\"('{secret}')"),
        format!("SELECT `file`(concat('{secret}', ''))"),
        format!("SELECT /**/file/**/('{secret}')"),
        format!("SELECT arrayMap(file, ['{secret}'])"),
        format!("SELECT arrayMap(x -> file(x), ['{secret}'])"),
        format!("SELECT * APPLY(file) FROM (SELECT '{secret}' AS x)"),
        format!("SELECT x.* APPLY file FROM (SELECT '{secret}' AS x) AS x"),
        format!("EXPLAIN SELECT file('{secret}')"),
        format!("DESCRIBE (SELECT file('{secret}'))"),
        format!("SELECT * FROM view(SELECT file('{secret}'))"),
        format!("SELECT {{f:Identifier}}('{secret}')"),
        format!("DESCRIBE TABLE file('{secret}', 'CSVWithNames')"),
        format!("SELECT * FROM `{secret}`"),
        format!("SELECT * FROM default.`{secret}`"),
        format!("SELECT * FROM '{secret}'"),
        format!("SELECT * FROM filesystem('{}')", folder.path().display()),
        format!("SELECT * FROM sqlite('{secret}', 't')"),
        format!("SELECT * FROM executable('cat {secret}', 'LineAsString', 'a String')"),
        format!("SELECT * FROM eval('SELECT file(\\'{secret}\\')')"),
        format!(
            "SELECT * FROM eval('SELECT file(\\'{secret}\\')') SETTINGS allow_experimental_eval_table_function = 1"
        ),
        format!("SELECT * FROM format(Protobuf, 'x') SETTINGS format_schema = '{secret}:M'"),
        format!("SELECT * FROM icebergLocal('{secret}')"),
        format!("SELECT * FROM merge(REGEXP('.*'), '{secret}')"),
        format!("SELECT * FROM arrowstream('{secret}')"),
        format!("SELECT * FROM python('{secret}')"),
        format!("SELECT * FROM url('http://{address}/', 'LineAsString')"),
        format!("DESCRIBE TABLE url('http://{address}/a.csv')"),
        format!("SELECT * FROM s3('http://{address}/bucket/a.csv')"),
        format!("SELECT * FROM remote('{address}', system.one)"),
        format!("SELECT * FROM mysql('{address}', 'a', 'b', 'c', 'd')"),
        format!("DESCRIBE TABLE postgresql('{address}', 'a', 'b', 'c', 'd')"),
        format!("SELECT * FROM deltaLake('http://{address}/bucket/a')"),
        format!("SELECT * FROM redis('{address}', 'k', 'k String')"),
        format!("SELECT 1 FROM numbers(1) SETTINGS dialect = 'prql', url_base = 'http://{address}'"),
    ];
    for sql in &statements {
        for way in WAYS {
            let (status, text) = ask(&engine, way, sql).await;
            assert!((400..600).contains(&status), "{way:?} {sql}: {status} {text}");
            assert!(!text.contains("salt-of-today"), "{way:?} {sql}: {text}");
        }
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0, "a service of this machine was asked");
    // Who may do everything imports and exports files.
    let read = format!("SELECT * FROM file('{secret}', 'CSV', 'a String, b UInt8')");
    assert_eq!(engine.run(&read).await, "salt-of-today\t1");
}

#[tokio::test]
async fn limits_are_not_lifted() {
    let folder = tempfile::tempdir().unwrap();
    let engine = common::with_tables(&folder.path().join("data")).await;
    let limit: u64 = engine
        .run("SELECT intDiv(toUInt64(value), 2) FROM system.server_settings WHERE name = 'max_server_memory_usage'")
        .await
        .parse()
        .unwrap();
    for settings in [
        "max_memory_usage = 0",
        "max_memory_usage = 99999999999999",
        "MAX_MEMORY_USAGE = 0",
        "`max_memory_usage` = 0",
        "final = 1, max_execution_time = 0",
        "max_threads = 10000",
        "readonly = 0",
        "profile = 'default'",
        "allow_introspection_functions = 1",
        "allow_ddl = 1",
        "max_untracked_memory = 99999999999",
        "log_comment = 'another'",
        "output_format_schema = '/tmp/x'",
        "compatibility = '20.1'",
    ] {
        for sql in [
            format!("SELECT 1 SETTINGS {settings}"),
            format!("SELECT 1 FORMAT TSV SETTINGS {settings}"),
            format!("SELECT * FROM (SELECT 1 SETTINGS {settings})"),
            format!("SELECT * FROM view(SELECT 1 SETTINGS {settings}) SETTINGS final = 1"),
            format!("SELECT 1 UNION ALL SELECT 2 SETTINGS {settings}"),
            format!("EXPLAIN SELECT 1 SETTINGS {settings}"),
        ] {
            for way in WAYS {
                let (status, text) = ask(&engine, way, &sql).await;
                assert!(
                    status == 403 || text.contains("SYNTAX_ERROR") || status == 404,
                    "{way:?} {sql}: {status} {text}"
                );
            }
        }
    }
    let settings =
        "SELECT getSetting('max_memory_usage'), getSetting('max_execution_time'), getSetting('max_threads') <= 64";
    for (path, expected) in [
        ("/", format!("{limit}\t60\t1")),
        ("/?max_memory_usage=0&max_execution_time=0&max_threads=0", format!("{limit}\t3600\t1")),
        ("/?max_memory_usage=99999999999999999&max_threads=5000", format!("{limit}\t60\t1")),
        ("/?max_memory_usage=1000000&max_execution_time=5&readonly=2&max_rows_to_read=0", "1000000\t5\t1".to_owned()),
        ("/?max_memory_usage=5&max_memory_usage=0&max_memory_usage=x", format!("{limit}\t60\t1")),
    ] {
        let (status, text) = engine.post(User::Reader, path, settings).await;
        assert_eq!((status, text.trim()), (200, expected.as_str()), "{path}");
    }
    for name in [
        "profile",
        "allow_ddl",
        "dialect",
        "implicit_select",
        "format_schema",
        "max_query_size",
        "%6dax_untracked_memory",
    ] {
        let (status, text) = engine.post(User::Reader, &format!("/?{name}=1"), "SELECT 1").await;
        assert!(status == 403 && text.contains("SETTING_CONSTRAINT_VIOLATION"), "{name}: {text}");
    }
}

/// A datasource that abandons a query ends it; it ends nobody else's.
#[tokio::test]
async fn a_reader_kills_only_what_reads_by_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Arc::new(common::with_tables(&folder.path().join("data")).await);
    let slow = |user: User, id: &'static str| {
        let engine = Arc::clone(&engine);
        let sql = "SELECT count() FROM numbers(100000000000) WHERE NOT ignore(sipHash64(number))";
        tokio::spawn(async move { engine.post(user, &format!("/?query_id={id}&max_threads=1"), sql).await })
    };
    let (reads, writes) = (slow(User::Reader, "reads"), slow(User::Default, "writes"));
    let running = || async {
        engine.run("SELECT count() FROM system.processes WHERE Settings['log_comment'] IN ('reads', 'writes')").await
    };
    while running().await != "2" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let kill = "KILL QUERY WHERE query_id = {id:String} SYNC";
    assert_eq!(engine.post(User::Reader, "/?param_id=writes", kill).await.0, 200, "it names nothing that it may end");
    assert_eq!(running().await, "2");
    assert_eq!(engine.post(User::Reader, "/?param_id=reads", kill).await.0, 200);
    let (_, text) = reads.await.unwrap();
    assert!(text.contains("QUERY_WAS_CANCELLED"), "{text}");
    assert_eq!(engine.post(User::Default, "/?param_id=writes", kill).await.0, 200);
    let (_, text) = writes.await.unwrap();
    assert!(text.contains("QUERY_WAS_CANCELLED"), "{text}");
}

/// What a request says twice, in another place or in another spelling.
#[tokio::test]
async fn the_form_of_the_request_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let engine = common::with_tables(&folder.path().join("data")).await;
    let drop = "DROP TABLE analytics.t";
    let encoded = "DROP+TABLE+analytics.t";
    for (method, path, body) in [
        (Method::POST, "/?readonly=0&readonly=1", drop),
        (Method::POST, "/?readonly=1&readonly=0", drop),
        (Method::POST, "/?%72eadonly=1", drop),
        (Method::POST, "/?readonly=true", drop),
        (Method::POST, "/?readonly=", drop),
        (Method::POST, &format!("/?readonly=2&query={encoded}"), ""),
        (Method::POST, "/?readonly=2&query=SELECT+1%3B", drop),
        (Method::POST, "/?readonly=2&query=/*", &format!("*/ {drop}")),
        (Method::POST, "/?readonly=2&query=--", &format!("x\n{drop}")),
        (Method::POST, "/?readonly=2&query=INSERT+INTO+analytics.t+FORMAT+TSV", "11"),
        (Method::POST, "/?readonly=2&query=INSERT+INTO+analytics.t", "VALUES (11)"),
        (Method::POST, "/?readonly=2&query=%00", drop),
        (Method::POST, "/?readonly=2&session_id=a&session_id=b", drop),
        (Method::GET, &format!("/?query={encoded}&readonly=0"), ""),
        (Method::GET, &format!("/?query={encoded}&session_id=a&session_timeout=60"), ""),
        (Method::GET, "/?query=", drop),
        (Method::GET, "/?database=analytics", drop),
        (Method::HEAD, &format!("/?query={encoded}"), ""),
    ] {
        let request = engine.request(method.clone(), path, User::Default).body(body.to_owned());
        let (status, text) = answer(request).await;
        let looked = text == "Ok.\n" && method == Method::GET;
        assert!(looked || (400..500).contains(&status), "{method} {path} {body}: {status} {text}");
    }
    // Bytes that are no text, before the place where an insert's data begins.
    let odd = [&b"INSERT INTO analytics.t -- "[..], &[0xff; 64], b"\n FORMAT TSV\n11"].concat();
    assert_eq!(answer(engine.request(Method::POST, "/", User::Default).body(odd)).await.0, 400);
    // A form's fields are parameters, but the user and the password are not among them.
    let form = "--x\r\nContent-Disposition: form-data; name=\"readonly\"\r\n\r\n2\r\n\
                --x\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nDROP TABLE analytics.t\r\n--x--\r\n";
    let post = |user: Option<User>| match user {
        Some(user) => engine.request(Method::POST, "/", user),
        None => engine.http.post(format!("{}/", engine.url)),
    };
    let kind = ("Content-Type", "multipart/form-data; boundary=x");
    assert_eq!(answer(post(Some(User::Default)).header(kind.0, kind.1).body(form)).await.0, 403);
    let password = engine.passwords.default.reveal();
    let with_password = form.replace("readonly", "password").replace("\r\n2\r\n", &format!("\r\n{password}\r\n"));
    assert_eq!(answer(post(None).header(kind.0, kind.1).body(with_password)).await.0, 403);
    assert_eq!(engine.run("SELECT count() FROM analytics.t").await, "10");

    // A reader is a reader in a session that another user keeps.
    let (status, _) = engine.post(User::Default, "/?session_id=kept", "CREATE TEMPORARY TABLE mine (a UInt8)").await;
    assert_eq!(status, 200);
    assert_eq!(engine.post(User::Default, "/?session_id=kept", "SELECT count() FROM mine").await.0, 200);
    assert_eq!(engine.post(User::Reader, "/?session_id=kept", "SELECT count() FROM mine").await.0, 404);
    assert_eq!(engine.post(User::Default, "/?session_id=kept", "INSERT INTO mine VALUES (1)").await.0, 200);
}

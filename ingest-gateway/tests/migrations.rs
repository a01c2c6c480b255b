//! Migrations on the real engine: from every earlier version with events in the table,
//! by two runners at once, and after a runner that was cut off.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed invariant here is a failed test")]

use std::time::Duration;

use clickhouse::Client;
use ingest_gateway::{
    migrate::{self, Done, MIGRATIONS, NEWEST, lock},
    operate::Tables,
};
use vector_components::COLUMNS;

/// In the form of version 1: two sessions of one visitor, one with an id and one without.
const OLD_EVENTS: &str = "INSERT INTO analytics.events (project, ts, event, visitor, session_id, event_id, path, hostname, url, received_at) VALUES \
    ('app', '2025-12-30 10:00:00.123', 'page_view', 7, 's1', '7c1e5f0a-9d0b-5c1f-8a54-2f0e66b1d3a7', '/a', 'x.example', 'https://x.example/a?b=1', '2025-12-30 10:00:05.456'), \
    ('app', '2025-12-30 10:00:00.123', 'page_view', 7, 's1', '7c1e5f0a-9d0b-5c1f-8a54-2f0e66b1d3a7', '/a', 'x.example', 'https://x.example/a?b=1', '2025-12-30 10:00:09.000'), \
    ('app', '2026-01-02 23:50:00.000', 'click', 7, '', '00000000-0000-0000-0000-000000000001', '/b', 'x.example', 'https://www.x.example/b', '2026-01-02 23:50:00.000'), \
    ('app', '2026-01-03 00:10:00.000', 'page_view', 7, '', '00000000-0000-0000-0000-000000000002', '/c', 'x.example', 'http://x.example/c', '2026-01-03 00:10:00.000')";

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_come_up_to_date_from_every_version() {
    let data = tempfile::tempdir().unwrap();
    let library = embedded::library::find().expect("the engine: cargo xtask engine");
    let options = embedded::Options::new(&library, data.path(), "127.0.0.1:0".parse().unwrap());
    let engine = embedded::Server::start(options).await.unwrap();
    let password = engine.passwords.default.reveal();
    let client = Client::default().with_url(engine.url()).with_user("default").with_password(password);

    for from in 0..=NEWEST {
        client.query_raw("DROP DATABASE IF EXISTS analytics").execute().await.unwrap();
        if from > 0 {
            migrate::apply_up_to(&client, None, from).await.unwrap();
            let events = if from <= 2 { OLD_EVENTS.to_owned() } else { new_events() };
            client.query_raw(&events).execute().await.unwrap();
        }
        let steps = migrate::apply(&client, None).await.unwrap();
        assert_eq!(steps.len(), MIGRATIONS.len());
        let missing = MIGRATIONS.iter().filter(|migration| migration.version > from).count();
        assert_eq!(steps.iter().filter(|step| step.done == Done::Now).count(), missing, "{steps:?}");
        let expected_rows = if from > 0 { 3 } else { 0 };
        assert_eq!(number(&client, "SELECT count() FROM analytics.events FINAL").await, expected_rows, "from {from}");
        if from > 0 {
            assert_eq!(
                text(&client, "SELECT arrayStringConcat(arraySort(groupArray(url)), ' ') FROM analytics.events FINAL")
                    .await,
                "http://x.example/c https://www.x.example/b https://x.example/a?b=1"
            );
            assert_eq!(
                text(&client, "SELECT toString(received_at) FROM analytics.events FINAL WHERE path = '/a'").await,
                // The old table kept the last arrival of a replayed event.
                if from <= 2 { "2025-12-30 10:00:08.123" } else { "2025-12-30 10:00:05.123" }
            );
            assert_eq!(
                number(&client, "SELECT count() FROM analytics.data WHERE type = 'page_view' AND session_id = ''")
                    .await,
                1
            );
            // The half hours 23:30 and 00:00 are two rows; with the client's session three.
            assert_eq!(number(&client, "SELECT count() FROM analytics.sessions FINAL").await, 3, "from {from}");
        }
        // Once more changes nothing.
        let again = migrate::apply(&client, None).await.unwrap();
        assert!(again.iter().all(|step| step.done == Done::Before), "{again:?}");
    }

    the_table_has_the_columns_that_rows_have(&client).await;
    cut_off_anywhere(&client).await;
    a_table_made_anew_keeps_the_retention(&client).await;
    two_at_once(&client).await;
    only_another_runner_is_waited_for(&client).await;
    newer_tables_and_changed_files_are_refused(&client).await;
    a_cluster_s_statements_are_read_by_clickhouse(&client).await;
    engine.stop().await.unwrap();
}

/// As [`OLD_EVENTS`], in the present form.
fn new_events() -> String {
    let mut sql = "INSERT INTO analytics.events (project, ts, event, visitor, session_id, event_id, path, hostname, url_rest, delay_s) VALUES ".to_owned();
    sql.push_str(
        "('app', '2025-12-30 10:00:00.123', 'page_view', 7, 's1', 201227038960072, '/a', 'x.example', '~?b=1', 5), ",
    );
    sql.push_str(
        "('app', '2025-12-30 10:00:00.123', 'page_view', 7, 's1', 201227038960072, '/a', 'x.example', '~?b=1', 5), ",
    );
    sql.push_str("('app', '2026-01-02 23:50:00.000', 'click', 7, '', 1, '/b', 'x.example', '@', 0), ");
    sql.push_str(
        "('app', '2026-01-03 00:10:00.000', 'page_view', 7, '', 2, '/c', 'x.example', '=http://x.example/c', 0)",
    );
    sql
}

/// Whatever a migration adds has to stand in the one list of columns, and the other way round.
async fn the_table_has_the_columns_that_rows_have(client: &Client) {
    let sql = "SELECT name, type FROM system.columns WHERE database = 'analytics' AND table = 'events' AND default_kind = '' ORDER BY position";
    let table: Vec<(String, String)> = client.query_raw(sql).fetch_all().await.unwrap();
    let rows = COLUMNS.map(|column| (column.name.to_owned(), column.clickhouse_type.to_owned()));
    assert_eq!(table, rows, "provisioning/clickhouse against vector-components/src/row/columns.rs");
}

/// A runner is cut off after any statement of a version that rewrites or fills a table; the next one
/// goes on, and nothing is lost or doubled, of events that come in later either.
async fn cut_off_anywhere(client: &Client) {
    let people = MIGRATIONS.iter().find(|migration| migration.name == "people").unwrap().version as usize;
    for (version, events) in [(3, OLD_EVENTS.to_owned()), (6, new_events()), (people, new_events())] {
        let statements = migrate::script::statements(MIGRATIONS[version - 1].sql);
        for done in 0..=statements.len() {
            let place = format!("version {version} cut off after {done}");
            client.query_raw("DROP DATABASE IF EXISTS analytics").execute().await.unwrap();
            migrate::apply_up_to(client, None, version as u32 - 1).await.unwrap();
            client.query_raw(&events).execute().await.unwrap();
            for statement in &statements[..done] {
                client.query_raw(&statement.sql).execute().await.unwrap();
            }
            // Vector goes on inserting meanwhile; in an old form it could not.
            let meanwhile = "INSERT INTO analytics.events (project, ts, event, visitor, session_id, event_id, user_id, anonymous_id) VALUES ('app', '2026-01-04 10:00:00.000', 'click', 8, 's2', 5, 'u', 'a')";
            let more = u64::from(version >= 6);
            if more == 1 {
                client.query_raw(meanwhile).execute().await.unwrap();
            }
            migrate::apply(client, None).await.unwrap();
            let count = async |what: &str| number(client, &format!("SELECT count() FROM analytics.{what} FINAL")).await;
            assert_eq!(count("events").await, 3 + more, "{place}");
            assert_eq!(count("sessions").await, 3 + more, "{place}");
            assert_eq!(count("links").await, more, "{place}");
            let key = "SELECT count() FROM system.tables WHERE database = 'analytics' AND name = 'sessions' AND sorting_key = 'project, date, slot, visitor, session'";
            assert_eq!(number(client, key).await, 1, "{place}");
            assert_eq!(
                number(client, "SELECT event_id FROM analytics.events FINAL WHERE path = '/a'").await,
                201_227_038_960_072
            );
            client.query_raw(&meanwhile.replace("'s2', 5", "'s3', 6").replace("'a')", "'b')")).execute().await.unwrap();
            assert_eq!(count("sessions").await, 4 + more, "{place}: the view fills the table");
            assert_eq!(count("links").await, 1 + more, "{place}: and this one");
        }
    }
}

async fn a_table_made_anew_keeps_the_retention(client: &Client) {
    client.query_raw("DROP DATABASE IF EXISTS analytics").execute().await.unwrap();
    migrate::apply_up_to(client, None, 5).await.unwrap();
    let setting = "INSERT INTO analytics.project_settings (project, retention_days) VALUES ('app', 365)";
    client.query_raw(setting).execute().await.unwrap();
    let tables = Tables { client: client.clone(), cluster: None };
    tables.bring_up_to_date().await.unwrap();
    let kept = "SELECT count() FROM system.tables WHERE database = 'analytics' AND name IN ('events', 'sessions') AND create_table_query LIKE '%toIntervalDay(365)%'";
    assert_eq!(number(client, kept).await, 2);
}

/// Whoever may not make the lock's table is told at once why.
async fn only_another_runner_is_waited_for(client: &Client) {
    let reader = client.clone().with_setting("readonly", "2");
    let refused = tokio::time::timeout(Duration::from_secs(10), lock::take(&reader)).await;
    let error = refused.expect("it does not wait").err().expect("it may not");
    assert!(format!("{error:#}").contains("cannot take the turn to migrate: "), "{error:#}");

    let lock = lock::take(client).await.unwrap();
    let second = tokio::time::timeout(Duration::from_secs(2), lock::take(client)).await;
    assert!(second.is_err(), "the turn is taken");
    lock.release(client).await.unwrap();
    lock::take(client).await.unwrap().release(client).await.unwrap();
}

async fn two_at_once(client: &Client) {
    client.query_raw("DROP DATABASE IF EXISTS analytics").execute().await.unwrap();
    // A runner that was cut off has left its turn behind, long ago.
    client.query_raw("CREATE DATABASE analytics").execute().await.unwrap();
    client
        .query_raw("CREATE TABLE analytics.migration_lock_1 (at DateTime64(3, 'UTC')) ENGINE = MergeTree ORDER BY at")
        .execute()
        .await
        .unwrap();
    client.query_raw("INSERT INTO analytics.migration_lock_1 SELECT now64(3) - 3600").execute().await.unwrap();
    let runners: Vec<_> = (0..3)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { migrate::apply(&client, None).await })
        })
        .collect();
    let mut applied = 0;
    for runner in runners {
        let steps = runner.await.unwrap().unwrap();
        applied += steps.iter().filter(|step| step.done == Done::Now).count();
    }
    // The turn left behind looks young until its own table is old; then one runner goes on.
    assert_eq!(applied, MIGRATIONS.len(), "each migration is applied by one runner");
    assert_eq!(number(client, "SELECT count() FROM analytics.schema_migrations").await, MIGRATIONS.len() as u64);
    assert_eq!(
        number(
            client,
            "SELECT count() FROM system.tables WHERE database = 'analytics' AND startsWith(name, 'migration_lock')"
        )
        .await,
        0
    );
}

async fn newer_tables_and_changed_files_are_refused(client: &Client) {
    client
        .query_raw("INSERT INTO analytics.schema_migrations (version, name, checksum) SELECT 2, 'data_view', 'other'")
        .execute()
        .await
        .unwrap();
    let changed = migrate::apply(client, None).await.unwrap_err().to_string();
    assert!(changed.contains("0002_data_view was changed"), "{changed}");
    client
        .query_raw("INSERT INTO analytics.schema_migrations (version, name, checksum) SELECT 99, 'future', ''")
        .execute()
        .await
        .unwrap();
    let newer = migrate::apply(client, None).await.unwrap_err().to_string();
    assert!(newer.contains("version 99"), "{newer}");
}

/// There is no cluster here; that each statement is one of ClickHouse's language is seen.
async fn a_cluster_s_statements_are_read_by_clickhouse(client: &Client) {
    let cluster = migrate::cluster::Cluster::parse("main").unwrap();
    for migration in MIGRATIONS.iter().filter(|m| m.scope == migrate::script::Scope::Everywhere) {
        for statement in migrate::script::statements(migration.sql) {
            for sql in migrate::cluster::render(&statement, Some(&cluster)) {
                let formatted =
                    client.query_raw("SELECT formatQuery({sql:String})").param("sql", &sql).fetch_one::<String>().await;
                assert!(formatted.is_ok(), "{sql}\n{formatted:?}");
            }
        }
    }
}

async fn number(client: &Client, sql: &str) -> u64 {
    client.query_raw(sql).fetch_one().await.unwrap()
}

async fn text(client: &Client, sql: &str) -> String {
    client.query_raw(sql).fetch_one().await.unwrap()
}

//! Named cohorts: what the operator's commands keep of them, and what somebody sees who reads meanwhile. The real program
//! on the real engine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use common::Gateway;
use serde_json::json;
use vector_components::enrich::visitor::{IdKind, visitor_of_id};

const LIST: &str =
    "SELECT list FROM analytics.cohorts FINAL WHERE project = 'website' AND name = 'vips' AND NOT is_removed";
const FILTER: &str = r#"{"did": {"events": {"event": "purchase"}, "days": 30}}"#;

/// Writes a file into the folder, for `--file`.
fn file(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn import<'a>(path: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["cohort", "import", "--project", "website", "--name", "vips", "--file", path], more].concat()
}

/// What a command that is refused says.
fn refused(gateway: &Gateway, arguments: &[&str]) -> String {
    let output = gateway.command(arguments);
    assert!(!output.status.success(), "{arguments:?} was not refused");
    String::from_utf8(output.stderr).unwrap()
}

/// The visitors on the list, in the order of these ids.
async fn members(gateway: &Gateway, ids: &[(IdKind, &str)]) -> Vec<bool> {
    let sql =
        format!("SELECT visitor FROM analytics.cohort_members FINAL WHERE project = 'website' AND list IN ({LIST})");
    let rows = gateway.sql(sql).await;
    let there: Vec<&str> = rows.lines().collect();
    ids.iter().map(|(kind, id)| there.contains(&&*visitor_of_id("website", *kind, id).to_string())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_and_definitions_are_kept_shown_and_removed() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let users = file(&data, "users.csv", "user_id,plan\nann,pro\n\"b,ob\",team\nann,pro\n");
    let with_column = ["--id", "user", "--column", "user_id", "--description", "Very important"];
    let said = gateway.succeed(&import(&users, &with_column));
    assert!(said.contains("has 2 members, of 3 lines"), "{said}");
    assert_eq!(
        members(&gateway, &[(IdKind::User, "ann"), (IdKind::User, "b,ob"), (IdKind::Anonymous, "ann")]).await,
        [true, true, false]
    );

    // Wrong in its last line: nothing is written.
    let bad = file(&data, "bad.csv", "d1\nd2\n\"\"\n");
    let said = refused(&gateway, &import(&bad, &["--id", "anonymous"]));
    assert!(said.contains("line 3") && said.contains("the id is empty"), "{said}");
    let said = refused(&gateway, &import(&users, &["--id", "user", "--column", "email"]));
    assert!(said.contains("there is no column \"email\""), "{said}");
    let lists = "SELECT uniqExact(list), count() FROM analytics.cohort_members FINAL";
    assert_eq!(gateway.sql(lists).await, "1\t2");

    let cohort = |action: &'static str, name: &'static str| ["cohort", action, "--project", "website", "--name", name];
    let define =
        |name: &'static str, filter: &'static str| [&cohort("define", name)[..], &["--filter", filter]].concat();
    gateway.succeed(&define("Käufer", FILTER));
    assert!(refused(&gateway, &define("vips", FILTER)).contains("is a list: remove it first"));
    let over = [&cohort("import", "Käufer")[..], &["--file", &users, "--id", "user", "--column", "user_id"]].concat();
    assert!(refused(&gateway, &over).contains("is a definition: remove it first"));
    let wrong = refused(&gateway, &define("x", r#"{"field": "country", "value": "DE"}"#));
    assert!(wrong.contains("filter.field: a cohort is of persons"), "{wrong}");
    assert!(refused(&gateway, &define("a\nb", FILTER)).contains("control character"));

    let shown = gateway.succeed(&cohort("show", "Käufer"));
    assert!(shown.contains("definition") && shown.ends_with(&format!("\n{FILTER}\n")), "{shown}");
    let shown = gateway.succeed(&cohort("show", "vips"));
    assert!(shown.contains("members      2") && shown.contains("Very important"), "{shown}");
    let listed = gateway.succeed(&["cohort", "list", "--project", "website"]);
    let lines: Vec<&str> = listed.lines().skip(1).collect();
    assert!(lines[0].starts_with("definition") && lines[0].ends_with("Käufer"), "{listed}");
    assert!(lines[1].starts_with("list                 2") && lines[1].ends_with("vips  Very important"), "{listed}");
    assert_eq!(gateway.succeed(&["cohort", "list", "--project", "app"]).lines().count(), 1, "those of another project");

    gateway.succeed(&cohort("remove", "vips"));
    assert!(refused(&gateway, &cohort("show", "vips")).contains("there is no cohort \"vips\""));
    assert!(refused(&gateway, &cohort("remove", "vips")).contains("there is no cohort \"vips\""));
    // The name is free, for a definition too.
    gateway.succeed(&define("vips", FILTER));
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_while_a_list_is_replaced_sees_the_old_or_the_new_one() {
    const OLD: u64 = 3;
    const NEW: u64 = 250_000;
    let data = tempfile::tempdir().unwrap();
    let gateway = Arc::new(Gateway::start(data.path()));
    let visitors = |count: u64| (1..=count).map(|visitor| format!("{visitor}\n")).collect::<String>();
    let (old, new) = (file(&data, "old.csv", &visitors(OLD)), file(&data, "new.csv", &visitors(NEW)));
    gateway.succeed(&import(&old, &["--id", "visitor"]));

    let is_over = Arc::new(AtomicBool::new(false));
    let reading = tokio::spawn({
        let (gateway, is_over) = (Arc::clone(&gateway), Arc::clone(&is_over));
        async move {
            let mut seen = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                // As the data source does: the number first, then what is asked of it, some time later.
                let list = gateway.sql(LIST).await;
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                let sql = format!(
                    "SELECT uniqExact(visitor) FROM analytics.cohort_members WHERE project = 'website' AND list = {list}"
                );
                seen.push(gateway.sql(sql).await.parse::<u64>().unwrap());
            }
            seen
        }
    });
    for path in [&new, &old, &new] {
        let (gateway, path) = (Arc::clone(&gateway), path.clone());
        tokio::task::spawn_blocking(move || gateway.succeed(&import(&path, &["--id", "visitor"]))).await.unwrap();
    }
    is_over.store(true, Ordering::Relaxed);
    let seen = reading.await.unwrap();
    assert!(seen.contains(&OLD) && seen.iter().all(|count| [OLD, NEW].contains(count)), "{seen:?}");

    // An hour later nobody reads the old ones, nor what an import has left that was cut off the day before.
    let cut_off = "INSERT INTO analytics.cohort_members (project, list, visitor) SELECT 'website', 5, 5";
    gateway.sql(cut_off).await;
    let rows = "INSERT INTO analytics.cohorts SELECT project, name, description, definition, list, \
        arrayMap(former -> (former.1, 0), former), is_removed, version + 1 FROM analytics.cohorts FINAL";
    gateway.sql(rows).await;
    let lists = "SELECT uniqExact(list) FROM analytics.cohort_members";
    assert_eq!(gateway.sql(lists).await, "5");
    gateway.succeed(&["cohort", "define", "--project", "website", "--name", "other", "--filter", FILTER]);
    assert_eq!(gateway.sql(lists).await, "1");
    let left = format!("SELECT count() FROM analytics.cohort_members FINAL WHERE list IN ({LIST})");
    assert_eq!(gateway.sql(left).await, NEW.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_is_on_no_list() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let at = "2026-01-05T10:00:00Z";
    let events = json!([
        {"type": "page_view", "timestamp": at, "anonymous_id": "d1"},
        {"type": "sign_up", "timestamp": at, "anonymous_id": "d1", "user_id": "ann"},
        {"type": "page_view", "timestamp": at, "anonymous_id": "d2"},
    ]);
    assert_eq!(gateway.post("/v1/events", "website", events.to_string()).await.0, 201);
    let (devices, users) = (file(&data, "devices.csv", "d1\nd2\n"), file(&data, "users.csv", "ann\nbob\n"));
    gateway.succeed(&import(&devices, &["--id", "anonymous"]));
    // The list before stays for a while, and holds her as well.
    gateway.succeed(&import(&users, &["--id", "user"]));
    let receipt = gateway.succeed(&["erase", "--project", "website", "--user", "ann"]);
    let line = receipt.lines().find(|line| line.starts_with("analytics.cohort_members")).unwrap();
    assert_eq!(line.split_whitespace().skip(1).collect::<Vec<_>>(), ["2", "0"], "{receipt}");
    assert_eq!(members(&gateway, &[(IdKind::User, "ann"), (IdKind::User, "bob")]).await, [false, true]);
    assert_eq!(gateway.sql("SELECT count() FROM analytics.cohort_members FINAL").await, "2");
    assert!(gateway.stop());
}

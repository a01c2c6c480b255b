//! The file of projects while the gateway runs: changed, wrong, and what it says about the tables.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use common::site::{RELOAD_TIME_MAX, SECRET, Site, event};

const DOCTOR: [&str; 3] = ["doctor", "--disk-free-bytes-min", "1"];

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

/// How often a table's TTL names so many days.
async fn kept(site: &Site, days: u32) -> String {
    let sql = format!(
        "SELECT countIf(create_table_query LIKE '%toIntervalDay({days}) WHERE project = _app_%') FROM system.tables WHERE database = 'analytics'"
    );
    site.gateway.sql(sql).await
}

async fn is_kept(site: &Site, days: u32) {
    let started = Instant::now();
    while kept(site, days).await != "5" {
        assert!(started.elapsed() < RELOAD_TIME_MAX, "{days} days are not in force");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_kept_as_long_as_the_file_says() {
    let site = Site::start("[projects.app]\nretention_days = 400\n[projects.shop]\n");
    is_kept(&site, 400).await;
    let (is_well, told) = site.command(&DOCTOR);
    assert!(is_well && told.contains("as the file of projects says, of 1 projects"), "{told}");
    // It is decided in one place.
    let (is_done, told) = site.command(&["retention", "--project", "app", "--days", "5"]);
    assert!(!is_done && told.contains("retention_days of app are set in the file of projects"), "{told}");
    let (is_done, told) = site.command(&["retention", "--project", "shop", "--days", "700"]);
    assert!(is_done && told.contains("2 projects have a limit"), "{told}");
    is_kept(&site, 400).await;

    // One event is older than the new limit.
    let day_ms = 86_400_000;
    let mut old = event("old");
    old["timestamp"] = (chrono::Utc::now().timestamp_millis() - 20 * day_ms).into();
    for event in [&old, &event("new")] {
        assert_eq!(site.send("/v1/events", &[("X-App", "app")], event).await.status, 201);
    }
    assert_eq!(site.gateway.stored().await, 2);
    std::fs::write(&site.file, "[projects.app]\nretention_days = 10\n[projects.shop]\n").unwrap();
    is_kept(&site, 10).await;
    let started = Instant::now();
    while site.gateway.stored().await != 1 {
        assert!(started.elapsed() < RELOAD_TIME_MAX, "the old event is still there");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let settings = "SELECT arrayStringConcat(arraySort(groupArray(concat(project, '=', toString(retention_days)))), ' ') FROM analytics.project_settings FINAL";
    assert_eq!(site.gateway.sql(settings).await, "app=10 shop=700");

    // A file that says nothing more about it leaves it as it is, and a change of something else rewrites nothing.
    let mutations = "SELECT count() FROM system.mutations WHERE database = 'analytics'";
    let before = site.gateway.sql(mutations).await;
    std::fs::write(&site.file, "[projects.app]\nretention_days = 10\nbots = \"drop\"\n[projects.shop]\n").unwrap();
    let reloads = "footfall_projects_reloads_total{result=\"taken\"} 2\n";
    let started = Instant::now();
    while !site.get("/metrics").await.1.contains(reloads) {
        assert!(started.elapsed() < RELOAD_TIME_MAX, "{}", site.get("/metrics").await.1);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // A start applies it as well.
    let site = site.again();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(site.gateway.sql(mutations).await, before);
    std::fs::write(&site.file, "[projects.app]\nretention_days = 0\n[projects.shop]\n").unwrap();
    let started = Instant::now();
    while site.gateway.sql(settings).await != "app=0 shop=700" {
        assert!(started.elapsed() < RELOAD_TIME_MAX);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (is_well, told) = site.command(&["migrate"]);
    assert!(is_well && !told.contains("events are kept"), "nothing is left to be set: {told}");
    std::fs::write(&site.file, "[projects.app]\nretention_days = 36501\n").unwrap();
    site.says("projects.app.retention_days is 36501, but must be from 0 to 36500").await;
    assert!(site.gateway.stop());
}

/// What the data source finds; a backslash is written as two.
const READINGS: &str = "SELECT arrayStringConcat(arraySort(groupArray(concat(project, '=', arrayStringConcat(path_rules, ','), ' ', \
    toString(ignore_trailing_slash), ' ', toString(session_timeout_min)))), '; ') FROM analytics.project_reading FINAL";

async fn is_read(site: &Site, expected: &str) {
    let started = Instant::now();
    while site.gateway.sql(READINGS).await != expected {
        assert!(started.elapsed() < RELOAD_TIME_MAX, "{} instead of {expected}", site.gateway.sql(READINGS).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_read_as_the_file_says() {
    let app = "[projects.app]\nretention_days = 400\npath_rules = [\"/users/me\", '/o_%25\\1/*']\nignore_trailing_slash = true\nsession_timeout_min = 45\n";
    let site = Site::start(&format!("{app}[projects.shop]\n"));
    is_read(&site, r"app=/users/me,/o_%25\\1/* true 45").await;
    let (is_well, told) = site.command(&DOCTOR);
    assert!(is_well && told.contains("as the file of projects says, of 2 projects"), "{told}");

    // Neither a retention nor a start changes it, and it changes no retention.
    let (is_done, told) = site.command(&["retention", "--project", "shop", "--days", "700"]);
    assert!(is_done, "{told}");
    let changed_at = "SELECT max(changed_at) FROM analytics.project_reading";
    let before = site.gateway.sql(changed_at).await;
    let site = site.again();
    is_kept(&site, 400).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(site.gateway.sql(changed_at).await, before);

    // Whoever writes it past the file is told, and the file counts again.
    let past = "INSERT INTO analytics.project_reading (project, path_rules, ignore_trailing_slash, session_timeout_min) SELECT 'shop', ['/x'], false, 60";
    site.gateway.sql(past).await;
    let (_, told) = site.command(&DOCTOR);
    assert!(told.contains("not as the file of projects says: shop"), "{told}");
    let (is_done, told) = site.command(&["migrate"]);
    assert!(
        is_done && told.contains("shop: paths are read as they are, by 0 rules; visits end after 30 minutes"),
        "{told}"
    );
    is_read(&site, r"app=/users/me,/o_%25\\1/* true 45; shop= false 30").await;

    // What the file says no longer goes back to the default, of projects that it does not name as well.
    std::fs::write(&site.file, "[projects.app]\nretention_days = 400\n[projects.new]\npath_rules = [\"/a/**\"]\n")
        .unwrap();
    is_read(&site, "app= false 30; new=/a/** false 30; shop= false 30").await;
    std::fs::write(&site.file, "[projects.app]\nretention_days = 400\n").unwrap();
    is_read(&site, "app= false 30; new= false 30; shop= false 30").await;
    let settings = "SELECT arrayStringConcat(arraySort(groupArray(concat(project, '=', toString(retention_days)))), ' ') FROM analytics.project_settings FINAL";
    assert_eq!(site.gateway.sql(settings).await, "app=400 shop=700");

    std::fs::write(&site.file, "[projects.app]\npath_rules = [\"users\"]\n").unwrap();
    site.says("projects.app.path_rules holds \"users\", which does not begin with '/'").await;
    assert!(site.gateway.stop());
}

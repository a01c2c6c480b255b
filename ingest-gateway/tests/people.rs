//! Which visitors are one person, as the tables learn it from events of every client, and what an
//! operator can do about it: the real program on the real engine.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::collections::BTreeMap;

use common::Gateway;
use serde_json::{Value, json};
use vector_components::enrich::visitor::{IdKind, visitor_of_id};

const USERS: [&str; 12] = ["ann", "bob", "cem", "dan", "eve", "old", "older", "x", "y", "z", "ph", "seg"];
const DEVICES: [&str; 10] = ["d1", "d2", "d3", "d4", "ph-anon", "ph-old", "seg-anon", "seg-old", "ann", "early"];

fn event(second: u32, kind: &str, user: &str, device: &str) -> Value {
    let mut event = json!({"type": kind, "timestamp": format!("2026-01-05T10:00:{second:02}Z"),
        "event_id": format!("018ee9a4-0000-7000-8000-{second:012}")});
    if !user.is_empty() {
        event["user_id"] = user.into();
    }
    if !device.is_empty() {
        event["anonymous_id"] = device.into();
    }
    event
}

fn alias(second: u32, former: &str, user: &str, device: &str) -> Value {
    let mut alias = event(second, "alias", user, device);
    alias["previous_id"] = former.into();
    alias
}

/// By all rules of docs/queries/people.md.
fn events() -> Vec<Value> {
    vec![
        event(1, "page_view", "", "d1"),
        event(3, "sign_up", "ann", "d1"),
        // Later on the same device: stays another person.
        event(5, "page_view", "bob", "d1"),
        event(6, "page_view", "ann", "d1"),
        // A second device of hers, and one where two users come in the same millisecond.
        event(7, "page_view", "ann", "d2"),
        event(8, "page_view", "cem", "d3"),
        json!({"type": "page_view", "timestamp": "2026-01-05T10:00:08Z", "user_id": "dan", "anonymous_id": "d3", "event_id": "018ee9a4-0000-7000-8000-000000000099"}),
        // Aliases: a chain, and a circle.
        alias(10, "older", "old", ""),
        alias(11, "old", "ann", ""),
        alias(12, "x", "y", ""),
        alias(13, "y", "z", ""),
        alias(14, "z", "x", ""),
        event(15, "page_view", "x", "d4"),
        // Nothing: of itself.
        alias(16, "eve", "eve", ""),
        // Sent before the user is known.
        alias(17, "cem", "", "early"),
    ]
}

/// Visitors and persons by their ids.
async fn people(gateway: &Gateway, project: &str) -> BTreeMap<String, String> {
    let sql = format!(
        "SELECT visitor, person FROM analytics.people WHERE project = '{project}' AND visitor != person FORMAT TSV"
    );
    let named = |kind, prefix: &'static str, ids: &'static [&str]| {
        ids.iter().map(move |id| (visitor_of_id(project, kind, id).to_string(), format!("{prefix}{id}")))
    };
    let names: BTreeMap<String, String> =
        named(IdKind::User, "user ", &USERS).chain(named(IdKind::Anonymous, "device ", &DEVICES)).collect();
    let name = |number: &str| names.get(number).cloned().unwrap_or_else(|| number.to_owned());
    let rows = gateway.sql(sql).await;
    rows.lines().map(|row| row.split_once('\t').unwrap()).map(|(of, is)| (name(of), name(is))).collect()
}

fn expected(project: &str) -> BTreeMap<String, String> {
    let number = |id: &&str| visitor_of_id(project, IdKind::User, id);
    let least = |ids: [&'static str; 3]| ids.into_iter().min_by_key(number).unwrap();
    let of_d3 = ["cem", "dan"].into_iter().min_by_key(number).unwrap();
    let of_circle = least(["x", "y", "z"]);
    let mut out = BTreeMap::new();
    let mut put = |visitor: &str, person: &str| out.insert(visitor.to_owned(), format!("user {person}"));
    for visitor in ["device d1", "device d2", "device ann", "user old", "user older"] {
        put(visitor, "ann");
    }
    put("device d3", of_d3);
    put("device early", "cem");
    put("device d4", of_circle);
    for id in ["x", "y", "z"].into_iter().filter(|id| *id != of_circle) {
        put(&format!("user {id}"), of_circle);
    }
    out
}

/// Devices whose id is a user's as well are of no interest here.
fn without_namesakes(mut people: BTreeMap<String, String>) -> BTreeMap<String, String> {
    people.retain(|visitor, _| visitor.starts_with("user ") || visitor.starts_with("device "));
    people
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_order_nor_repetition_changes_who_is_whom() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let (status, answer) = gateway.post("/v1/events", "website", json!(events()).to_string()).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(without_namesakes(people(&gateway, "website").await), expected("website"));

    // One by one, the last first, and all of them again.
    for event in events().into_iter().rev().chain(events()) {
        gateway.post("/v1/events", "app", event.to_string()).await;
        gateway.settle().await;
    }
    assert_eq!(without_namesakes(people(&gateway, "app").await), expected("app"));
    gateway.sql("OPTIMIZE TABLE analytics.links FINAL").await;
    assert_eq!(without_namesakes(people(&gateway, "app").await), expected("app"), "merged");
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn other_clients_identify_and_alias() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let batch = json!({"api_key": "website", "batch": [
        {"event": "$pageview", "distinct_id": "ph-anon", "properties": {"$device_id": "ph-anon", "$is_identified": false}, "timestamp": "2026-01-05T10:00:00Z"},
        {"event": "$identify", "distinct_id": "ph", "properties": {"$anon_distinct_id": "ph-anon"}, "timestamp": "2026-01-05T10:00:01Z"},
        {"event": "$create_alias", "distinct_id": "ph", "properties": {"alias": "ph-old"}, "timestamp": "2026-01-05T10:00:02Z"}]});
    assert_eq!(gateway.post("/batch/", "website", batch.to_string()).await.0, 200);
    for (path, call) in [
        (
            "/v1/identify",
            json!({"writeKey": "website", "userId": "seg", "anonymousId": "seg-anon", "timestamp": "2026-01-05T10:00:00Z"}),
        ),
        (
            "/v1/alias",
            json!({"writeKey": "website", "userId": "seg", "previousId": "seg-old", "timestamp": "2026-01-05T10:00:01Z"}),
        ),
    ] {
        assert_eq!(gateway.post(path, "website", call.to_string()).await.0, 200, "{path}");
    }
    let people = people(&gateway, "website").await;
    for (device, user) in [("ph-anon", "ph"), ("ph-old", "ph"), ("seg-anon", "seg"), ("seg-old", "seg")] {
        assert_eq!(people.get(&format!("device {device}")), Some(&format!("user {user}")), "{people:?}");
    }
    // A former id may have been a user's.
    let former = visitor_of_id("website", IdKind::User, "seg-old").to_string();
    assert_eq!(people.get(&former).map(String::as_str), Some("user seg"));
    assert!(gateway.stop());
}

#[tokio::test(flavor = "multi_thread")]
async fn links_are_seen_undone_made_again_and_erased() {
    let data = tempfile::tempdir().unwrap();
    let gateway = Gateway::start(data.path());
    let (status, answer) = gateway.post("/v1/events", "website", json!(events()).to_string()).await;
    assert_eq!(status, 201, "{answer}");
    gateway.settle().await;
    let number = |kind, id| visitor_of_id("website", kind, id).to_string();
    let (ann, bob) = (number(IdKind::User, "ann"), number(IdKind::User, "bob"));

    let shown = gateway.succeed(&["person", "show", "--project", "website", "--anonymous", "d1"]);
    assert!(shown.starts_with(&format!("person {ann}\n")), "{shown}");
    let has = |text: &str, words: &[&str]| text.lines().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(has(&shown, &[&ann, "user", "3", "ann"]) && has(&shown, &["device", "1", "d1"]), "{shown}");
    assert!(has(&shown, &[&bob, "2026-01-05T10:00:05.000Z", "later than another"]), "{shown}");
    assert!(has(&shown, &["in force, by an alias"]), "{shown}");

    // Undone, the device belongs to the next that was identified on it; whatever is sent again.
    let link = ["--project", "website", "--anonymous", "d1", "--person"];
    let decide = |action, person: &str| gateway.succeed(&[&["person", action][..], &link, &[person]].concat());
    assert!(decide("unlink", &ann).contains(&format!("is the person {bob}")));
    gateway.post("/v1/events", "website", json!(events()).to_string()).await;
    assert_eq!(people(&gateway, "website").await["device d1"], "user bob");
    assert!(decide("unlink", &bob).contains(&format!("is the person {}", number(IdKind::Anonymous, "d1"))));
    decide("relink", &bob);
    assert!(decide("relink", &ann).contains(&format!("is the person {ann}")));
    let nobody = gateway.command(&[&["person", "unlink"][..], &link, &["7"]].concat());
    assert!(!nobody.status.success() && String::from_utf8_lossy(&nobody.stderr).contains("no event links"));

    // Other users of the same person are erased only if that is said.
    let refused = gateway.command(&["erase", "--project", "website", "--user", "ann"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("--with-aliases"), "{said}");
    gateway.succeed(&["erase", "--project", "website", "--user", "ann", "--with-aliases"]);
    let left = "SELECT DISTINCT user_id, anonymous_id FROM analytics.events WHERE user_id IN ('', 'ann', 'old', 'bob') ORDER BY ALL";
    assert_eq!(gateway.sql(left).await, "early\nbob\td1", "the other user of the device stays");
    let links = format!(
        "SELECT count() FROM (SELECT visitor, person FROM analytics.links UNION ALL SELECT visitor, person FROM analytics.aliases) WHERE {ann} IN (visitor, person)"
    );
    assert_eq!(gateway.sql(links).await, "0");
    assert!(gateway.stop());
}

//! The ledger adds up in every reading: under load, while ClickHouse is away, after `kill -9` and after a restart in
//! order, over which it is exact.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step here is a failed test")]

mod common;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use common::{
    Gateway,
    beside::{beside, kill, restart},
};
use ingest_gateway::ledger::Counts;
use reqwest::Client;
use serde_json::{Value, json};

const SENDERS: u64 = 6;
const WRITE_KEY: &str = "0123456789abcdef";

/// The report, by a key.
async fn ledger(url: &str, key: &str) -> Option<Value> {
    let answer = Client::new().get(format!("{url}/v1/ledger")).bearer_auth(key).send().await.ok()?;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.json().await.ok()
}

fn counts(json: &Value) -> Counts {
    serde_json::from_value(json.clone()).unwrap()
}

/// Every account of a report adds up, and all of them to the total.
fn check(report: &Value) {
    for part in ["total", "this_run"] {
        assert!(counts(&report[part]).add_up(), "{report}");
    }
    let mut sum = Counts::default();
    for account in report["projects"].as_object().unwrap().values() {
        assert!(counts(account).add_up(), "{report}");
        sum += &counts(account);
    }
    assert_eq!(sum, counts(&report["total"]), "{report}");
}

fn key(data: &Path) -> String {
    std::fs::read_to_string(data.join("operator-key")).unwrap()
}

/// What senders were told.
#[derive(Default)]
struct Told {
    accepted: AtomicU64,
    dropped: AtomicU64,
    duplicate: AtomicU64,
    refused: AtomicU64,
    no_answer: AtomicU64,
    stop: AtomicBool,
}

impl Told {
    fn get(&self, of: fn(&Self) -> &AtomicU64) -> u64 {
        of(self).load(Ordering::Relaxed)
    }
}

/// Sends batches with a bad event and one that stands twice, as fast as they are answered.
async fn send_on(url: String, sender: u64, told: Arc<Told>) {
    let client = Client::new();
    for n in 0.. {
        if told.stop.load(Ordering::Relaxed) {
            return;
        }
        let at = 1_790_000_000_000_i64 + i64::try_from(sender * 1_000_000 + n).unwrap();
        let good = json!({"type": "a", "user_id": sender, "timestamp": at});
        let body = json!([good, {"type": ""}, good, {"type": "b", "user_id": sender, "timestamp": at}]);
        let project = if sender.is_multiple_of(2) { "app" } else { "website" };
        let sent = client.post(format!("{url}/v1/events")).header("X-App", project).json(&body).send().await;
        let answer = match sent {
            Ok(answer) if answer.status() == 201 => answer.json::<Value>().await,
            Ok(_) => {
                told.refused.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            Err(error) => Err(error),
        };
        let Ok(answer) = answer else {
            told.no_answer.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        for (name, count) in [("accepted", &told.accepted), ("dropped", &told.dropped), ("duplicate", &told.duplicate)]
        {
            count.fetch_add(answer[name].as_u64().unwrap(), Ordering::Relaxed);
        }
    }
}

/// Sends for a while and looks at the ledger all the time; the number of readings.
async fn under_load(url: &str, key: &str, told: &Arc<Told>, during: impl Future<Output = ()>) -> usize {
    told.stop.store(false, Ordering::Relaxed);
    let senders: Vec<_> = (0..SENDERS).map(|n| tokio::spawn(send_on(url.to_owned(), n, Arc::clone(told)))).collect();
    let readings = Arc::new(AtomicU64::new(0));
    let reading = tokio::spawn({
        let (url, key, readings) = (url.to_owned(), key.to_owned(), Arc::clone(&readings));
        async move {
            while let Some(report) = ledger(&url, &key).await {
                check(&report);
                readings.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    during.await;
    told.stop.store(true, Ordering::Relaxed);
    for sender in senders {
        sender.await.unwrap();
    }
    assert!(!reading.is_finished() || reading.await.is_ok(), "a reading did not add up");
    usize::try_from(readings.load(Ordering::Relaxed)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_adds_up_in_every_reading_whatever_is_killed() {
    let (engine_data, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut engine = Gateway::start(engine_data.path());
    let keys = [("FOOTFALL_WRITE_KEYS", "0123456789abcdef=website")];
    let gateway = beside(&engine, data.path(), &keys);
    let (key, told) = (key(data.path()), Arc::new(Told::default()));
    let pause = || tokio::time::sleep(Duration::from_millis(1_500));

    // Load, then ClickHouse away, then back, then a stop in order.
    let mut again = None;
    let readings = under_load(&gateway.url, &key, &told, async {
        pause().await;
        kill(&mut engine.program);
        pause().await;
        again = Some(restart(&engine, engine_data.path()));
        pause().await;
    })
    .await;
    assert!(readings > 20, "{readings} readings");
    let report = ledger(&gateway.url, &key).await.unwrap();
    let total = counts(&report["total"]);
    assert_eq!(total.pending, 0);
    assert_eq!((told.get(|t| &t.refused), told.get(|t| &t.no_answer)), (0, 0), "the journal takes it all");
    let told_total = |told: &Told| [told.get(|t| &t.accepted), told.get(|t| &t.dropped), told.get(|t| &t.duplicate)];
    assert_eq!([total.stored, total.dropped, total.duplicate], told_total(&told), "as the senders were told");
    assert!(gateway.stop());

    // Over a restart in order it is exact; this run begins at zero.
    let mut gateway = beside(&engine, data.path(), &keys);
    let report = ledger(&gateway.url, &key).await.unwrap();
    check(&report);
    assert_eq!(counts(&report["total"]), total);
    assert_eq!(counts(&report["this_run"]), Counts::default());

    // Killed under load: it adds up, and lacks no more than the counts of the last second, of all kinds alike.
    let url = gateway.url.clone();
    under_load(&url, &key, &told, async {
        pause().await;
        kill(&mut gateway);
    })
    .await;
    let gateway = beside(&engine, data.path(), &keys);
    let report = ledger(&gateway.url, &key).await.unwrap();
    check(&report);
    let after = counts(&report["total"]);
    let [accepted, dropped, duplicate] = told_total(&told);
    assert!(after.stored > total.stored && after.pending == 0, "{report}");
    assert!(after.stored <= accepted + 2 * SENDERS && after.dropped <= dropped + SENDERS, "{report}");
    assert!(after.duplicate <= duplicate + SENDERS, "{report}");

    who_may_read_it(&gateway.url, &key, &report).await;
    assert!(gateway.stop());
    drop(again);
}

/// A project's key reads its project's account, and no key nothing, from wherever it is asked.
async fn who_may_read_it(url: &str, operator: &str, whole: &Value) {
    let of_project = ledger(url, WRITE_KEY).await.unwrap();
    assert_eq!(of_project["projects"].as_object().unwrap().keys().collect::<Vec<_>>(), ["website"]);
    assert_eq!(of_project["projects"]["website"], whole["projects"]["website"]);
    assert_eq!(of_project["total"], of_project["projects"]["website"]);
    assert!(of_project.get("gateway").is_none() && whole["gateway"]["journal_events"].is_i64(), "{of_project}");
    let ask = |authorization: Option<String>| {
        let request = Client::new().get(format!("{url}/v1/ledger"));
        authorization.into_iter().fold(request, |request, value| request.header("Authorization", value)).send()
    };
    let basic = format!("Basic {operator}");
    for authorization in [None, Some("Bearer ".to_owned()), Some("Bearer app".to_owned()), Some(basic)] {
        let answer = ask(authorization).await.unwrap();
        assert_eq!(answer.status(), 401);
        let text = answer.text().await.unwrap();
        assert!(text.contains("unknown_write_key") && !text.contains("stored"), "{text}");
    }
    let in_address = reqwest::get(format!("{url}/v1/ledger?key={operator}")).await.unwrap();
    assert_eq!(in_address.status(), 401);
}

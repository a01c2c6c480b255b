use super::*;

/// 2026-02-28T23:59:58Z.
const EVENING_MS: i64 = 1_772_323_198_000;

fn quotas(events_per_day: u64, bytes_per_month: u64) -> Quotas {
    Quotas { events_per_day: Some(events_per_day), bytes_per_month: Some(bytes_per_month), ..Quotas::default() }
}

#[test]
fn a_day_and_a_month_end_by_utc() {
    assert_eq!(next_day_ms(EVENING_MS) - EVENING_MS, 2_000);
    assert_eq!(next_month_ms(EVENING_MS) - EVENING_MS, 2_000);
    assert_eq!(next_month_ms(EVENING_MS + 2_000) - EVENING_MS, 2_000 + 31 * DAY_MS);
    let december_ms = 1_798_675_200_000;
    assert_eq!(month(december_ms) + 1, month(next_month_ms(december_ms)), "the year turns");
    let error =
        Usage::default().check(&Quotas { events_per_day: Some(0), ..Quotas::default() }, EVENING_MS).unwrap_err();
    assert_eq!(error.to_string(), "the quota events_per_day_max = 0 is used up until 2026-03-01T00:00:00.000Z");
}

#[test]
fn what_is_not_stored_is_given_back_and_the_next_day_begins_at_zero() {
    let (usage, quotas) = (Arc::<Usage>::default(), quotas(2, 1_000));
    let charge = |now_ms: i64| usage.charge(&quotas, 10, now_ms);
    let (first, second) = (charge(EVENING_MS).unwrap(), charge(EVENING_MS).unwrap());
    assert_eq!(charge(EVENING_MS).unwrap_err().field, "events_per_day_max");
    drop(second);
    first.keep();
    charge(EVENING_MS).unwrap().keep();
    assert_eq!(usage.check(&quotas, EVENING_MS).unwrap_err().until_ms, EVENING_MS + 2_000);
    let late = usage.charge(&Quotas::default(), 10, EVENING_MS).unwrap();
    charge(EVENING_MS + 2_000).unwrap().keep();
    drop(late);
    assert_eq!(usage.counts().day.events, 1, "what is given back to yesterday is not taken from today");
}

#[test]
fn the_event_that_reaches_a_quota_of_bytes_is_the_last_one() {
    let (usage, quotas) = (Arc::<Usage>::default(), quotas(100, 25));
    for _ in 0..3 {
        usage.charge(&quotas, 10, EVENING_MS).unwrap().keep();
    }
    assert_eq!(usage.charge(&quotas, 1, EVENING_MS).unwrap_err().field, "bytes_per_month_max");
    usage.charge(&quotas, 1, EVENING_MS + 2_000).unwrap();
}

#[test]
fn many_threads_together_store_exactly_the_quota() {
    let (usage, quotas) = (Arc::<Usage>::default(), quotas(1_000, u64::MAX));
    let stored: usize = std::thread::scope(|scope| {
        let store = || {
            let stored = (0..500).filter_map(|_| usage.charge(&quotas, 1, EVENING_MS).ok()).map(Charge::keep);
            stored.count()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(store)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((stored, usage.counts().day.events), (1_000, 1_000));
}

#[test]
fn a_restart_forgets_nothing_and_the_next_month_deletes_it() {
    let folder = tempfile::tempdir().unwrap();
    let open = |now_ms: i64| Usages::open(folder.path(), now_ms).unwrap();
    let quotas = quotas(3, 1_000);
    let usages = open(EVENING_MS);
    usages.of("app").charge(&quotas, 10, EVENING_MS).unwrap().keep();
    usages.of("website").charge(&quotas, 10, EVENING_MS).unwrap().keep();
    drop(usages);
    let usages = open(EVENING_MS);
    usages.of("app").charge(&quotas, 10, EVENING_MS).unwrap().keep();
    drop(usages);
    let usages = open(EVENING_MS);
    assert_eq!(usages.of("app").counts().day, Count { period: day(EVENING_MS), events: 2, bytes: 20 });
    assert_eq!(usages.of("website").counts().month.events, 1);
    assert_eq!(usages.of("new").counts(), Counts::default());
    drop(usages);
    assert_eq!(open(EVENING_MS + 2_000).of("app").counts(), Counts::default());
    assert_eq!(open(EVENING_MS).of("app").counts(), Counts::default(), "it is deleted");
}

/// As `kill -9` leaves it: what was written once a second is there.
#[test]
fn what_changed_is_written_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let usages = Usages::open(folder.path(), EVENING_MS).unwrap();
    usages.of("app").charge(&Quotas::default(), 10, EVENING_MS).unwrap().keep();
    let file = folder.path().join("quotas.redb");
    let started = std::time::Instant::now();
    let written = loop {
        let copy = folder.path().join("copy.redb");
        std::fs::copy(&file, &copy).unwrap();
        let counts = store::Store::open(&copy, 0).map(|(_, counts)| counts).unwrap_or_default();
        if let Some(counts) = counts.get("app") {
            break counts.day.events;
        }
        assert!(started.elapsed().as_secs() < 20, "nothing was written");
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    assert_eq!(written, 1);
    drop(usages);
}

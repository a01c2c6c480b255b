//! Queries about persons who did something, of every type that the other generators know.

use rand::{Rng, rngs::StdRng};
use serde_json::{Value, json};

use super::{
    BEFORE_CHANGE_MS, DAY_MS,
    asks::{self, Ranged},
    queries::{filter, one, pick, query, spikes},
};

const QUERIES: usize = 8;

/// Some over the days that have events, and one whose range ends in the future.
pub fn queries(rng: &mut StdRng, project: &str, now_ms: i64) -> Vec<Ranged> {
    let mut out: Vec<Ranged> = (0..QUERIES).map(|_| over_the_days(rng, project)).collect();
    let mut query = asks::into_the_future(rng);
    asks::finish(rng, &mut query, project);
    let to_ms = now_ms + rng.random_range(32..100) * DAY_MS;
    // A day on which something happened is at the edge of what counts.
    let days = (to_ms - BEFORE_CHANGE_MS) / DAY_MS + rng.random_range(-2..2);
    query["filter"] = tree(rng, Some(days));
    out.push((query, BEFORE_CHANGE_MS - DAY_MS, to_ms));
    out
}

fn over_the_days(rng: &mut StdRng, project: &str) -> Ranged {
    let mut query = of_any_type(rng, project);
    query["filter"] = tree(rng, None);
    asks::over_the_days(rng, query)
}

/// A query of any type that the other generators know.
pub fn of_any_type(rng: &mut StdRng, project: &str) -> Value {
    match rng.random_range(0..10) {
        0 => spikes(rng, project),
        1..6 => query(rng, project),
        _ => asks::any_type(rng, project),
    }
}

/// A condition on persons, by itself or beside others.
fn tree(rng: &mut StdRng, days: Option<i64>) -> Value {
    let one = did(rng, days);
    match rng.random_range(0..6) {
        0 => json!({"not": one}),
        1 => json!({"all": [one, filter(rng, 1)]}),
        2 => json!({"any": [filter(rng, 1), one]}),
        3 => json!({"any": [one, {"not": {"all": [did(rng, None), filter(rng, 0)]}}]}),
        _ => one,
    }
}

/// A condition on what a person did, over so many days if they are given.
pub fn did(rng: &mut StdRng, days: Option<i64>) -> Value {
    let mut did = json!({});
    if rng.random_bool(0.9) {
        did["events"] = one(rng, true);
    }
    if rng.random_bool(0.15) {
        did["events"]["filter"] =
            json!({"field": pick(rng, &["session:path", "session:event"]), "values": ["a", "b", "/x"]});
    }
    match rng.random_range(0..6) {
        0 => did["atMost"] = 0.into(),
        1 => did["atMost"] = rng.random_range(0..4).into(),
        2 => did["atLeast"] = rng.random_range(1..5).into(),
        3 => {
            let least = rng.random_range(1..3);
            did["atLeast"] = least.into();
            did["atMost"] = (least + rng.random_range(0..3)).into();
        }
        _ => {}
    }
    if did["atMost"].is_null() && rng.random_bool(0.4) {
        did["firstTime"] = true.into();
    }
    if days.is_some() || rng.random_bool(0.5) {
        did["days"] = days.unwrap_or_else(|| rng.random_range(1..6)).into();
    }
    json!({"did": did})
}

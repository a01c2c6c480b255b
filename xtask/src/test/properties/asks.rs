//! Queries about what the first generator does not ask, so that the projects it has once been wrong about stay the
//! same: sessions' entries, earlier ranges, every way to count a funnel, small limits, ranges into the future.

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{
    BEFORE_CHANGE_MS, DAY_MS, EVENTS, HOUR_MS, PATHS, ZONES,
    queries::{actor, days_between, filter, funnel, one, pick},
};

/// A query and its range.
pub type Ranged = (Value, i64, i64);

const QUERIES: usize = 10;
const ATTRIBUTIONS: usize = 2;
const ENTRIES: [&str; 3] = ["session:event", "session:path", "session:country"];

/// A generator of its own, so that the other one goes on as before.
pub fn apart(rng: &StdRng) -> StdRng {
    StdRng::seed_from_u64(rng.clone().random())
}

/// Some of each kind over the days that have events.
pub fn queries(rng: &mut StdRng, project: &str, now_ms: i64) -> Vec<Ranged> {
    let mut out: Vec<Ranged> = (0..QUERIES).map(|_| within_the_days(rng, project)).collect();
    for _ in 0..ATTRIBUTIONS {
        let mut query = attribution(rng);
        finish(rng, &mut query, project);
        out.push(over_the_days(rng, query));
    }
    let mut query = into_the_future(rng);
    finish(rng, &mut query, project);
    // Neither at the start of a month, when it is not certain on which side of it the data source asks.
    out.push((query, BEFORE_CHANGE_MS - DAY_MS, now_ms + rng.random_range(32..100) * DAY_MS));
    out
}

/// Many people with few events each: enough that a difference can be larger than chance.
pub fn crowd(rng: &mut StdRng, project: &str) -> (Vec<Value>, Vec<Ranged>) {
    let events = (0..400_u64).map(|number| {
        let (day, person) = (rng.random_range(0..4), rng.random_range(1..=90_u64));
        // On later days other things happen.
        let event = if day < 2 { pick(rng, &["a", "a", "a", "b"]) } else { pick(rng, &["a", "b", "b", "c"]) };
        let ts_ms = BEFORE_CHANGE_MS - 2 * DAY_MS + day * DAY_MS + rng.random_range(0..24 * 60) * 60_000;
        event_of(project, number, person, ts_ms, event, pick(rng, &PATHS[..2]))
    });
    let events = events.collect();
    let (from_ms, to_ms) = (BEFORE_CHANGE_MS, BEFORE_CHANGE_MS + 2 * DAY_MS);
    let steps = json!([{"event": "a"}, {"event": "b"}]);
    let queries = [
        json!({"queryType": "funnel", "steps": steps}),
        json!({"queryType": "funnel", "steps": steps, "result": "trend", "interval": "day"}),
        json!({"queryType": "funnel", "steps": steps, "counting": "conversions",
               "breakdown": {"dimension": "path", "attribution": "first", "step": 1, "limit": 1}}),
        json!({"queryType": "retention", "interval": "day", "firstTime": false, "unbounded": true, "start": {"event": "a"},
               "returns": {"event": "b"}, "by": "visitor"}),
        json!({"queryType": "stickiness", "interval": "day", "by": "visitor"}),
        json!({"queryType": "paths", "node": "event", "direction": "forward", "steps": 3, "collapse": false, "by": "visitor", "limit": 4}),
    ];
    let ranged = queries.into_iter().map(|mut query| {
        if query["queryType"] == "funnel" {
            query["order"] = "ordered".into();
            query["by"] = "visitor".into();
            query["conversionWindowMs"] = DAY_MS.into();
        }
        query["compare"] = "before".into();
        query["project"] = project.into();
        query["timezone"] = "UTC".into();
        (query, from_ms, to_ms)
    });
    (events, ranged.collect())
}

fn event_of(project: &str, number: u64, person: u64, ts_ms: i64, event: &str, path: &str) -> Value {
    let ts =
        chrono::DateTime::from_timestamp_millis(ts_ms).unwrap_or_default().format("%Y-%m-%d %H:%M:%S%.3f").to_string();
    json!({
        "project": project, "ts": ts, "event": event, "visitor": person * 0x0123_4567_89ab_cdef, "session_id": "",
        "event_id": number + 1, "user_id": "", "path": path, "country": "", "url_rest": "", "revenue_amount": 0.0,
        "properties": {}, "tie_order": 0,
    })
}

fn within_the_days(rng: &mut StdRng, project: &str) -> Ranged {
    let query = any_type(rng, project);
    over_the_days(rng, query)
}

/// A range over days that have events; or the one that the query compares it with is.
pub fn over_the_days(rng: &mut StdRng, query: Value) -> Ranged {
    let from_ms = BEFORE_CHANGE_MS + rng.random_range(-1..2) * DAY_MS + rng.random_range(0..5) * HOUR_MS;
    let to_ms = from_ms + rng.random_range(1..4) * DAY_MS;
    let ahead_ms = if rng.random_bool(0.5) { days_between(&query) * DAY_MS } else { 0 };
    (query, from_ms + ahead_ms, to_ms + ahead_ms)
}

/// A query of any type, its range excepted.
pub fn any_type(rng: &mut StdRng, project: &str) -> Value {
    let mut query = match rng.random_range(0..11) {
        0..4 => any_funnel(rng),
        4 => {
            json!({"queryType": "retention", "interval": pick(rng, &["day", "hour"]), "least": rng.random_range(1..3), "statistics": true, "firstTime": rng.random_bool(0.5), "unbounded": rng.random_bool(0.5),
                    "start": one(rng, false), "returns": one(rng, false), "by": actor(rng)})
        }
        5 => json!({"queryType": pick(rng, &["lifecycle", "stickiness"]), "interval": "day", "by": actor(rng)}),
        6 => json!({"queryType": "paths", "node": pick(rng, &["path", "event", "property:group", ENTRIES[0]]),
                    "direction": pick(rng, &["forward", "backward"]), "steps": rng.random_range(2..5), "collapse": rng.random_bool(0.5),
                    "by": pick(rng, &["session", "visitor"]), "limit": rng.random_range(1..4)}),
        7 => by_entry(rng),
        8 => attribution(rng),
        _ => of_values(rng),
    };
    if rng.random_bool(0.5) {
        query["compare"] = pick(rng, &["before", "before", "week", "4_weeks"]).into();
    }
    finish(rng, &mut query, project);
    query
}

fn by_entry(rng: &mut StdRng) -> Value {
    let dimension = pick(rng, &ENTRIES);
    match rng.random_bool(0.7) {
        true => {
            json!({"queryType": "trend", "interval": "day", "shape": "long", "series": [{"event": pick(rng, &EVENTS), "measure": "count"}],
                       "breakdown": {"dimension": dimension, "limit": rng.random_range(1..4)}})
        }
        false => json!({"queryType": "sessions", "result": "by", "dimension": dimension, "limit": 100}),
    }
}

/// Few conversions and many sessions, or the other way round.
fn attribution(rng: &mut StdRng) -> Value {
    const MODELS: [&str; 6] = ["first", "last", "last_non_direct", "linear", "time_decay", "position_based"];
    let models: Vec<&str> = MODELS.into_iter().filter(|_| rng.random_bool(0.6)).collect();
    json!({"queryType": "attribution", "conversion": one(rng, true), "models": models,
           "dimension": pick(rng, &["session:channel", "session:channel", ENTRIES[1], ENTRIES[2]]),
           "measure": pick(rng, &["conversions", "revenue"]), "lookbackDays": pick(rng, &[1, 1, 2, 30]),
           "halfLifeDays": pick(rng, &[1, 7]), "by": pick(rng, &["visitor", "visitor", "user", "session"]),
           "limit": rng.random_range(1..5)})
}

/// Measures of values, formulas over several series, trailing buckets.
fn of_values(rng: &mut StdRng) -> Value {
    const MEASURES: [&str; 9] = ["sum", "avg", "median", "p90", "p95", "p99", "min", "max", "distinct"];
    let series = |rng: &mut StdRng| {
        let mut one = one(rng, false);
        match rng.random_bool(0.7) {
            true => {
                one["measure"] = pick(rng, &MEASURES).into();
                one["property"] = pick(rng, &["property:n", "property:n", "property:plan", ENTRIES[1]]).into();
            }
            false => one["measure"] = pick(rng, &["count", "visitors", "revenue"]).into(),
        }
        one
    };
    let count = rng.random_range(1..4);
    let series: Vec<Value> = (0..count).map(|_| series(rng)).collect();
    let mut query = json!({"queryType": "trend", "interval": pick(rng, &["hour", "day", "week"]), "series": series});
    match count {
        1 if rng.random_bool(0.7) => {}
        1 => query["formula"] = "100 * (A + 1)".into(),
        2 => query["formula"] = pick(rng, &["A / (A + B)", "-A - B * 2", "A - -B", "(A) / B / 2"]).into(),
        _ => query["formula"] = pick(rng, &["A / (B + C)", "A + B - C", "A * B / 0.5 - C"]).into(),
    }
    if rng.random_bool(0.5) {
        query["trailing"] = pick(rng, &[2, 3, 7]).into();
    }
    if rng.random_bool(0.3) {
        query["breakdown"] = json!({"dimension": "property:group", "limit": rng.random_range(1..4)});
        if rng.random_bool(0.5) {
            query["breakdown"]["and"] = json!(["property:plan", pick(rng, &["path", "country"])]);
        }
        query["shape"] = "long".into();
    }
    query
}

/// The project, a zone and, of some, a filter.
pub fn finish(rng: &mut StdRng, query: &mut Value, project: &str) {
    query["project"] = project.into();
    query["timezone"] = pick(rng, &ZONES).into();
    if rng.random_bool(0.3) {
        query["filter"] = match rng.random_bool(0.6) {
            true => {
                json!({"field": pick(rng, &ENTRIES), "op": pick(rng, &["=", "!="]), "values": ["a", "b", "/x", "DE"]})
            }
            false => filter(rng, 1),
        };
    }
}

/// A funnel of the first generator with the options that it does not have.
fn any_funnel(rng: &mut StdRng) -> Value {
    let mut query = funnel(rng);
    let count = query["steps"].as_array().map_or(0, Vec::len);
    let is_any = query["order"] == "any";
    if is_any && rng.random_bool(0.5) {
        let mut exclusion = one(rng, false);
        exclusion["afterStep"] = 1.into();
        exclusion["beforeStep"] = count.into();
        query["exclusions"] = json!([exclusion]);
    }
    if let Some(exclusions) = query.get_mut("exclusions").and_then(Value::as_array_mut) {
        for exclusion in exclusions {
            exclusion["removes"] = rng.random_bool(0.6).into();
        }
    }
    if rng.random_bool(0.4) {
        query["result"] = pick(rng, &["trend", "trend", "histogram", "steps"]).into();
        query["interval"] = pick(rng, &["hour", "day"]).into();
    }
    match rng.random_range(0..4) {
        0 => query["counting"] = "conversions".into(),
        1 => query["counting"] = "actors_of_range".into(),
        _ => {}
    }
    if rng.random_bool(0.3) {
        let from = rng.random_range(1..count);
        query["fromStep"] = from.into();
        query["toStep"] = rng.random_range(from + 1..=count).into();
    }
    query["neverEntered"] = rng.random_bool(0.3).into();
    let of_trend = query["result"] == "trend";
    // A trend's rows are not ordered by name.
    if of_trend {
        if let Some(fields) = query.as_object_mut() {
            fields.remove("breakdown");
        }
    } else if !is_any && rng.random_bool(0.4) {
        let dimension = pick(rng, &["property:plan", "property:group", ENTRIES[1], ENTRIES[2]]);
        let attribution = pick(rng, &["first", "first_set", "first_set", "last", "all"]);
        query["breakdown"] =
            json!({"dimension": dimension, "attribution": attribution, "step": 1, "limit": rng.random_range(1..4)});
    }
    if query["breakdown"].is_object() && rng.random_bool(0.4) {
        query["breakdown"]["and"] = json!([pick(rng, &["country", "path", "property:group"])]);
    }
    if rng.random_bool(0.15) {
        query["hold"] = pick(rng, &[ENTRIES[2], "country"]).into();
    }
    query
}

/// By month, some of which have not begun.
pub fn into_the_future(rng: &mut StdRng) -> Value {
    match rng.random_range(0..3) {
        0 => json!({"queryType": "lifecycle", "interval": "month", "by": actor(rng)}),
        1 => {
            json!({"queryType": "retention", "interval": pick(rng, &["month", "quarter"]), "statistics": true, "firstTime": rng.random_bool(0.5), "unbounded": rng.random_bool(0.5),
                    "start": one(rng, false), "returns": one(rng, false), "by": actor(rng)})
        }
        _ => json!({"queryType": "funnel", "result": "trend", "interval": "month", "order": "ordered", "by": "visitor",
                    "conversionWindowMs": 7 * DAY_MS, "steps": [one(rng, false), one(rng, false)]}),
    }
}

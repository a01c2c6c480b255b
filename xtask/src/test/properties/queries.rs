//! Random queries of every type, over few names and values.

use rand::{Rng, rngs::StdRng};
use serde_json::{Value, json};

use super::{DAY_MS, EVENTS, HOUR_MS, PATHS, ZONES};

pub fn query(rng: &mut StdRng, project: &str) -> Value {
    let mut query = match rng.random_range(0..12) {
        0..4 => funnel(rng),
        4..7 => sessions(rng),
        7 => trend(rng),
        8 => {
            json!({"queryType": "retention", "interval": pick(rng, &["day", "week"]), "firstTime": rng.random_bool(0.5), "unbounded": rng.random_bool(0.5), "start": one(rng, false), "returns": one(rng, false), "by": actor(rng)})
        }
        9 => json!({"queryType": "lifecycle", "interval": pick(rng, &["hour", "day"]), "by": actor(rng)}),
        10 => json!({"queryType": "stickiness", "interval": pick(rng, &["hour", "day"]), "by": actor(rng)}),
        _ => paths(rng),
    };
    query["project"] = project.into();
    query["timezone"] = pick(rng, &ZONES).into();
    if rng.random_bool(0.3) {
        query["filter"] = filter(rng, 2);
    }
    query
}

pub fn spikes(rng: &mut StdRng, project: &str) -> Value {
    let mut query = one(rng, false);
    query["queryType"] = "spikes".into();
    query["project"] = project.into();
    query["timezone"] = pick(rng, &ZONES).into();
    query["interval"] = pick(rng, &["hour", "day"]).into();
    query["least"] = rng.random_range(1..4).into();
    query
}

/// Shows fewer values than there are, compared with the previous period.
pub fn few_of_many(rng: &mut StdRng, project: &str) -> [Value; 3] {
    let first = one(&mut rng.clone(), false);
    let mut limit = || rng.random_range(1..4);
    let dimension = "property:group";
    let mut queries = [
        json!({"queryType": "trend", "interval": "day", "compare": "before", "shape": "long", "series": [{"measure": "count"}],
            "breakdown": {"dimension": dimension, "limit": limit()}}),
        json!({"queryType": "sessions", "result": "by", "dimension": dimension, "limit": limit(), "compare": "before"}),
        json!({"queryType": "funnel", "order": "ordered", "by": "visitor", "conversionWindowMs": DAY_MS,
            "steps": [first, {"event": "page_view"}],
            "breakdown": {"dimension": dimension, "attribution": "first", "step": 1, "limit": limit()}}),
    ];
    for query in &mut queries {
        query["project"] = project.into();
        query["timezone"] = "UTC".into();
    }
    queries
}

pub fn sessions(rng: &mut StdRng) -> Value {
    let mut query = match rng.random_range(0..4) {
        0 => json!({"result": "totals"}),
        1 => json!({"result": "over_time", "interval": pick(rng, &["hour", "day", "week"])}),
        2 => json!({"result": "list", "limit": 1000}),
        _ => {
            let dimension = pick(rng, &["country", "path", "property:plan", "user_id", "exit_path"]);
            json!({"result": "by", "dimension": dimension, "limit": 100})
        }
    };
    query["queryType"] = "sessions".into();
    query["compare"] = comparison(rng);
    query["quantiles"] = rng.random_bool(0.3).into();
    query
}

/// Days between the range and the one it is compared with, if whole days.
pub fn days_between(query: &Value) -> i64 {
    match query["compare"].as_str() {
        Some("week") => 7,
        Some("4_weeks") => 28,
        Some("52_weeks") => 364,
        _ => 0,
    }
}

/// The range to compare with, if any. Uses a copy of the generator, since remembered projects depend on the order.
pub fn comparison(rng: &mut StdRng) -> Value {
    match rng.random_bool(0.3) {
        false => false.into(),
        true => pick(&mut rng.clone(), &["before", "week", "4_weeks", "52_weeks"]).into(),
    }
}

/// Picks one; there is at least one.
pub fn pick<T: Copy>(rng: &mut StdRng, from: &[T]) -> T {
    from[rng.random_range(0..from.len())]
}

pub fn actor(rng: &mut StdRng) -> &'static str {
    pick(rng, &["visitor", "visitor", "user"])
}

/// An event, by name, path or filter.
pub fn one(rng: &mut StdRng, with_filter: bool) -> Value {
    let mut out = json!({"event": pick(rng, &EVENTS)});
    match rng.random_range(0..4) {
        0 => out = json!({"path": pick(rng, &["/x", "/z/*", "/y"])}),
        1 => out["path"] = pick(rng, &PATHS).into(),
        2 if with_filter => out["filter"] = filter(rng, 1),
        _ => {}
    }
    out
}

pub fn filter(rng: &mut StdRng, depth: u32) -> Value {
    if depth > 0 && rng.random_bool(0.4) {
        let list: Vec<Value> = (0..rng.random_range(0..3)).map(|_| filter(rng, depth - 1)).collect();
        return match rng.random_range(0..3) {
            0 => json!({"all": list}),
            1 => json!({"any": list}),
            _ => json!({"not": filter(rng, depth - 1)}),
        };
    }
    match rng.random_range(0..9) {
        0 => json!({"field": "country", "op": "=", "value": "DE"}),
        1 => json!({"field": "country", "op": "!=", "values": ["DE", "FR"]}),
        2 => json!({"field": "property:plan", "op": "is set"}),
        3 => json!({"field": "property:n", "op": pick(rng, &[">", "<=", "<", ">="]), "value": rng.random_range(0..5)}),
        4 => json!({"field": "path", "op": "contains", "value": "Z"}),
        5 => json!({"field": "path", "op": "wildcard", "value": "/*"}),
        6 => json!({"field": "event", "op": "=~", "value": "^[ab]$"}),
        7 => json!({"field": "user_id", "op": "is not set"}),
        _ => json!({"field": "property:plan", "op": "not contains", "value": "P1"}),
    }
}

pub fn funnel(rng: &mut StdRng) -> Value {
    let count = rng.random_range(2..5);
    let order = pick(rng, &["ordered", "ordered", "strict", "any"]);
    let mut steps: Vec<Value> = (0..count).map(|_| one(rng, true)).collect();
    let any = order == "any";
    for step in steps.iter_mut().skip(1) {
        if !any && rng.random_bool(0.25) {
            step["optional"] = true.into();
        }
        if !any && rng.random_bool(0.25) {
            step["windowMs"] = pick(rng, &[1, HOUR_MS, 10 * HOUR_MS]).into();
        }
    }
    let mut query = json!({"queryType": "funnel", "order": order, "by": pick(rng, &["visitor", "visitor", "user", "session"]),
        "conversionWindowMs": pick(rng, &[1, 30, HOUR_MS, DAY_MS, 7 * DAY_MS])});
    if !any && rng.random_bool(0.2) {
        query["open"] = true.into();
    }
    if !any && rng.random_bool(0.3) {
        let required: Vec<usize> = (0..count).filter(|at| steps[*at]["optional"] != true).collect();
        if required.len() >= 2 {
            let after = rng.random_range(0..required.len() - 1);
            let before = rng.random_range(after + 1..required.len());
            let mut exclusion = one(rng, true);
            exclusion["afterStep"] = (required[after] + 1).into();
            exclusion["beforeStep"] = (required[before] + 1).into();
            query["exclusions"] = json!([exclusion]);
        }
    }
    if rng.random_bool(0.2) {
        query["hold"] = pick(rng, &["country", "property:plan"]).into();
    }
    match rng.random_range(0..7) {
        0 => query["breakdown"] = json!({"dimension": "country", "attribution": "all", "limit": 10}),
        6 if !any => {
            let attribution = pick(rng, &["first", "last", "step"]);
            query["breakdown"] = json!({"dimension": "country", "attribution": attribution, "step": rng.random_range(1..=count), "limit": 10});
        }
        1 => query["result"] = "histogram".into(),
        2 => {
            query["result"] = "trend".into();
            query["interval"] = pick(rng, &["hour", "day"]).into();
        }
        3 => {
            query["result"] = "actors".into();
            let step = rng.random_range(1..=count);
            query["step"] = step.into();
            query["outcome"] = if step > 1 && rng.random_bool(0.5) { "dropped" } else { "converted" }.into();
        }
        _ => {}
    }
    query["steps"] = steps.into();
    query
}

pub fn trend(rng: &mut StdRng) -> Value {
    const MEASURES: [&str; 6] = ["count", "visitors", "users", "sessions", "per_visitor", "revenue"];
    let mut first = one(rng, true);
    first["measure"] = pick(rng, &MEASURES).into();
    let mut query =
        json!({"queryType": "trend", "interval": pick(rng, &["hour", "day", "week"]), "compare": comparison(rng)});
    if rng.random_bool(0.3) {
        query["breakdown"] =
            json!({"dimension": pick(rng, &["country", "property:plan"]), "limit": rng.random_range(1..3)});
        query["shape"] = "long".into();
    }
    if rng.random_bool(0.2) {
        query["result"] = "total".into();
    }
    if rng.random_bool(0.3) {
        let mut second = one(rng, true);
        second["measure"] = pick(rng, &MEASURES).into();
        query["formula"] = pick(rng, &["A / B", "A-B", "A + B", "A*B"]).into();
        query["series"] = json!([first, second]);
    } else {
        query["cumulative"] =
            (rng.random_bool(0.3) && matches!(first["measure"].as_str(), Some("count" | "revenue"))).into();
        query["series"] = json!([first]);
    }
    query
}

pub fn paths(rng: &mut StdRng) -> Value {
    let mut query = json!({"queryType": "paths", "node": pick(rng, &["path", "event"]), "direction": pick(rng, &["forward", "backward"]),
        "steps": rng.random_range(2..6), "collapse": rng.random_bool(0.5), "by": pick(rng, &["session", "visitor"]), "limit": 200});
    if rng.random_bool(0.5) {
        query["anchor"] = one(rng, false);
    }
    query
}

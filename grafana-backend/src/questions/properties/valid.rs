//! Valid queries, among them what has been a fault once, and the examples of the documentation.

use std::{fs, path::Path};

use serde_json::{Value, json};

/// Valid queries of each type, with all of its fields.
pub fn valid() -> Vec<Value> {
    let tests = json!({"all": [
        {"field": "country", "op": "=", "value": "DE"},
        {"any": [{"field": "property:plan", "op": "!=", "values": ["pro", 1]}, {"field": "path", "op": "=~", "value": "^/a"}]},
        {"not": {"field": "property:n", "op": ">=", "value": 3}},
    ]});
    let event = json!({"event": ["a", "b"], "path": "/x/*", "filter": tests});
    let queries = json!([
        {"queryType": "sessions", "timezone": "Europe/Berlin", "filter": tests,
         "adhocFilters": [{"key": "country", "operator": "=|", "value": "", "values": ["DE", "FR"]}]},
        {"queryType": "sessions", "result": "over_time", "interval": "hour", "compare": "week", "quantiles": true},
        {"queryType": "sessions", "result": "by", "dimension": "exit_path", "limit": 5, "measures": ["sessions", "bounce_rate"]},
        {"queryType": "sessions", "result": "list", "limit": 1000},
        {"queryType": "funnel", "steps": [event, {"name": "n", "path": "/b", "optional": true, "windowMs": 5}, {"event": "c"}],
         "order": "strict", "conversionWindowMs": 1, "by": "user", "exclusions": [{"event": "x", "afterStep": 1, "beforeStep": 3}],
         "hold": "country", "breakdown": {"dimension": "property:a", "attribution": "step", "step": 2, "limit": 3}, "open": true},
        {"queryType": "funnel", "steps": [{"event": "a"}, {"event": "b"}], "order": "any", "result": "trend", "interval": "day"},
        {"queryType": "funnel", "steps": [{"event": "a"}, {"event": "b"}], "result": "actors", "step": 2, "outcome": "dropped",
         "limit": 7, "by": "session"},
        {"queryType": "funnel", "steps": [{"event": "a"}, {"event": "b"}], "result": "histogram", "fromStep": 1, "toStep": 2,
         "compare": "week"},
        {"queryType": "funnel", "steps": [{"event": "a"}, {"filter": {"field": "session:channel", "value": "Direct"}}],
         "exclusions": [{"event": "x", "removes": true}, {"event": "y"}], "counting": "conversions", "neverEntered": true,
         "compare": "before", "breakdown": {"dimension": "session:utm_source", "and": ["country", "property:a"], "attribution": "first_set"}},
        {"queryType": "trend", "breakdown": {"dimension": "session:path"}, "filter": {"field": "session:bot", "op": "is not set"}},
        {"queryType": "trend", "series": [event, {"measure": "per_visitor"}], "formula": "A / B", "interval": "minute",
         "breakdown": {"dimension": "browser", "limit": 3}, "compare": "before", "shape": "long"},
        {"queryType": "trend", "result": "total", "cumulative": true},
        {"queryType": "funnel", "steps": [{"event": "a"}, {"event": "b"}], "compare": "week", "filter": {"all": [
            {"did": {"events": event, "atLeast": 2, "atMost": 3, "days": 30}}, {"not": {"did": {"firstTime": true}}}, tests]}},
        {"queryType": "sessions", "filter": {"any": [{"did": {"events": {"filter": {"field": "session:path", "value": "/"}}, "atMost": 0}}]}},
        {"queryType": "trend", "series": [{"measure": "sum", "property": "property:n"}, {"measure": "p90", "property": "property:n"},
         {"measure": "distinct", "property": "session:path"}], "formula": "100 * (A - B) / -C", "trailing": 7, "interval": "day"},
        {"queryType": "retention", "start": event, "returns": {"event": "b"}, "interval": "day", "firstTime": true,
         "unbounded": true, "by": "user", "compare": true, "least": 3, "statistics": true},
        {"queryType": "lifecycle", "event": "a", "path": "/x", "eventFilter": tests, "interval": "week", "by": "session", "compare": "before"},
        {"queryType": "stickiness", "event": ["a"], "interval": "month", "compare": "4_weeks"},
        {"queryType": "paths", "compare": "week"},
        {"queryType": "paths", "node": "event", "event": "", "eventFilter": tests, "anchor": event, "direction": "backward",
         "steps": 20, "limit": 200, "collapse": false, "by": "visitor", "result": "graph"},
        {"queryType": "events", "event": "a", "visitor": "18446744073709551615", "userId": "u", "sessionId": "s", "limit": 1},
        {"queryType": "annotations", "eventFilter": tests},
        {"queryType": "spikes", "event": "a", "interval": "hour", "least": 1},
        {"queryType": "trend", "filter": {"all": [{"cohort": "vips"}, {"not": {"cohort": "buyers"}}, tests]}},
        {"queryType": "cohorts"},
        {"queryType": "cohorts", "cohort": ["vips", "buyers"], "limit": 100, "filter": tests},
        {"queryType": "live", "result": "pages"},
        {"queryType": "live"},
        {"queryType": "sql", "rawSql": "SELECT $__timeInterval(ts) AS t, count() FROM events WHERE $__timeFilter(ts) AND name = {v:String} GROUP BY t;",
         "variables": {"v": "x", "list": ["a", 1, null]}},
        // Each has been a fault once, or part of one.
        {"queryType": "sql", "rawSql": "INSERT INTO FUNCTION file('x','LineAsString') SELECT 'x' SETTINGS engine_file_truncate_on_insert=1"},
        {"queryType": "sql", "rawSql": "KILL QUERY WHERE 1"},
        {"queryType": "sql", "rawSql": "SELECT length(groupArray(number)) FROM numbers(200000000) SETTINGS max_memory_usage=0"},
        {"queryType": "sql", "rawSql": "SELECT repeat(repeat('y',1000000),100) FROM numbers(40)"},
        {"queryType": "sql", "rawSql": "SELECT 1 WHERE $__timeFilter(toDateTime(if(a, b, [c, d][1]), 'Europe/Berlin'))"},
        {"queryType": "trend", "filter": {"not": {"field": "path", "op": "!~", "values": ["a", "b"]}}},
        {"queryType": "trend", "filter": {"field": "path", "op": "not contains", "values": ["/p/$id", "%", "'"]}},
    ]);
    let Value::Array(queries) = queries else { unreachable!() };
    let named = |mut query: Value| {
        query["project"] = json!("website");
        query
    };
    queries.into_iter().chain(examples()).map(named).collect()
}

/// The queries on the pages of docs/queries.
fn examples() -> Vec<Value> {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/queries");
    let mut pages: Vec<_> = fs::read_dir(pages).unwrap().map(|page| page.unwrap().path()).collect();
    pages.sort();
    let texts = pages.iter().map(|page| fs::read_to_string(page).unwrap()).collect::<Vec<_>>();
    let blocks = texts.iter().flat_map(|text| text.split("```json\n").skip(1));
    // A block may hold several.
    let json =
        blocks.flat_map(|block| serde_json::Deserializer::from_str(block.split("```").next().unwrap()).into_iter());
    let json = json.map(Result::unwrap);
    // Others are parts of one.
    json.filter(|json: &Value| json.get("queryType").is_some()).collect()
}

//! Queries and ranges that nobody would send, and some that differ from valid ones in a few places.

use std::sync::LazyLock;

use proptest::{prelude::*, sample::Index};
use serde_json::{Map, Value};

use super::valid::valid;
use crate::{questions::schema::schema, time::range::Range};

/// The fields of each type, by its name.
pub static TYPES: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let schema = schema().to_value();
    let properties = schema["$defs"].as_object().unwrap().values().map(|definition| &definition["properties"]);
    let types =
        properties.filter_map(|fields| Some((fields["queryType"]["const"].as_str()?.to_owned(), fields.clone())));
    types.collect()
});

/// Strings, most of which mean something somewhere.
pub fn string() -> impl Strategy<Value = String> {
    let known = [
        "",
        "a",
        "all",
        "any",
        "auto",
        "backward",
        "before",
        "browser",
        "by",
        "country",
        "day",
        "exit_path",
        "graph",
        "hour",
        "is set",
        "list",
        "minute",
        "not contains",
        "over_time",
        "property:",
        "property:p",
        "step",
        "strict",
        "total",
        "trend",
        "user",
        "wildcard",
        "<",
        "=~",
        "A/B",
        "/a*",
        "Europe/Berlin",
        "$__timeFilter(",
        "{p0:String}",
        "'; --",
    ];
    prop_oneof![
        4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => ".{0,12}",
        1 => (0_usize..3_000).prop_map(|length| "x".repeat(length)),
    ]
}

/// Names of fields, at any depth.
pub fn name() -> impl Strategy<Value = String> {
    let inner = [
        "all",
        "any",
        "not",
        "field",
        "op",
        "value",
        "values",
        "key",
        "operator",
        "dimension",
        "attribution",
        "name",
        "did",
        "cohort",
    ];
    let of_types = TYPES.values().filter_map(Value::as_object).flat_map(Map::keys);
    let names: Vec<String> = of_types.cloned().chain(inner.map(str::to_owned)).collect();
    prop_oneof![20 => prop::sample::select(names), 1 => ".{0,8}"]
}

pub fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..40).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        string().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Fields of its own type, with whatever values.
pub fn arbitrary() -> impl Strategy<Value = Value> {
    let of_types = TYPES.clone().into_iter().map(|(name, fields)| {
        let fields: Vec<String> = fields.as_object().into_iter().flat_map(Map::keys).cloned().collect();
        (name, fields)
    });
    prop::sample::select(of_types.collect::<Vec<_>>()).prop_flat_map(|(of_type, fields)| {
        prop::collection::vec((prop::sample::select(fields), value()), 0..4).prop_map(move |given| {
            let mut query: Map<String, Value> = given.into_iter().collect();
            query.insert("queryType".into(), of_type.as_str().into());
            query.insert("project".into(), "website".into());
            Value::Object(query)
        })
    })
}

/// One change at one place.
#[derive(Debug, Clone)]
enum Change {
    Replace(Value),
    Remove,
    Add(String, Value),
    Repeat(usize),
}

fn change() -> impl Strategy<Value = (Index, Change)> {
    let change = prop_oneof![
        4 => value().prop_map(Change::Replace),
        1 => Just(Change::Remove),
        2 => (name(), value()).prop_map(|(name, value)| Change::Add(name, value)),
        1 => (2_usize..40).prop_map(Change::Repeat),
    ];
    (any::<Index>(), change)
}

/// A valid query with a few changes.
pub fn mutated() -> impl Strategy<Value = Value> {
    (prop::sample::select(valid()), prop::collection::vec(change(), 1..4)).prop_map(|(mut query, changes)| {
        for (place, change) in changes {
            let mut places = vec![String::new()];
            pointers(&query, "", &mut places);
            // The query itself stays an object.
            let pointer = places[place.index(places.len())].clone();
            apply(&mut query, &pointer, change);
        }
        query
    })
}

/// The places of everything within.
fn pointers(value: &Value, before: &str, out: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(values) => values.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => return,
    };
    for (name, value) in inner {
        let pointer = format!("{before}/{name}");
        pointers(value, &pointer, out);
        out.push(pointer);
    }
}

fn apply(query: &mut Value, pointer: &str, change: Change) {
    let Some(at) = query.pointer_mut(pointer) else { return };
    match (change, at) {
        (Change::Add(name, value), Value::Object(fields)) => drop(fields.insert(name, value)),
        (Change::Repeat(times), Value::Array(values)) => *values = vec![values.clone(); times].concat(),
        (Change::Replace(value), at) if !pointer.is_empty() => *at = value,
        (Change::Remove, _) => {
            let Some((parent, name)) = pointer.rsplit_once('/') else { return };
            match query.pointer_mut(parent) {
                Some(Value::Object(fields)) => drop(fields.remove(name)),
                Some(Value::Array(values)) => values.truncate(values.len() / 2),
                _ => {}
            }
        }
        _ => {}
    }
}

/// From a second to two hundred years, anywhere in them, and ranges that are none.
pub fn range() -> impl Strategy<Value = Range> {
    let instants = || prop_oneof![-2_208_988_800_000..4_102_444_800_000_i64, any::<i64>()];
    let somewhere = (instants(), prop_oneof![1_000..10_000_000_000_i64, any::<i64>()]);
    (somewhere, any::<i32>()).prop_map(|((from_ms, length_ms), interval_ms)| Range {
        from_ms,
        to_ms: from_ms.saturating_add(length_ms),
        interval_ms: interval_ms.into(),
    })
}

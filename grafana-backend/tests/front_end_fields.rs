//! `plugin/src/query/fields.json` is what the front end knows of each type's fields: which there are, their limits,
//! and what an absent one means. Here it is held against what the backend really takes.
#![allow(clippy::unwrap_used, reason = "a failed step here is a failed test")]

use std::{collections::BTreeSet, sync::LazyLock};

use grafana_backend::{
    protocol::{DataSourceInstanceSettings, PluginContext},
    questions::registry,
    scope::Asked,
    settings::Settings,
    time::range::Range,
};
use serde_json::{Map, Value, json};

static TYPES: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let description: Value = serde_json::from_str(include_str!("../plugin/src/query/fields.json")).unwrap();
    description["types"].as_object().unwrap().clone()
});

#[test]
fn each_type_has_the_described_fields_and_no_other() {
    let all: BTreeSet<&String> = TYPES.values().flat_map(|fields| fields.as_object().unwrap().keys()).collect();
    for (of_type, fields) in TYPES.iter() {
        read(of_type, json!({})).unwrap();
        for name in &all {
            // No field takes this, so that it is refused where it is read at all.
            let is_read = read(of_type, json!({ name.as_str(): [{"no": 1}] })).is_err();
            assert_eq!(is_read, fields.get(name.as_str()).is_some(), "{of_type}.{name}");
        }
    }
}

#[test]
fn an_absent_field_is_its_default() {
    for (of_type, fields) in TYPES.iter() {
        for (name, field) in fields.as_object().unwrap() {
            let Some(default) = field.get("default") else { continue };
            let result = match (of_type.as_str(), name.as_str()) {
                ("sessions", "interval") => json!("over_time"),
                ("funnel", "interval") => json!("trend"),
                (_, "result") => json!(""),
                _ => least(of_type).remove("result").unwrap_or(json!("")),
            };
            let absent = read(of_type, json!({"result": result})).unwrap();
            let mut given = json!({"result": result});
            given[name] = default.clone();
            assert_eq!(read(of_type, given).unwrap(), absent, "{of_type}.{name}");
        }
        if let Some(limit) = fields.pointer("/breakdown/fields/limit") {
            let of = |limit: &Value| read(of_type, split(limit)).unwrap();
            assert_eq!(of(&limit["default"]), of(&Value::Null), "{of_type}.breakdown.limit");
        }
    }
}

#[test]
fn limits_are_the_described_ones() {
    for (of_type, fields) in TYPES.iter() {
        for (name, field) in fields.as_object().unwrap() {
            check_limits(&format!("{of_type}.{name}"), field, |value| read(of_type, json!({ name.as_str(): value })));
        }
        if let Some(limit) = fields.pointer("/breakdown/fields/limit") {
            let name = format!("{of_type}.breakdown.limit");
            check_limits(&name, limit, |value| read(of_type, split(&json!(value))));
        }
    }
}

fn check_limits(name: &str, field: &Value, read: impl Fn(i64) -> Result<String, String>) {
    for (end, outside) in [("min", -1), ("max", 1)] {
        let Some(value) = field[end].as_i64() else { continue };
        assert!(read(value).is_ok(), "{name} is not taken at its {end} {value}: {:?}", read(value));
        assert!(read(value + outside).is_err(), "{name} is taken beyond its {end} {value}");
    }
}

fn split(limit: &Value) -> Value {
    json!({"result": "", "breakdown": {"dimension": "country", "limit": limit}})
}

/// What a query of the type means, in a form that compares; or its error.
fn read(of_type: &str, fields: Value) -> Result<String, String> {
    let mut query = least(of_type);
    query.extend(fields.as_object().unwrap().clone());
    let instance = DataSourceInstanceSettings::default();
    let context = PluginContext { data_source_instance_settings: Some(instance), ..PluginContext::default() };
    let settings = Settings::read(Some(&context)).unwrap();
    let range = Range { from_ms: 0, to_ms: 86_400_000, interval_ms: 60_000 };
    let asked = Asked { range, now_ms: 0, uid: "", default_project: "" };
    let query = registry::read(&query, "", asked, &settings);
    query.map(|query| format!("{:?}", query.question)).map_err(|error| error.to_string())
}

/// The least that a query of the type has to say, in the form in which its limits count.
fn least(of_type: &str) -> Map<String, Value> {
    let mut query = match of_type {
        "sessions" => json!({"result": "by", "dimension": "country"}),
        "funnel" => json!({"steps": [{"event": "a"}, {"event": "b"}], "result": "actors"}),
        "sql" => json!({"rawSql": "SELECT 1"}),
        _ => json!({}),
    };
    query["queryType"] = json!(of_type);
    query["project"] = json!("website");
    query.as_object().unwrap().clone()
}

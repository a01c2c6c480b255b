//! `plugin/src/query/schema.json` is what the front end's types are made of. Here it is held against the models, and
//! against what the backend really takes: fields, closed lists, limits, and what an absent field means.
#![allow(clippy::unwrap_used, reason = "a failed step here is a failed test")]

use std::{collections::BTreeSet, sync::LazyLock};

use grafana_backend::{
    protocol::{DataSourceInstanceSettings, PluginContext},
    questions::{registry, schema::schema},
    scope::Asked,
    settings::Settings,
    time::range::Range,
};
use serde_json::{Map, Value, json};

static SCHEMA: LazyLock<Value> = LazyLock::new(|| schema().to_value());

#[test]
fn the_committed_schema_is_that_of_the_models() {
    let committed: Value = serde_json::from_str(include_str!("../plugin/src/query/schema.json")).unwrap();
    let names = |schema: &Value| schema["$defs"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&committed), names(&SCHEMA), "run cargo xtask types");
    for (name, definition) in SCHEMA["$defs"].as_object().unwrap() {
        assert_eq!(committed["$defs"][name], *definition, "{name}: run cargo xtask types");
    }
    assert!(committed == *SCHEMA, "run cargo xtask types");
}

#[test]
fn each_type_has_the_described_fields_and_no_other() {
    let scope = ["queryType", "project", "timezone", "filter", "adhocFilters"];
    let types = types();
    let all: BTreeSet<&String> = types.iter().flat_map(|(_, fields)| fields.keys()).collect();
    for (of_type, fields) in &types {
        read(of_type, json!({})).unwrap();
        for name in all.iter().filter(|name| !scope.contains(&name.as_str())) {
            // No field takes this, so that it is refused where it is read at all.
            let is_read = read(of_type, json!({ name.as_str(): [{"no": 1}] })).is_err();
            assert_eq!(is_read, fields.contains_key(*name), "{of_type}.{name}");
        }
    }
}

#[test]
fn an_absent_field_is_its_default() {
    for place in places() {
        let Some(default) = place.schema.get("default") else { continue };
        assert_eq!(place.read(default.clone()), place.read_without(), "{}", place.name);
    }
}

#[test]
fn limits_are_the_described_ones() {
    for place in places() {
        for (end, outside) in [("minimum", -1), ("maximum", 1)] {
            let Some(value) = place.schema[end].as_i64() else { continue };
            assert!(
                place.read(json!(value)).is_ok(),
                "{} at its {end} {value}: {:?}",
                place.name,
                place.read(json!(value))
            );
            assert!(place.read(json!(value + outside)).is_err(), "{} is taken beyond its {end} {value}", place.name);
        }
        for (end, outside) in [("minItems", -1), ("maxItems", 1)] {
            let Some(count) = place.schema[end].as_i64() else { continue };
            let item = if place.name.ends_with(".and") { json!("os") } else { json!({"event": "a"}) };
            let items = |count: i64| Value::from(vec![item.clone(); usize::try_from(count).unwrap()]);
            // A second series needs a formula.
            let is_series = place.name == "trend.series";
            assert!(is_series || place.read(items(count)).is_ok(), "{} has no {end} {count}", place.name);
            assert!(place.read(items(count + outside)).is_err(), "{} is taken beyond its {end} {count}", place.name);
        }
    }
}

#[test]
fn a_closed_list_is_the_described_one() {
    let mut count = 0;
    for place in places() {
        let names = names(&place.schema);
        if names.is_empty() {
            continue;
        }
        count += 1;
        for name in names {
            let read = place.read(name.clone());
            // A measure of values is known, but wants to know of which.
            let is_known =
                read.as_ref().err().is_none_or(|error| error.starts_with("series[0].property: this measure is of"));
            assert!(is_known, "{}: {name}: {read:?}", place.name);
        }
        assert!(place.read(json!("no such name")).is_err(), "{} takes any name", place.name);
    }
    assert!(count > 25, "only {count} closed lists were found");
}

#[test]
fn every_described_form_of_a_filter_is_read() {
    let read = |filter: Value| read("events", json!({ "filter": filter }));
    for op in names(&SCHEMA["$defs"]["Operator"]) {
        let test = json!({"field": "country", "op": op, "value": 1});
        read(json!({"all": [test, {"any": [{"not": test}]}]})).unwrap();
    }
    for value in [json!({"value": true}), json!({"values": ["a", 1, false]}), json!({})] {
        let mut test = value;
        test["field"] = json!("country");
        read(test).unwrap();
    }
    assert!(read(json!({"field": "country", "op": "no such operator", "value": 1})).is_err());
}

/// A field, of a query or of an object in it.
struct Place {
    name: String,
    schema: Value,
    of_type: String,
    /// The query around a value.
    around: Box<dyn Fn(Option<Value>) -> Value>,
}

impl Place {
    fn read(&self, value: Value) -> Result<String, String> {
        read(&self.of_type, (self.around)(Some(value)))
    }

    fn read_without(&self) -> Result<String, String> {
        read(&self.of_type, (self.around)(None))
    }
}

/// Every field of every type, and every field of the objects that they hold.
fn places() -> Vec<Place> {
    let mut places = Vec::new();
    for (of_type, fields) in types() {
        for (field, schema) in &fields {
            let schema = resolved(schema);
            let name = format!("{of_type}.{field}");
            let beside = beside(&name);
            let items = schema.get("items").map(resolved);
            for (inner, of_inner) in properties(items.as_ref().unwrap_or(&schema)) {
                let (is_list, is_funnel) = (items.is_some(), of_type == "funnel");
                let (field, beside) = (field.clone(), beside.clone());
                places.push(Place {
                    name: format!("{name}.{inner}"),
                    schema: resolved(&of_inner),
                    of_type: of_type.clone(),
                    around: Box::new(move |value| {
                        let mut object = match field.as_str() {
                            "breakdown" if is_funnel => json!({"dimension": "country", "attribution": "step"}),
                            "breakdown" => json!({"dimension": "country"}),
                            "adhocFilters" => json!({"key": "country", "operator": "=", "value": "DE"}),
                            _ => json!({"event": "b"}),
                        };
                        set(&mut object, &inner, value);
                        let list = if field == "steps" { json!([{"event": "a"}, object]) } else { json!([object]) };
                        let mut query = beside.clone();
                        query[&field] = if is_list { list } else { object };
                        query
                    }),
                });
            }
            let field = field.clone();
            places.push(Place {
                name,
                schema,
                of_type: of_type.clone(),
                around: Box::new(move |value| {
                    let mut query = beside.clone();
                    // Null is as good as absent, and hides what else would be said.
                    query[&field] = value.unwrap_or_default();
                    query
                }),
            });
        }
    }
    places
}

/// Without a value, the field is absent.
fn set(object: &mut Value, name: &str, value: Option<Value>) {
    match value {
        Some(value) => object[name] = value,
        None => drop(object.as_object_mut().unwrap().remove(name)),
    }
}

/// What a query has to say beside a field, so that the field counts.
fn beside(name: &str) -> Value {
    match name {
        "sessions.interval" => json!({"result": "over_time"}),
        "funnel.interval" | "funnel.toStep" => json!({"result": "trend"}),
        "funnel.fromStep" => json!({"result": "trend", "toStep": 2}),
        "funnel.breakdown" => json!({"result": "steps"}),
        "funnel.outcome" => json!({"step": 2}),
        "trend.formula" => json!({"series": [{}, {}]}),
        _ => json!({}),
    }
}

/// A schema without its reference; what stands beside the reference stays.
fn resolved(schema: &Value) -> Value {
    let Some(name) = schema["$ref"].as_str() else { return schema.clone() };
    let mut resolved = SCHEMA.pointer(name.trim_start_matches('#')).unwrap().clone();
    for (key, value) in schema.as_object().unwrap().iter().filter(|(key, _)| *key != "$ref") {
        resolved[key] = value.clone();
    }
    resolved
}

fn properties(schema: &Value) -> Map<String, Value> {
    schema["properties"].as_object().cloned().unwrap_or_default()
}

/// The values of a closed list, also of one among other forms.
fn names(schema: &Value) -> Vec<Value> {
    if let Some(names) = schema["enum"].as_array() {
        return names.clone();
    }
    let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    let of_choice = |choice: &Value| match choice.get("const") {
        Some(name) => vec![name.clone()],
        None => names(choice),
    };
    choices.into_iter().flatten().flat_map(of_choice).collect()
}

/// The fields of each type, by its name.
fn types() -> Vec<(String, Map<String, Value>)> {
    let definitions = SCHEMA["$defs"].as_object().unwrap().values();
    let of_type = |definition: &Value| {
        let name = definition.pointer("/properties/queryType/const")?.as_str()?.to_owned();
        Some((name, properties(definition)))
    };
    let types: Vec<_> = definitions.filter_map(of_type).collect();
    assert_eq!(types.len(), SCHEMA["oneOf"].as_array().unwrap().len());
    types
}

/// What a query of the type means, in a form that compares; or its error.
fn read(of_type: &str, fields: Value) -> Result<String, String> {
    let mut query = least(of_type);
    query.extend(fields.as_object().unwrap().clone());
    query.insert("queryType".to_owned(), json!(of_type));
    let instance = DataSourceInstanceSettings::default();
    let context = PluginContext { data_source_instance_settings: Some(instance), ..PluginContext::default() };
    let settings = Settings::read(Some(&context)).unwrap();
    let range = Range { from_ms: 0, to_ms: 86_400_000, interval_ms: 60_000 };
    let asked = Asked { range, now_ms: 0, uid: "", default_project: "website" };
    let query = registry::read(&query, "", asked, &settings);
    query.map(|query| format!("{:?} {:?}", query.scope, query.question)).map_err(|error| error.to_string())
}

/// The least that a query of the type has to say, in the form in which its limits count.
fn least(of_type: &str) -> Map<String, Value> {
    let query = match of_type {
        "sessions" => json!({"result": "by", "dimension": "country"}),
        "funnel" => json!({"steps": [{"event": "a"}, {"event": "b"}], "result": "actors"}),
        "attribution" => json!({"conversion": {"event": "a"}}),
        "sql" => json!({"rawSql": "SELECT 1"}),
        _ => json!({}),
    };
    query.as_object().unwrap().clone()
}

//! The schema of all queries. The front end's types are made of it (`cargo xtask types`), so that it
//! can ask for nothing that the models do not have.

use schemars::{
    JsonSchema, Schema,
    generate::SchemaSettings,
    json_schema,
    transform::{RecursiveTransform, Transform},
};
use serde_json::{Map, Value, json};

use super::TYPES;
use crate::scope::ScopeJson;

/// What a query without a project has of the scope: a person's own statement states the rest itself, and says where
/// the dashboard's filters hold.
const SCOPE_WITHOUT_PROJECT: [&str; 2] = ["adhocFilters", "timezone"];

/// Of each type of query: its own fields and those of the scope, under the name `<Type>Query`.
#[must_use]
pub fn schema() -> Schema {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let scope = fields(&ScopeJson::json_schema(&mut generator));
    let types: Vec<(String, Value)> = TYPES
        .iter()
        .map(|kind| {
            let own = (kind.schema)(&mut generator);
            let mut properties = json!({"queryType": {"const": kind.name}});
            if let Some(properties) = properties.as_object_mut() {
                let is_had = |name: &str| (kind.needs_project)() || SCOPE_WITHOUT_PROJECT.contains(&name);
                properties.extend(scope.clone().into_iter().filter(|(name, _)| is_had(name)));
                properties.extend(fields(&own));
            }
            let description = own.get("description").cloned().unwrap_or_default();
            let query = json!({
                "description": description,
                "type": "object",
                "properties": properties,
                "required": ["queryType"],
            });
            (definition_name(kind.name), query)
        })
        .collect();
    let any: Vec<Value> = types.iter().map(|(name, _)| json!({"$ref": format!("#/$defs/{name}")})).collect();
    let mut definitions = generator.take_definitions(true);
    definitions.extend(types);
    let mut schema = json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Query",
        "description": "A query as it is sent to the backend; docs/queries has a page for each type.",
        "oneOf": any,
        "$defs": definitions,
    });
    RecursiveTransform(without_null).transform(&mut schema);
    schema
}

fn fields(schema: &Schema) -> Map<String, Value> {
    schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// `sessions` → `SessionsQuery`.
fn definition_name(of_type: &str) -> String {
    let (first, rest) = of_type.split_at(1);
    format!("{}{rest}Query", first.to_ascii_uppercase())
}

/// A field that says nothing is left out: null is taken, but not offered.
fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    let Some(Value::Array(choices)) = schema.get_mut("anyOf") else { return };
    choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
    if let [Value::Object(only)] = &choices[..] {
        let only = only.clone();
        schema.remove("anyOf");
        only.into_iter().for_each(|(name, value)| drop(schema.insert(name, value)));
    }
}

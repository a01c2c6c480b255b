//! The gateway's interface as an OpenAPI document, served at [`PATH`]. Its paths are those of the routes' own table, so
//! that a format which is added stands in it.

mod schemas;

use std::sync::LazyLock;

use axum::http::Method;
use serde_json::{Map, Value, json};

use crate::wire::FORMATS;

/// Where it is served.
pub const PATH: &str = "/v1/openapi.json";
/// Where the native format is spoken: `POST /v1/events`, and the article's address.
const NATIVE: [&str; 2] = ["/v1/events", "/"];

/// The document, as JSON.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| document().to_string());
    &TEXT
}

/// The document.
#[must_use]
pub fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Footfall's ingest gateway",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Events over HTTP, answered when they are durable. docs/events.md has the contract in full, docs/clients.md the formats of other products' clients.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths(),
        "components": {
            "schemas": schemas::all(),
            "securitySchemes": {
                "write_key": {"type": "http", "scheme": "bearer", "description": "A secret key that stands for one project"},
                "operator_key": {"type": "http", "scheme": "bearer", "description": "The contents of `operator-key` in the gateway's data folder"},
            },
        },
    })
}

fn paths() -> Map<String, Value> {
    let mut paths = Map::new();
    for format in FORMATS {
        for path in format.paths() {
            let operation = if NATIVE.contains(path) { native(path) } else { of_another_product(path) };
            add(&mut paths, path, format.methods(), &operation);
        }
        for (path, _) in format.settings() {
            let operation = json!({
                "operationId": name_of("settings", path), "tags": ["other clients"], "parameters": parameters_of(path),
                "summary": "Settings that another product's client asks for; always the same",
                "responses": {"200": in_json("The settings", &json!({"type": "object"}))},
            });
            add(&mut paths, path, &[Method::GET, Method::POST], &operation);
        }
    }
    for (path, operation) in operators() {
        add(&mut paths, path, &[Method::GET], &operation);
    }
    paths
}

fn add(paths: &mut Map<String, Value>, path: &str, methods: &[Method], operation: &Value) {
    let item = paths.entry(path.replace("{*", "{")).or_insert_with(|| json!({}));
    for method in methods {
        let method = method.as_str().to_ascii_lowercase();
        let mut operation = operation.clone();
        operation["operationId"] = format!("{}_{method}", operation["operationId"].as_str().unwrap_or_default()).into();
        item[method] = operation;
    }
}

fn native(path: &str) -> Value {
    let error = |text: &str| in_json(text, &json!({"$ref": "#/components/schemas/Error"}));
    let mut busy = error("`busy` or `not_durable`: some of the events may be stored; send the same body again");
    busy["headers"] =
        json!({"Retry-After": {"schema": {"type": "integer"}, "required": true, "description": "Seconds"}});
    json!({
        "operationId": name_of("events", path),
        "tags": ["events"],
        "summary": "Send events",
        "description": "One event, an array of events, or an envelope. The body may be compressed: `Content-Encoding: gzip`, `deflate`, `br` or `zstd`. Its `Content-Type` is not looked at, so that beacons need no preflight.",
        "security": [{}, {"write_key": []}],
        "parameters": [
            {"name": "X-App", "in": "header", "schema": {"type": "string"}, "description": "The project, unless a write key or the address names it"},
            {"name": "project", "in": "query", "schema": {"type": "string"}, "description": "The project, for beacons, which can set no header"},
        ],
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body"}}}},
        "responses": {
            "201": in_json("One outcome for each event, in order. Every accepted one is durable", &json!({"$ref": "#/components/schemas/Answer"})),
            "400": in_json("No event of the body can be stored: the first rejection, or why the body as a whole cannot be read", &json!({"$ref": "#/components/schemas/Error"})),
            "401": error("`unknown_write_key`"),
            "403": error("`missing_project` or `unknown_project`"),
            "413": error("`too_large` or `too_many_events`"),
            "414": error("`address_too_long`"),
            "415": error("`unknown_encoding`"),
            "431": error("`headers_too_large`"),
            "503": busy,
        },
    })
}

fn of_another_product(path: &str) -> Value {
    json!({
        "operationId": name_of("client", path),
        "tags": ["other clients"],
        "summary": "Events of another product's client, in its own format (docs/clients.md)",
        "parameters": parameters_of(path),
        "requestBody": {"content": {"*/*": {"schema": {}}}},
        "responses": {
            "2XX": {"description": "As the product's own server answers"},
            "4XX": {"description": "As the product's own server answers"},
            "503": {"description": "Not known to be durable: send it again"},
        },
    })
}

fn operators() -> [(&'static str, Value); 5] {
    let plain = |text: &str| json!({"description": text, "content": {"text/plain": {"schema": {"type": "string"}}}});
    let key = json!([{"operator_key": []}, {"write_key": []}]);
    let operation = |id: &str, summary: &str, responses: Value| json!({"operationId": id, "tags": ["operation"], "summary": summary, "responses": responses});
    let mut ledger = operation(
        "ledger",
        "What became of events, over restarts: of the write key's project, or of all with the operator's key",
        json!({
            "200": in_json("The accounts", &json!({"$ref": "#/components/schemas/Ledger"})),
            "401": in_json("`unknown_write_key`", &json!({"$ref": "#/components/schemas/Error"})),
        }),
    );
    ledger["security"] = key;
    let metrics = json!({"200": {"description": "OpenMetrics", "content": {"application/openmetrics-text": {"schema": {"type": "string"}}}}});
    [
        ("/healthz", operation("healthz", "The process is up", json!({"200": plain("`ok`")}))),
        (
            "/readyz",
            operation("readyz", "Events are taken", json!({"200": plain("`ready`"), "503": plain("What is missing")})),
        ),
        ("/metrics", operation("metrics", "Counts and measures, for Prometheus", metrics)),
        ("/v1/ledger", ledger),
        (
            PATH,
            operation("openapi", "This document", json!({"200": in_json("OpenAPI 3.1", &json!({"type": "object"}))})),
        ),
    ]
}

fn in_json(description: &str, schema: &Value) -> Value {
    json!({"description": description, "content": {"application/json": {"schema": schema}}})
}

/// The parts of a path that stand in braces.
fn parameters_of(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| {
        let name = name.trim_start_matches('*');
        json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}})
    };
    names.map(parameter).collect()
}

fn name_of(kind: &str, path: &str) -> String {
    let word: String = path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{kind}{word}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_route_stands_in_it_with_a_name_of_its_own() {
        let document = document();
        let mut names = BTreeSet::new();
        let mut count = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(names.insert(operation["operationId"].to_string()), "{method} {path}");
                count += 1;
            }
        }
        let routes: usize = FORMATS.iter().map(|f| f.paths().len() * f.methods().len() + f.settings().len() * 2).sum();
        assert_eq!(count, routes + operators().len());
    }

    #[test]
    fn what_is_referred_to_is_there() {
        let text = document().to_string();
        let schemas = schemas::all();
        let names: BTreeSet<&str> =
            text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(names.len() >= 5, "{names:?}");
        names.iter().for_each(|name| assert!(schemas.get(name).is_some(), "{name}"));
    }
}

//! Compiles the programs of docs/vector.md and provisioning/vector with VRL and runs them on the golden events as
//! topic messages: the output must be the golden row, for the columns that the program fills.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use serde_json::{Value as Json, json};
use vector_components::{
    Enricher,
    enrich::{Geo, UserAgents},
};
use vrl::{
    compiler::{Function, Program, TargetValue, TimeZone, compile, runtime::Runtime},
    value::{Secrets, Value},
};

/// The program in docs/vector.md.
const WITH_FUNCTIONS: &str = ". = enrich_analytics_event!(.message, visitor: string!(.message_key))";

/// Columns that stock VRL fills differently, and are not compared.
const STOCK_DIFFERS: [&str; 9] = [
    "event_id",
    "url_rest",
    "browser",
    "browser_version",
    "os",
    "os_version",
    "device_brand",
    "device_model",
    "visitor",
];
/// Columns that stock VRL cannot fill.
const STOCK_LACKS: [&str; 11] = [
    "channel",
    "referrer_source",
    "device_type",
    "country",
    "region",
    "city",
    "latitude",
    "longitude",
    "asn",
    "as_organization",
    "bot_reasons",
];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn enricher() -> Arc<Enricher> {
    let database = |name: &str| fs::read(root().join("vector-components/testdata/geoip").join(name)).unwrap();
    let geo = Geo::of(Some(database("GeoLite2-City-Test.mmdb")), Some(database("ASN-Test.mmdb"))).unwrap();
    Arc::new(Enricher::new(UserAgents::new().unwrap(), Some(geo)))
}

/// A transform's program.
fn program(file: &str, transform: &str, functions: &[Box<dyn Function>]) -> Program {
    let text = fs::read_to_string(root().join("provisioning/vector").join(file)).unwrap();
    let config: Json = yaml_serde::from_str(&text).unwrap();
    compiled(config["transforms"][transform]["source"].as_str().unwrap(), functions)
}

fn compiled(source: &str, functions: &[Box<dyn Function>]) -> Program {
    let compiled = compile(source, functions).unwrap_or_else(|errors| {
        panic!("{}", vrl::diagnostic::Formatter::new(source, errors));
    });
    assert!(compiled.warnings.is_empty(), "{:?}", compiled.warnings);
    compiled.program
}

fn run(program: &Program, message: &str, key: &str) -> Result<Json, String> {
    let value = Value::from(BTreeMap::from([
        ("message".into(), Value::from(message)),
        ("message_key".into(), Value::from(key)),
    ]));
    let mut target = TargetValue { value, metadata: Value::Object(BTreeMap::new()), secrets: Secrets::new() };
    Runtime::default().resolve(&mut target, program, &TimeZone::default()).map_err(|e| e.to_string())?;
    serde_json::to_value(&target.value).map_err(|e| e.to_string())
}

/// Message, key and row of each accepted golden event.
fn golden() -> Vec<(String, String, Json)> {
    let folder = root().join("vector-components/testdata/events");
    let pairs = fs::read_dir(folder).unwrap().map(|file| {
        let pair: Json = serde_json::from_slice(&fs::read(file.unwrap().path()).unwrap()).unwrap();
        pair["becomes"].clone()
    });
    let taken: Vec<_> = pairs
        .filter(|becomes| becomes.get("event").is_some())
        .map(|becomes| (becomes["event"].to_string(), becomes["row"]["visitor"].to_string(), becomes["row"].clone()))
        .collect();
    assert!(taken.len() >= 4);
    taken
}

/// Rounds numbers, which JSON may write with different precision, and removes zeros.
fn rounded(row: &Json) -> BTreeMap<String, Json> {
    let round = |value: &Json| match value.as_f64() {
        Some(number) if value.is_f64() => json!((number * 1e4).round() / 1e4),
        _ => value.clone(),
    };
    let given = row.as_object().unwrap().iter().filter(|(_, value)| **value != json!(0));
    given.map(|(name, value)| (name.clone(), round(value))).collect()
}

#[test]
fn with_footfalls_functions_every_column_is_there() {
    let mut functions = vrl::stdlib::all();
    functions.extend(footfall_vrl::all(&enricher()));
    let program = compiled(WITH_FUNCTIONS, &functions);
    for (message, key, mut expected) in golden() {
        // VRL integers are signed.
        expected["visitor"] = key.clone().into();
        assert_eq!(rounded(&run(&program, &message, &key).unwrap()), rounded(&expected));
    }
    let error = run(&program, r#"{"v": 1}"#, "7").unwrap_err();
    assert!(error.contains("not_an_event: missing field"), "{error}");
}

#[test]
fn a_stock_vector_tells_what_vrl_alone_can() {
    let program = program("stock.yaml", "row", &vrl::stdlib::all());
    for (message, key, expected) in golden() {
        let got = run(&program, &message, &key).unwrap();
        assert_eq!(got["visitor"], json!(key));
        let (got, expected) = (rounded(&got), rounded(&expected));
        let compared = |row: &BTreeMap<String, Json>| -> BTreeMap<String, Json> {
            let other =
                |name: &String| !STOCK_DIFFERS.contains(&name.as_str()) && !STOCK_LACKS.contains(&name.as_str());
            row.iter().filter(|(name, _)| other(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        assert_eq!(compared(&got), compared(&expected), "{message}");
        assert!(
            got.keys().all(|name| expected.contains_key(name) || STOCK_DIFFERS.contains(&name.as_str())),
            "{got:?}"
        );
    }
    assert!(run(&program, r#"{"v": 2}"#, "7").is_err());
    assert!(run(&program, "no JSON", "7").is_err());
}

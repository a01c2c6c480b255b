//! Whatever a query says, it has an answer: an error that names a field, or a statement. ClickHouse
//! is at an address where nobody listens, so that a question which gets as far as asking it says
//! that it cannot be reached.

mod strategies;
mod valid;

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tokio::runtime::{Builder, Runtime};

use super::registry;
use crate::{
    clickhouse::{
        ClickHouse,
        connect::{Connected, Connections},
    },
    error::QueryError,
    protocol::{DataSourceInstanceSettings, PluginContext},
    scope::Asked,
    settings::Settings,
    time::range::Range,
};
use strategies::{TYPES, arbitrary, mutated, name, range, string, value};
use valid::valid;

const DAY: Range = Range { from_ms: 1_780_000_000_000, to_ms: 1_780_086_400_000, interval_ms: 60_000 };

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    // Nobody can listen on port 0.
    let instance = DataSourceInstanceSettings { url: "http://127.0.0.1:0".into(), ..Default::default() };
    Settings::read(Some(&PluginContext { data_source_instance_settings: Some(instance), ..Default::default() }))
        .unwrap()
});

static NOWHERE: LazyLock<ClickHouse> = LazyLock::new(|| {
    let Connected { clickhouse, .. } = Connections::default().of(&SETTINGS).unwrap();
    clickhouse
});

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());

/// What a query comes to.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// It is refused, with an error that names a field.
    Refused(String),
    /// Its statement is made; ClickHouse would be asked.
    Asks,
    /// The same, but for this range it has too many buckets.
    TooManyBuckets,
}

fn outcome(json: &Value, range: Range) -> Outcome {
    let Value::Object(json) = json else { panic!("a query is an object, not {json}") };
    let asked = Asked { range, now_ms: range.to_ms, uid: "uid", default_project: "" };
    let query = match registry::read(json, "", asked, &SETTINGS) {
        Ok(query) => query,
        Err(QueryError::Invalid { field, message }) if !field.is_empty() && !message.is_empty() => {
            return Outcome::Refused(field);
        }
        Err(other) => panic!("{json:?}: {other:?}"),
    };
    RUNTIME.block_on(async {
        let planned = query.question.plan(&NOWHERE, &query.scope).await.map(drop);
        let ran = query.question.run(&NOWHERE, &query.scope).await.map(drop);
        match (planned, ran) {
            (Err(QueryError::Unreachable(_)), Err(QueryError::Unreachable(_))) => Outcome::Asks,
            (Err(QueryError::Invalid { field, .. }), Err(QueryError::Invalid { field: of_run, .. }))
                if field == "interval" && of_run == "interval" =>
            {
                Outcome::TooManyBuckets
            }
            // A change of clocks can give the range that it is compared with one bucket more.
            (Err(QueryError::Unreachable(_)), Err(QueryError::Invalid { field, .. })) if field == "interval" => {
                Outcome::TooManyBuckets
            }
            other => panic!("{json:?}: {other:?}"),
        }
    })
}

#[test]
fn valid_queries_ask_and_every_type_is_among_them() {
    let queries = valid();
    for query in &queries {
        assert_eq!(outcome(query, DAY), Outcome::Asks, "{query}");
    }
    for of_type in TYPES.keys() {
        assert!(queries.iter().any(|query| query["queryType"] == of_type.as_str()), "{of_type}");
    }
}

#[test]
fn what_has_been_a_fault_is_refused_by_its_field() {
    let deep = (0..100).fold(json!(0), |inner, _| json!([{"": inner}]));
    for (query, field) in [
        (json!({"queryType": "trend", "filter": {"field": ""}}), "filter"),
        (json!({"queryType": "trend", "filter": deep}), "filter"),
        (json!({"queryType": "trend", "filter": {"field": "path", "value": vec!["x"; 1_001]}}), "filter.values"),
        (json!({"queryType": "trend", "breakdown": {"dimension": "country", "limit": 0}}), "breakdown.limit"),
        (json!({"queryType": "sql", "rawSql": "x".repeat(65_537)}), "rawSql"),
        (json!({"queryType": "sql", "rawSql": "SELECT $__timeFilter(a"}), "rawSql"),
        (json!({"queryType": "sql", "rawSql": "SELECT 1", "variables": {"": "x"}}), "variables"),
        (json!({"queryType": "sql", "rawSql": "SELECT 1", "variables": {"a b": "x"}}), "variables"),
        (json!({"queryType": ["trend"]}), "queryType"),
        (json!({"queryType": "trend", "": 1}), "query"),
        (json!({"queryType": "trend", "project": 1}), "project"),
        (json!({"queryType": "trend", "interval": "days"}), "interval"),
        (json!({"queryType": "funnel", "steps": [{"optional": 1}]}), "steps[0].optional"),
        (json!({"queryType": "trend", "filter": {"all": [{"feild": "path", "value": "/"}]}}), "filter.all[0].feild"),
        (json!({"queryType": "trend", "filter": {"any": [{"did": {"day": 3}}]}}), "filter.any[0].did.day"),
        (json!({"queryType": "lifecycle", "eventFilter": {"not": {"did": {}}}}), "eventFilter.not.did"),
        (json!({"queryType": "trend", "filter": {"all": [{"cohort": 3}]}}), "filter.all[0].cohort"),
        (json!({"queryType": "trend", "series": [{"filter": {"cohort": "x"}}]}), "series[0].filter.cohort"),
        (json!({"queryType": "sql", "rawSql": "SELECT 1", "filter": {"cohort": "x"}}), "filter"),
        (json!({"queryType": "cohorts", "limit": 101}), "limit"),
        (json!({"queryType": "funnel", "steps": [{"filter": {"did": {}}}, {"event": "a"}]}), "steps[0].filter.did"),
        (json!({"queryType": "sql", "rawSql": "SELECT 1", "filter": {"did": {}}}), "filter"),
        (json!({"queryType": "trend", "breakdown": {"dimension": "country", "limits": 3}}), "breakdown.limits"),
        (json!({"queryType": "funnel", "steps": [{"event": "a"}, {"event": "b", "windowMS": 3}]}), "steps[1].windowMS"),
        (json!({"queryType": "funnel", "steps": [{"event": "a"}, {"event": "b", "optional": 3}]}), "steps[1].optional"),
    ] {
        let mut query = query;
        if query.get("project").is_none() {
            query["project"] = json!("website");
        }
        assert_eq!(outcome(&query, DAY), Outcome::Refused(field.to_owned()), "{query}");
    }
}

#[test]
fn too_many_buckets_are_refused_before_clickhouse_is_asked() {
    let week = Range { to_ms: DAY.from_ms + 700_000_000, ..DAY };
    let years = Range { to_ms: DAY.from_ms + 1_000 * 86_400_000, ..DAY };
    let trend = json!({"queryType": "trend", "interval": "minute", "breakdown": {"dimension": "country"}});
    for (mut query, range) in [
        (trend, week),
        (json!({"queryType": "sessions", "result": "over_time", "interval": "minute"}), week),
        (json!({"queryType": "spikes", "interval": "minute"}), week),
        (json!({"queryType": "retention", "interval": "day"}), years),
    ] {
        query["project"] = json!("website");
        assert_eq!(outcome(&query, range), Outcome::TooManyBuckets, "{query}");
    }
}

fn cases() -> ProptestConfig {
    // The long run: PROPTEST_CASES=1000000 cargo test --release -p grafana-backend properties
    let from_environment = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig { cases: from_environment.unwrap_or(2_000), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_query_is_refused_by_a_field_or_asks(query in prop_oneof![arbitrary(), mutated()]) {
        prop_assert_ne!(outcome(&query, DAY), Outcome::TooManyBuckets);
    }

    #[test]
    fn over_any_range_as_well(query in prop_oneof![2 => prop::sample::select(valid()), 1 => mutated()], range in range()) {
        outcome(&query, range);
    }

    #[test]
    fn any_object_is_refused_by_a_field_or_asks(fields in prop::collection::vec((name(), value()), 0..6), of_type in string()) {
        let mut query: Map<String, Value> = fields.into_iter().collect();
        query.insert("queryType".into(), of_type.into());
        outcome(&Value::Object(query), DAY);
    }
}

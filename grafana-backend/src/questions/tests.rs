//! Golden pairs: a query's JSON and what becomes of it.

use serde_json::{Map, Value};

use super::registry::{self, Query};
use crate::{
    error::QueryError,
    protocol::{DataSourceInstanceSettings, PluginContext},
    scope::Asked,
    settings::Settings,
    time::range::Range,
};

fn settings(json: &str) -> Settings {
    let instance = DataSourceInstanceSettings { json_data: json.as_bytes().into(), ..Default::default() };
    Settings::read(Some(&PluginContext { data_source_instance_settings: Some(instance), ..Default::default() }))
        .unwrap()
}

fn read(json: &str) -> Result<Query, String> {
    let json: Map<String, Value> =
        serde_json::from_str(json).map_err(|e| QueryError::invalid("query", e.to_string()).to_string())?;
    let range = Range { from_ms: 0, to_ms: 1000, interval_ms: 10 };
    let asked = Asked { range, now_ms: 0, uid: "", default_project: "" };
    registry::read(&json, "", asked, &settings("{}")).map_err(|e| e.to_string())
}

#[test]
fn a_wrong_query_names_the_field_the_limit_and_the_value() {
    for (json, expected) in [
        ("{", "query: EOF while parsing an object at line 1 column 1"),
        (
            r#"{"queryType":"sessions"}"#,
            "project: none is given: name one, or set a default project in the datasource's settings",
        ),
        (
            r#"{"queryType":"sessions","project":"a","measures":["sessions","pages"]}"#,
            "measures[1]: \"pages\" is not known: sessions, visitors, events",
        ),
        (
            r#"{"queryType":"trend","project":"a","series":[{"event":"a"}],"compare":"year"}"#,
            "compare: \"year\" is not known: none, before, week, 4_weeks or 52_weeks",
        ),
        (r#"{"queryType":"magic","project":"a"}"#, "queryType: \"magic\" is not known: sessions, funnel, trend"),
        (
            r#"{"queryType":"sessions","project":"a","result":"by","dimension":"password"}"#,
            "dimension: \"password\" is not known",
        ),
        (
            r#"{"queryType":"sessions","project":"a","result":"by","dimension":"country","limit":0}"#,
            "limit: 0 is not from 1 to 1000",
        ),
        (r#"{"queryType":"funnel","project":"a","steps":[{"event":"x"}]}"#, "steps: 1 are given, a funnel has 2 to 32"),
        (
            r#"{"queryType":"funnel","project":"a","steps":[{"event":"x"},{}]}"#,
            "steps[1]: it has neither an event nor a path nor a filter",
        ),
        (
            r#"{"queryType":"funnel","project":"a","conversionWindowMs":0,"steps":[{"event":"x"},{"event":"y"}]}"#,
            "conversionWindowMs: 0 is not from 1 to 31622400000 (366 days)",
        ),
    ] {
        let error = read(json).unwrap_err();
        assert!(error.starts_with(expected), "{json}: {error}");
    }
}

#[test]
fn a_misspelt_field_is_named() {
    assert_eq!(
        read(r#"{"queryType": "funnel", "conversionWindowMS": 5}"#).unwrap_err(),
        "conversionWindowMS: no query has this field: did you mean conversionWindowMs?"
    );
    assert_eq!(read(r#"{"stepz": []}"#).unwrap_err(), "stepz: no query has this field: did you mean steps?");
    for (json, expected) in [
        (
            r#"{"queryType": "trend", "project": "a", "stepz": 1}"#,
            "stepz: no query has this field: there are series, formula, interval, ",
        ),
        (
            r#"{"queryType": "funnel", "project": "a", "steps": [{"event": "x"}, {"evnt": "y"}]}"#,
            "steps[1].evnt: there is no such field: did you mean event?",
        ),
        (
            r#"{"queryType": "funnel", "project": "a", "steps": [{"event": "x"}, {"event": "y"}], "order": "strikt"}"#,
            "order: \"strikt\" is not known: ordered, strict or any",
        ),
        (
            r#"{"queryType": "retention", "project": "a", "firstTime": "yes"}"#,
            "firstTime: string \"yes\" is given where a boolean is expected",
        ),
    ] {
        let error = read(json).unwrap_err();
        assert!(error.starts_with(expected), "{json}: {error}");
    }
    // What Grafana adds, and what the editor remembers of another type.
    let of_grafana = r#"{"queryType": "live", "project": "a", "refId": "A", "datasource": {"uid": "x"}, "steps": [], "rawSql": "", "hide": true}"#;
    assert_eq!(read(of_grafana).unwrap().kind, "live");
    assert!(read("[]").is_err());
}

#[test]
fn settings_read_what_grafana_sends() {
    let with_text = settings(r#"{"queryTimeout":"30","defaultProject":"app","unknown":[1]}"#);
    assert_eq!((with_text.query_timeout.as_secs(), &*with_text.default_project), (30, "app"));
    assert_eq!(with_text.url, "http://127.0.0.1:8123");
    assert!(!format!("{with_text:?}").contains("secret"));
    assert!(Settings::read(None).is_err());
}

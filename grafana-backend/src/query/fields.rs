//! Which fields a query may have. A misspelt one is an error that names it: left out in silence, it would
//! give the numbers of another question.

use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};

use serde::de::IgnoredAny;
use serde_aux::serde_introspection::serde_introspect;

use crate::{error::QueryError, funnel, lifecycle, live, paths, raw_sql, retention, sessions, spikes, timeline, trend};

/// What Grafana adds to every query, and what its tools and callers use to tell queries apart.
const GRAFANAS: [&str; 17] = [
    "dashboardUID",
    "datasource",
    "datasourceId",
    "expression",
    "hide",
    "intervalMs",
    "key",
    "maxDataPoints",
    "meta",
    "nonce",
    "panelId",
    "queryCachingTTL",
    "queryType",
    "refId",
    "relativeTimeRange",
    "timeRange",
    "type",
];

/// All types' fields: the editor keeps those of another type when the type is changed.
static KNOWN: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let of_types = [
        serde_introspect::<super::Raw>(),
        serde_introspect::<sessions::model::Raw>(),
        serde_introspect::<funnel::model::Raw>(),
        serde_introspect::<trend::model::Raw>(),
        serde_introspect::<retention::Raw>(),
        serde_introspect::<lifecycle::Raw>(),
        serde_introspect::<paths::Raw>(),
        serde_introspect::<timeline::Raw>(),
        serde_introspect::<spikes::Raw>(),
        serde_introspect::<live::Raw>(),
        serde_introspect::<raw_sql::Raw>(),
    ];
    of_types.into_iter().flatten().chain(&GRAFANAS).copied().collect()
});

/// Checks the names of a query's fields.
///
/// # Errors
/// Names the first that no type of query has, and the one that was probably meant.
pub fn check(json: &[u8]) -> Result<(), QueryError> {
    let fields: HashMap<String, IgnoredAny> =
        serde_json::from_slice(json).map_err(|e| QueryError::invalid("query", e.to_string()))?;
    let unknown = fields.keys().filter(|name| !KNOWN.contains(name.as_str())).min();
    let Some(name) = unknown else { return Ok(()) };
    let field: String = name.chars().take(64).collect();
    let meant = KNOWN.iter().find(|known| known.eq_ignore_ascii_case(name));
    let hint = meant.map_or_else(
        || "docs/queries has the fields of each type".to_owned(),
        |known| format!("did you mean {known}?"),
    );
    Err(QueryError::invalid(field, format!("no query has this field: {hint}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_field_is_named() {
        let error = |json: &str| check(json.as_bytes()).map_err(|error| error.to_string());
        assert_eq!(
            error(r#"{"queryType": "funnel", "conversionWindowMS": 5}"#).unwrap_err(),
            "conversionWindowMS: no query has this field: did you mean conversionWindowMs?"
        );
        assert_eq!(
            error(r#"{"stepz": []}"#).unwrap_err(),
            "stepz: no query has this field: docs/queries has the fields of each type"
        );
        assert_eq!(
            error(r#"{"refId": "A", "datasource": {"uid": "x"}, "steps": [], "rawSql": "", "hide": true}"#),
            Ok(())
        );
        assert!(error("[]").is_err());
    }
}

//! Which fields a query may have. A misspelt one is an error that names it: left out in silence, it would
//! give the numbers of another question.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{check::meant, error::QueryError};

/// What Grafana adds to every query, and what its tools and callers use to tell queries apart.
const GRAFANAS: [&str; 18] = [
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
    "resultAssertions",
    "timeRange",
    "type",
];

/// Checks the names of a query's fields against those that the types of questions have; `own` are those
/// of its own type.
///
/// # Errors
/// Names the first that no type of query has, and the one that was probably meant.
pub fn check(
    json: &Map<String, Value>,
    own: &[&'static str],
    known: &BTreeSet<&'static str>,
) -> Result<(), QueryError> {
    let is_known = |name: &str| known.contains(name) || GRAFANAS.contains(&name);
    let Some(name) = json.keys().filter(|name| !is_known(name)).min() else { return Ok(()) };
    if name.is_empty() {
        return Err(QueryError::invalid("query", "it has a field without a name"));
    }
    let field: String = name.chars().take(64).collect();
    Err(QueryError::invalid(field, format!("no query has this field: {}", meant(name, own))))
}

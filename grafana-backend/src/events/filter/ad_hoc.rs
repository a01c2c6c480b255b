//! Ad hoc filters of a dashboard.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Filter, read::read};
use crate::error::QueryError;

/// An ad hoc filter, as Grafana gives it.
#[derive(Deserialize, JsonSchema, Debug, Clone, Default)]
#[serde(default)]
#[schemars(rename = "AdHocFilter")]
pub struct AdHoc {
    /// A column or `property:<name>`.
    pub key: String,
    /// `=`, `!=`, `=~`, `!~`, `<`, `>`, `=|` or `!=|`.
    pub operator: String,
    /// The value.
    pub value: String,
    /// The values of `=|` and `!=|`.
    pub values: Vec<String>,
}

/// All of them have to hold.
///
/// # Errors
/// As [`read`].
pub fn all_of(filters: &[AdHoc]) -> Result<Filter, QueryError> {
    let each = filters.iter().enumerate().map(|(at, filter)| {
        let json = serde_json::json!({"field": filter.key, "op": filter.operator, "value": filter.value, "values": filter.values});
        read(&json, &format!("adhocFilters[{at}]"))
    });
    each.collect::<Result<_, _>>().map(Filter::All)
}

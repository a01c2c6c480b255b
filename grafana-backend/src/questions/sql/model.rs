//! A statement that a person wrote, checked, with its macros replaced. docs/queries/sql.md.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::macros::{Given, expand};
use crate::{
    check::at_most, clickhouse::Bound, error::QueryError, events::one_of::OneOf, scope::Scope, settings::Settings,
    sql_tables::Tables,
};

const SQL_BYTES_MAX: usize = 65_536;
const VARIABLES_MAX: usize = 100;
const NAME_BYTES_MAX: usize = 128;

/// A statement with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct RawSql {
    /// The macros are replaced.
    pub text: String,
    /// What `{name:Type}` stands for.
    pub variables: BTreeMap<String, Bound>,
    /// The tables that it may read.
    pub tables: Tables,
    /// Rows of its result.
    pub rows_max: usize,
}

/// A statement of one's own: docs/queries/sql.md.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct RawSqlJson {
    /// The statement, with macros.
    #[schemars(extend("format" = "sql"))]
    raw_sql: String,
    /// What `$name` and `{name:Type}` stand for.
    #[schemars(with = "BTreeMap<String, OneOf>")]
    variables: BTreeMap<String, Value>,
    /// The variables for which *All* is chosen.
    all_selected: Vec<String>,
}

impl RawSqlJson {
    /// Checks limits, and replaces the macros and variables.
    ///
    /// # Errors
    /// Names the field, the limit and the value; an unknown macro is named.
    pub fn check(self, scope: &Scope, settings: &Settings) -> Result<RawSql, QueryError> {
        let length = self.raw_sql.len();
        if !(1..=SQL_BYTES_MAX).contains(&length) {
            let message = format!("it has {length} bytes, 1 to {SQL_BYTES_MAX} are allowed");
            return Err(QueryError::invalid("rawSql", message));
        }
        at_most("variables", self.variables.len(), VARIABLES_MAX)?;
        self.variables.keys().try_for_each(|name| check_name(name))?;
        let variables: BTreeMap<String, Bound> =
            self.variables.into_iter().map(|(name, value)| (name, bound(value))).collect();
        at_most("allSelected", self.all_selected.len(), VARIABLES_MAX)?;
        let ad_hoc = scope.filter.if_of_events().ok_or_else(|| {
            QueryError::invalid(
                "filter",
                "neither what a person did (did) nor a cohort can be asked for in a query of type sql",
            )
        })?;
        let given = Given {
            variables: variables.clone(),
            all: self.all_selected.into_iter().collect(),
            ad_hoc: Some(&ad_hoc).filter(|filter| !filter.is_empty()),
        };
        let (mut text, bound) = expand(&self.raw_sql, &given)?;
        let mut variables = variables;
        variables.extend(bound);
        let range = scope.range;
        let own = [
            ("footfall_from_ms", range.from_ms),
            ("footfall_to_ms", range.to_ms),
            ("footfall_interval_s", (range.interval_ms / 1000).max(1)),
            ("footfall_interval_ms", range.interval_ms.max(1)),
        ];
        variables.extend(own.map(|(name, value)| (name.to_owned(), Bound::One(value.to_string()))));
        // As people end a statement.
        text.truncate(text.trim_end().trim_end_matches(';').len());
        Ok(RawSql { text, variables, tables: settings.sql_tables.clone(), rows_max: settings.row_limit })
    }
}

/// ClickHouse knows no other names; the statement would be blamed for one.
fn check_name(name: &str) -> Result<(), QueryError> {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && name.len() <= NAME_BYTES_MAX && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(());
    }
    let shown: String = name.chars().take(64).collect();
    let message = format!(
        "{shown:?} is not a variable's name: letters, digits and _, at most {NAME_BYTES_MAX}, not beginning with a digit"
    );
    Err(QueryError::invalid("variables", message))
}

/// A variable with several values is bound as an array: `{name:Array(String)}`.
fn bound(value: Value) -> Bound {
    let string = |value: Value| match value {
        Value::String(string) => string,
        other => other.to_string(),
    };
    match value {
        Value::Array(values) => Bound::Several(values.into_iter().map(string).collect()),
        one => Bound::One(string(one)),
    }
}

//! Reading a query by its type.

use std::{collections::BTreeSet, sync::LazyLock};

use serde_aux::serde_introspection::serde_introspect;
use serde_json::{Map, Value};

use super::{TYPES, fields, plan::Plan, question::Question};
use crate::{
    check::any,
    clickhouse::ClickHouse,
    error::QueryError,
    frame::Frame,
    json::read as from_json,
    scope::{Asked, Scope, ScopeJson},
    settings::Settings,
};

/// The fields of all types: the editor keeps those of another type when the type is changed.
static FIELDS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let of_types = TYPES.iter().flat_map(|kind| (kind.fields)());
    serde_introspect::<ScopeJson>().iter().chain(of_types).copied().collect()
});

/// A question with its scope.
#[derive(Debug)]
pub struct Query {
    /// The type's name.
    pub kind: &'static str,
    /// What all questions have.
    pub scope: Scope,
    /// What is asked.
    pub question: Box<dyn Question>,
}

impl Query {
    /// Looks up what is known of the project and asks.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn run(&self, clickhouse: &ClickHouse) -> Result<Vec<Frame>, QueryError> {
        let scope = self.scope.with_facts(clickhouse).await?;
        self.question.run(clickhouse, &scope).await
    }

    /// The same for its statement, and what it would read.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn plan(&self, clickhouse: &ClickHouse) -> Result<Plan, QueryError> {
        let scope = self.scope.with_facts(clickhouse).await?;
        self.question.plan(clickhouse, &scope).await
    }
}

/// Reads one query of a request: its fields' names, its type, its scope, then the question itself.
/// `kind` is the type of a query that names none.
///
/// # Errors
/// Names the field that is wrong, the limit and the value.
pub fn read(json: &Map<String, Value>, kind: &str, asked: Asked<'_>, settings: &Settings) -> Result<Query, QueryError> {
    let given = json
        .get("queryType")
        .map_or(Ok(""), |given| given.as_str().ok_or(given))
        .map_err(|given| QueryError::invalid("queryType", format!("a string is expected, not {given}")))?;
    let name = if given.is_empty() { kind } else { given };
    let found = TYPES.iter().find(|kind| kind.name == name);
    let own: Vec<&str> = match found {
        Some(kind) => (kind.fields)().iter().chain(serde_introspect::<ScopeJson>()).copied().collect(),
        None => FIELDS.iter().copied().collect(),
    };
    fields::check(json, &own, &FIELDS)?;
    let Some(kind) = found else {
        let names = TYPES.each_ref().map(|kind| kind.name);
        return Err(QueryError::invalid("queryType", format!("{name:?} is not known: {}", any(&names))));
    };
    let json = &said(json);
    let scope = from_json::<ScopeJson>(json)?.check(asked)?;
    if (kind.needs_project)() {
        scope.require_project()?;
    }
    let question = (kind.read)(json, &scope, settings)?;
    Ok(Query { kind: kind.name, scope, question })
}

/// The fields that say something: a variable without a value leaves an empty string, and null is as good as nothing.
fn said(json: &Map<String, Value>) -> Map<String, Value> {
    let says_nothing = |value: &Value| value.is_null() || value.as_str() == Some("");
    json.iter().filter(|(_, value)| !says_nothing(value)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

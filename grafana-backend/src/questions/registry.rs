//! The one list of the types of questions.

use std::{collections::BTreeSet, sync::LazyLock};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde_aux::serde_introspection::serde_introspect;
use serde_json::{Map, Value};

use super::{
    events::{Annotations, Events},
    fields,
    funnel::Funnel,
    lifecycle::Lifecycle,
    live::Live,
    paths::Paths,
    question::Question,
    retention::Retention,
    sessions::Sessions,
    spikes::Spikes,
    sql::RawSql,
    stickiness::Stickiness,
    trend::Trend,
};
use crate::{
    check::any,
    error::QueryError,
    scope::{Asked, Scope, ScopeJson},
    settings::Settings,
};

/// All types, by the name that a query gives; docs/queries has a page for each.
pub(super) static KINDS: [Kind; 12] = [
    Kind::of::<Sessions>("sessions"),
    Kind::of::<Funnel>("funnel"),
    Kind::of::<Trend>("trend"),
    Kind::of::<Retention>("retention"),
    Kind::of::<Lifecycle>("lifecycle"),
    Kind::of::<Stickiness>("stickiness"),
    Kind::of::<Paths>("paths"),
    Kind::of::<Events>("events"),
    Kind::of::<Annotations>("annotations"),
    Kind::of::<Spikes>("spikes"),
    Kind::of::<Live>("live"),
    Kind::of::<RawSql>("sql"),
];

/// The fields of all types: the editor keeps those of another type when the type is changed.
static FIELDS: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
    let of_types = KINDS.iter().flat_map(|kind| (kind.fields)());
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

/// Reads one query of a request: its fields' names, its type, its scope, then the question itself.
/// `kind` is the type of a query that names none.
///
/// # Errors
/// Names the field that is wrong, the limit and the value.
pub fn read(json: &Map<String, Value>, kind: &str, asked: Asked<'_>, settings: &Settings) -> Result<Query, QueryError> {
    fields::check(json, &FIELDS)?;
    let json = &said(json);
    let given = json
        .get("queryType")
        .map_or(Ok(""), |given| given.as_str().ok_or(given))
        .map_err(|given| QueryError::invalid("queryType", format!("a string is expected, not {given}")))?;
    let name = if given.is_empty() { kind } else { given };
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
        let names = KINDS.each_ref().map(|kind| kind.name);
        return Err(QueryError::invalid("queryType", format!("{name:?} is not known: {}", any(&names))));
    };
    let scope = from_json::<ScopeJson>(json)?.check(asked)?;
    if (kind.needs_project)() {
        scope.require_project()?;
    }
    let question = (kind.read)(json, &scope, settings)?;
    Ok(Query { kind: kind.name, scope, question })
}

/// A type of question.
pub(super) struct Kind {
    pub(super) name: &'static str,
    read: Read,
    pub(super) needs_project: fn() -> bool,
    fields: fn() -> &'static [&'static str],
    pub(super) schema: fn(&mut SchemaGenerator) -> Schema,
}

type Read = fn(&Map<String, Value>, &Scope, &Settings) -> Result<Box<dyn Question>, QueryError>;

impl Kind {
    const fn of<Q: Question + 'static>(name: &'static str) -> Self {
        Self {
            name,
            read: |json, scope, settings| Ok(Box::new(Q::read(from_json(json)?, scope, settings)?)),
            needs_project: Q::needs_project,
            fields: serde_introspect::<Q::Json>,
            schema: Q::Json::json_schema,
        }
    }
}

/// The fields that say something: a variable without a value leaves an empty string, and null is as good as nothing.
fn said(json: &Map<String, Value>) -> Map<String, Value> {
    let says_nothing = |value: &Value| value.is_null() || value.as_str() == Some("");
    json.iter().filter(|(_, value)| !says_nothing(value)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn from_json<T: DeserializeOwned>(json: &Map<String, Value>) -> Result<T, QueryError> {
    serde_path_to_error::deserialize(json).map_err(|e| {
        let place = e.path().to_string();
        QueryError::invalid(if place == "." { "query" } else { &place }, e.inner().to_string())
    })
}

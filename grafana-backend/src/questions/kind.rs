//! A type of question, by its name.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_aux::serde_introspection::serde_introspect;
use serde_json::{Map, Value};

use super::question::Question;
use crate::{error::QueryError, json, scope::Scope, settings::Settings};

/// A type of question.
pub struct Kind {
    /// Its name in a query.
    pub name: &'static str,
    /// Reads the JSON form and checks it.
    pub read: Read,
    /// See [`Question::needs_project`].
    pub needs_project: fn() -> bool,
    /// The names of its fields.
    pub fields: fn() -> &'static [&'static str],
    /// What its fields take.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
}

type Read = fn(&Map<String, Value>, &Scope, &Settings) -> Result<Box<dyn Question>, QueryError>;

impl Kind {
    /// Of this name in a query.
    pub const fn of<Q: Question + 'static>(name: &'static str) -> Self {
        Self {
            name,
            read: |fields, scope, settings| Ok(Box::new(Q::read(json::read(fields)?, scope, settings)?)),
            needs_project: Q::needs_project,
            fields: serde_introspect::<Q::Json>,
            schema: Q::Json::json_schema,
        }
    }
}

//! The JSON form of a filter, for those who write one; [`super::read`] makes the tree of it.

use std::ops::Deref;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A filter as a query gives it, not yet read: what is wrong in it is named with its place.
#[derive(Deserialize, JsonSchema, Debug, Clone, Default, PartialEq)]
#[serde(transparent)]
#[schemars(inline)]
pub struct FilterJson(#[schemars(with = "Shape")] Value);

impl Deref for FilterJson {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

/// How a test compares a field with its values.
#[derive(Deserialize, JsonSchema, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names in queries say it")]
pub enum Operator {
    #[default]
    #[serde(rename = "=")]
    Equal,
    #[serde(rename = "!=")]
    NotEqual,
    #[serde(rename = "in")]
    In,
    #[serde(rename = "not in")]
    NotIn,
    #[serde(rename = "=|")]
    EqualToAny,
    #[serde(rename = "!=|")]
    EqualToNone,
    #[serde(rename = "contains")]
    Contains,
    #[serde(rename = "not contains")]
    NotContains,
    #[serde(rename = "wildcard")]
    Wildcard,
    #[serde(rename = "not wildcard")]
    NotWildcard,
    #[serde(rename = "=~")]
    Matches,
    #[serde(rename = "!~")]
    NotMatches,
    #[serde(rename = "<")]
    Less,
    #[serde(rename = "<=")]
    LessOrEqual,
    #[serde(rename = ">")]
    Greater,
    #[serde(rename = ">=")]
    GreaterOrEqual,
    #[serde(rename = "is set")]
    IsSet,
    #[serde(rename = "is not set")]
    IsNotSet,
}

/// A tree of tests of an event: docs/queries/filters.md.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Filter")]
#[expect(dead_code, reason = "it describes what the tree is read from, place by place")]
enum Shape {
    Test(TestShape),
    All { all: Vec<Shape> },
    Any { any: Vec<Shape> },
    Not { not: Box<Shape> },
}

/// A test of one field.
#[derive(JsonSchema)]
#[schemars(rename = "Test")]
#[expect(dead_code, reason = "it describes what the test is read from")]
pub struct TestShape {
    /// A column, or `property:<name>`.
    field: String,
    #[serde(default)]
    op: Operator,
    /// One value.
    #[serde(default)]
    value: Option<ValueShape>,
    /// Several, of which any may match; with a negated operator, none.
    #[serde(default)]
    values: Vec<ValueShape>,
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[expect(dead_code, reason = "it describes what a value is read from")]
enum ValueShape {
    String(String),
    Number(f64),
    Boolean(bool),
}

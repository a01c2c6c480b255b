//! The JSON form of what a person did.

use std::ops::Deref;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::model::{Around, Did, Window};
use crate::{
    check::within,
    error::QueryError,
    events::{event_filter::EventJson, filter::json::TestShape, filter::tree::Tree},
    json::value_at,
    linked::Links,
};

/// Times that are asked for, at most.
const TIMES_MAX: u64 = 1_000_000;
/// Ten years.
const DAYS_MAX: u32 = 3_660;

/// A query's own filter as it is given, not yet read.
#[derive(Deserialize, JsonSchema, Debug, Clone, Default, PartialEq)]
#[serde(transparent)]
#[schemars(inline)]
pub struct PersonFilterJson(#[schemars(with = "Shape")] Value);

impl Deref for PersonFilterJson {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

/// A tree of tests of an event, of what its person did, and of the cohorts that its person is in:
/// docs/queries/filters.md.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "PersonFilter")]
#[expect(dead_code, reason = "it describes what the tree is read from, place by place")]
enum Shape {
    Test(TestShape),
    Did { did: DidJson },
    Cohort { cohort: String },
    All { all: Vec<Shape> },
    Any { any: Vec<Shape> },
    Not { not: Box<Shape> },
}

/// What a person did, how often and when: docs/queries/filters.md.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schemars(rename = "Did")]
pub struct DidJson {
    /// What was done; any event if absent.
    events: EventJson,
    /// So often at least; once, if neither this nor `atMost` is given.
    #[schemars(range(min = 1, max = TIMES_MAX))]
    at_least: Option<u64>,
    /// So often at most; 0 is never.
    #[schemars(range(min = 0, max = TIMES_MAX))]
    at_most: Option<u64>,
    /// The days before the end of the query's range in which it counts; the range itself if absent.
    #[schemars(range(min = 1, max = DAYS_MAX))]
    days: Option<u32>,
    /// Whether it was never done before.
    first_time: bool,
}

impl DidJson {
    /// Reads the object at `place`.
    ///
    /// # Errors
    /// Names the place and what is wrong there.
    pub fn read(json: &Value, place: &str) -> Result<Self, QueryError> {
        match json {
            Value::Object(_) => value_at(json, place),
            other => Err(QueryError::invalid(place, format!("an object is expected, not {other}"))),
        }
    }

    /// Checks it.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    pub fn check(self, place: &str, around: Around<'_>) -> Result<Tree<Did>, QueryError> {
        let at = |field: &str| format!("{place}.{field}");
        let least = self.at_least.map(|times| within(&at("atLeast"), times, 1..=TIMES_MAX)).transpose()?;
        let most = self.at_most.map(|times| within(&at("atMost"), times, 0..=TIMES_MAX)).transpose()?;
        let days = self.days.map(|days| within(&at("days"), days, 1..=DAYS_MAX)).transpose()?;
        if self.first_time && most.is_some() {
            return Err(QueryError::invalid(at("firstTime"), "it goes with atLeast, not with atMost"));
        }
        if let (Some(least), Some(most)) = (least, most)
            && least > most
        {
            return Err(QueryError::invalid(at("atMost"), format!("{most} is less than atLeast, {least}")));
        }
        let did = Did {
            events: self.events.check(&at("events"))?,
            least: least.unwrap_or(1),
            most,
            first_time: self.first_time,
            days,
            project: around.project.to_owned(),
            window: Window::of(days, around),
            reading: around.reading.clone(),
            links: Links::default(),
        };
        Ok(match (least, most) {
            // Who never did it has no event of it: not more often than so.
            (None, Some(most)) => Tree::Not(Box::new(Tree::Leaf(Did { least: most + 1, most: None, ..did }))),
            _ => Tree::Leaf(did),
        })
    }
}

//! The range that a range is compared with.

use std::ops::Deref;

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{range::Range, zone};
use crate::error::QueryError;

/// Names in a query, and how many days of the viewer's zone lie between the ranges.
const SHIFTS: [(&str, u64); 3] = [("week", 7), ("4_weeks", 28), ("52_weeks", 364)];

/// With what a range is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The range of the same length that ends where it begins.
    Before,
    /// The same hours this many days earlier; whole weeks, so that weekdays meet.
    DaysEarlier(u64),
}

/// The field `compare` as a query gives it: [`Comparison::parse`] reads it.
#[derive(Deserialize, JsonSchema, Debug, Clone, Default, PartialEq)]
#[serde(transparent)]
#[schemars(inline)]
pub struct CompareJson(#[schemars(with = "Shape")] Value);

impl Deref for CompareJson {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

/// The earlier range to compare with: `true` is `before`, the range of the same length that ends where it begins;
/// the others are the same hours so many weeks earlier.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Compare")]
#[expect(dead_code, reason = "it describes what a comparison is read from")]
enum Shape {
    Switch(bool),
    Name(NameShape),
}

#[derive(JsonSchema)]
#[schemars(inline)]
#[expect(dead_code, reason = "it describes what a comparison is read from")]
enum NameShape {
    #[serde(rename = "none")]
    None,
    #[serde(rename = "before")]
    Before,
    #[serde(rename = "week")]
    Week,
    #[serde(rename = "4_weeks")]
    FourWeeks,
    #[serde(rename = "52_weeks")]
    FiftyTwoWeeks,
}

impl Comparison {
    /// Reads the field `compare`: `false`, `true` (as `before`), or a name.
    ///
    /// # Errors
    /// Lists what there is.
    pub fn parse(value: &Value) -> Result<Option<Self>, QueryError> {
        match value {
            Value::Null | Value::Bool(false) => Ok(None),
            Value::Bool(true) => Ok(Some(Self::Before)),
            Value::String(name) if name.is_empty() || name == "none" => Ok(None),
            Value::String(name) if name == "before" => Ok(Some(Self::Before)),
            other => {
                let shift = SHIFTS.iter().find(|(name, _)| other == name);
                shift.map(|(_, days)| Some(Self::DaysEarlier(*days))).ok_or_else(|| {
                    let message = format!("{other} is not known: none, before, week, 4_weeks or 52_weeks");
                    QueryError::invalid("compare", message)
                })
            }
        }
    }

    /// The earlier range.
    #[must_use]
    pub fn of(self, range: Range, zone: Tz) -> Range {
        match self {
            Self::Before => {
                Range { from_ms: range.from_ms - (range.to_ms - range.from_ms), to_ms: range.from_ms, ..range }
            }
            Self::DaysEarlier(days) => {
                let earlier = |ms| zone::days_earlier(ms, days, zone);
                Range { from_ms: earlier(range.from_ms), to_ms: earlier(range.to_ms), ..range }
            }
        }
    }
}

//! What is asked of the present, checked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A question about who is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "LiveResult")]
pub enum Live {
    /// Visitors and events a second, streamed.
    #[default]
    Numbers,
    /// The pages with the most visitors.
    Pages,
}

/// Who is there now: docs/queries/live.md.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(default)]
pub struct LiveJson {
    /// What is shown.
    pub result: Live,
}

//! What is asked of the present, checked.

use serde::Deserialize;

use crate::{check::one_of, error::QueryError};

/// A question about who is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Live {
    /// Visitors and events a second, streamed.
    Numbers,
    /// The pages with the most visitors.
    Pages,
}

/// The JSON form.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct LiveJson {
    result: String,
}

impl LiveJson {
    /// # Errors
    /// Names the field and the values that it can have.
    pub fn check(self) -> Result<Live, QueryError> {
        one_of("result", &self.result, Live::Numbers, &[("numbers", Live::Numbers), ("pages", Live::Pages)])
    }
}

//! What every type of question does.

use std::fmt::Debug;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::plan::Plan;
use crate::{clickhouse::ClickHouse, error::QueryError, frame::Frame, scope::Scope, settings::Settings};

/// A question, checked.
#[async_trait]
pub trait Question: Debug + Send + Sync {
    /// Its JSON form: what a query may have, and what the front end's types are made of.
    type Json: DeserializeOwned + JsonSchema
    where
        Self: Sized;

    /// Checks everything.
    ///
    /// # Errors
    /// Names the field, the limit and the value.
    fn read(json: Self::Json, scope: &Scope, settings: &Settings) -> Result<Self, QueryError>
    where
        Self: Sized;

    /// The statement that reads the events, and what it would read.
    ///
    /// # Errors
    /// See [`QueryError`].
    async fn plan(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Plan, QueryError>;

    /// Asks ClickHouse and makes the frames.
    ///
    /// # Errors
    /// See [`QueryError`].
    async fn run(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Frame>, QueryError>;

    /// Whether it is about one project's events.
    #[must_use]
    fn needs_project() -> bool
    where
        Self: Sized,
    {
        true
    }

    /// Whether its answer may be cached for as long as the settings say.
    fn is_cacheable(&self) -> bool {
        true
    }
}

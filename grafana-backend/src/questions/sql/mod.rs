//! SQL that a person wrote, with the macros of Grafana's own ClickHouse datasource. It is judged
//! and then run as it is: this is the one place where text of a user is a statement, because
//! the statement is what the user gives. Times and variables are bound. docs/queries/sql.md.

mod ad_hoc;
mod columns;
mod estimate;
mod frames;
mod judge;
mod lexer;
mod macros;
mod model;
mod variables;

use async_trait::async_trait;
use serde_json::json;

use super::{plan::Plan, question::Question};
use crate::{clickhouse::ClickHouse, error::QueryError, frame::Frame, scope::Scope, settings::Settings};
pub use model::RawSql;
use model::RawSqlJson;

#[async_trait]
impl Question for RawSql {
    type Json = RawSqlJson;

    fn read(json: RawSqlJson, scope: &Scope, settings: &Settings) -> Result<Self, QueryError> {
        json.check(scope, settings)
    }

    fn needs_project() -> bool {
        false
    }

    /// Judges the statement and lets ClickHouse estimate what it would read, without running it.
    async fn plan(&self, clickhouse: &ClickHouse, _: &Scope) -> Result<Plan, QueryError> {
        judge::check(clickhouse, self).await?;
        let estimate = estimate::estimate(clickhouse, self).await?;
        Ok(Plan { sql: self.text.clone(), parameters: json!(self.variables), estimate })
    }

    /// Judges the statement, runs it, and makes its frame. What the statement may not do is named,
    /// and what is cut at the datasource's row limit says so.
    async fn run(&self, clickhouse: &ClickHouse, _: &Scope) -> Result<Vec<Frame>, QueryError> {
        judge::check(clickhouse, self).await?;
        let answer = clickhouse.lines(&self.text, &self.variables, self.rows_max + 3).await?;
        Ok(vec![frames::frame(&answer.lines, self.rows_max)?.with_executed(self.text.clone())])
    }
}

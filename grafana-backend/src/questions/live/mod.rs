//! Who is there now: visitors of the last five minutes and events a second, in slots of five
//! seconds; and the pages that they are on. Rules: docs/queries/live.md.

pub mod channel;
mod frames;
mod model;
mod statement;

use async_trait::async_trait;

use super::{plan::Plan, question::Question};
use crate::{
    clickhouse::ClickHouse, error::QueryError, frame::Frame, people::Persons, scope::Scope, settings::Settings,
};
pub use model::Live;
use model::LiveJson;
use statement::{Page, Slot};

/// The time of one row.
pub const SLOT_MS: i64 = 5_000;
/// What is shown at once, before the stream goes on.
const SHOWN_MS: i64 = 600_000;

#[async_trait]
impl Question for Live {
    type Json = LiveJson;

    fn read(json: LiveJson, _: &Scope, _: &Settings) -> Result<Self, QueryError> {
        Ok(json.result)
    }

    async fn plan(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Plan, QueryError> {
        let persons = Persons::of(scope);
        let sql = match self {
            Self::Numbers => statement::numbers(scope, persons, SHOWN_MS),
            Self::Pages => statement::pages(scope, persons),
        };
        Plan::of(clickhouse, sql).await
    }

    /// Numbers name the channel on which they go on.
    async fn run(&self, clickhouse: &ClickHouse, scope: &Scope) -> Result<Vec<Frame>, QueryError> {
        let persons = Persons::of(scope);
        if *self == Self::Pages {
            let sql = statement::pages(scope, persons);
            let text = sql.as_text().to_owned();
            let pages = clickhouse.rows::<Page>(sql).await?;
            return Ok(vec![frames::pages(&pages).with_executed(text)]);
        }
        let sql = statement::numbers(scope, persons, SHOWN_MS);
        let text = sql.as_text().to_owned();
        let frame = frames::numbers(&clickhouse.rows::<Slot>(sql).await?).with_executed(text);
        let streamed = channel::path(&scope.project).filter(|_| scope.filter.is_empty() && !scope.uid.is_empty());
        Ok(vec![match streamed {
            Some(path) => frame.with_meta("channel", format!("ds/{}/{path}", scope.uid)),
            None => frame,
        }])
    }

    /// The frame names the datasource's own channel, and is old after a slot.
    fn is_cacheable(&self) -> bool {
        false
    }
}

/// The last complete slot alone, for the stream.
///
/// # Errors
/// See [`QueryError`].
pub async fn latest(clickhouse: &ClickHouse, scope: &Scope) -> Result<Frame, QueryError> {
    let persons = Persons::of(scope);
    Ok(frames::numbers(&clickhouse.rows::<Slot>(statement::numbers(scope, persons, SLOT_MS)).await?))
}

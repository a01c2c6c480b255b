//! How far an import came, kept in `analytics.imports`.

use super::{Options, dropped::Tally};
use crate::operate::Tables;

/// What was done until now.
#[derive(Default)]
pub struct Progress {
    /// In numbers.
    pub tally: Tally,
    /// Whether every record was read.
    pub is_complete: bool,
}

/// What earlier runs have done.
pub async fn read(tables: &Tables, id: u64) -> anyhow::Result<Progress> {
    let known: Option<(u64, u64, u64, bool)> = tables
        .client
        .query_raw(
            "SELECT read_rows, stored, dropped, complete FROM analytics.imports FINAL WHERE import_id = {id:UInt64}",
        )
        .param("id", id)
        .fetch_optional()
        .await?;
    let Some((read, stored, dropped_before, is_complete)) = known else { return Ok(Progress::default()) };
    Ok(Progress { tally: Tally { read, stored, dropped_before, ..Tally::default() }, is_complete })
}

/// Keeps what is done until now.
pub async fn keep(options: &Options, tables: &Tables, id: u64, progress: &Progress) -> anyhow::Result<()> {
    tables
        .client
        .query_raw("INSERT INTO analytics.imports (import_id, source, project, read_rows, stored, dropped, complete) SELECT {id:UInt64}, {source:String}, {project:String}, {read:UInt64}, {stored:UInt64}, {dropped:UInt64}, {complete:Bool}")
        .param("id", id)
        .param("source", format!("{:?}", options.from).to_lowercase())
        .param("project", &options.project)
        .param("read", progress.tally.read)
        .param("stored", progress.tally.stored)
        .param("dropped", progress.tally.dropped())
        .param("complete", progress.is_complete)
        .execute()
        .await?;
    Ok(())
}

//! How far an import came, kept in `analytics.imports`.

use super::{Options, dropped::Tally};
use crate::operate::Tables;

/// What earlier runs have done, and whether they came to the end.
pub async fn read(tables: &Tables, id: u64) -> anyhow::Result<(Tally, bool)> {
    let known: Option<(u64, u64, u64, bool)> = tables
        .client
        .query_raw(
            "SELECT read_rows, stored, dropped, complete FROM analytics.imports FINAL WHERE import_id = {id:UInt64}",
        )
        .param("id", id)
        .fetch_optional()
        .await?;
    let Some((read, stored, dropped_before, complete)) = known else { return Ok((Tally::default(), false)) };
    Ok((Tally { read, stored, dropped_before, ..Tally::default() }, complete))
}

/// Keeps what is done until now.
pub async fn keep(options: &Options, tables: &Tables, id: u64, tally: &Tally, complete: bool) -> anyhow::Result<()> {
    tables
        .client
        .query_raw("INSERT INTO analytics.imports (import_id, source, project, read_rows, stored, dropped, complete) SELECT {id:UInt64}, {source:String}, {project:String}, {read:UInt64}, {stored:UInt64}, {dropped:UInt64}, {complete:Bool}")
        .param("id", id)
        .param("source", format!("{:?}", options.from).to_lowercase())
        .param("project", &options.project)
        .param("read", tally.read)
        .param("stored", tally.stored)
        .param("dropped", tally.dropped())
        .param("complete", complete)
        .execute()
        .await?;
    Ok(())
}

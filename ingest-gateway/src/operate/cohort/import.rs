//! A list out of a CSV file. It is read twice: once to the end before anything is written, so that a bad line changes
//! nothing, and once in chunks, each an insert. The cohort names the list when all of it is there.

use anyhow::{Context, ensure};
use indicatif::{ProgressBar, ProgressStyle};

use super::{
    List, Named,
    members::Members,
    store::{Cohort, Cohorts, now_us},
};
use crate::operate::Tables;

/// Lines of a list.
const MEMBERS_MAX: u64 = 10_000_000;
/// Rows of one insert.
const CHUNK_ROWS_MAX: usize = 100_000;

/// Imports, shows progress, and says how many members the list has.
///
/// # Errors
/// If a line is wrong, they are too many, the name is a definition's, or ClickHouse refuses: then the cohort is what it
/// was before.
pub async fn run(list: &List, tables: &Tables) -> anyhow::Result<()> {
    let Named { project, name } = &list.cohort.named;
    let cohorts = Cohorts::new(tables, project);
    let lines = count(list)?;
    if let Some(before) = cohorts.all().await?.iter().find(|cohort| cohort.name == *name) {
        check_kind(before)?;
    }
    let number = now_us()?;
    if let Err(error) = write(list, &cohorts, number, lines).await {
        // Nobody has read it.
        cohorts.delete(&[number]).await.context("what was written of the list is deleted a day from now")?;
        return Err(error);
    }
    let change = |before: Option<Cohort>| {
        let before = before.unwrap_or_default();
        check_kind(&before)?;
        let description = list.cohort.description.clone().unwrap_or(before.description);
        Ok(Cohort { description, list: number, ..Cohort::default() })
    };
    cohorts.change(name, change).await?;
    let members = cohorts.members(&[number]).await?.first().map_or(0, |(_, members)| *members);
    println!("the cohort {name:?} has {members} members, of {lines} lines");
    Ok(())
}

fn check_kind(before: &Cohort) -> anyhow::Result<()> {
    let is_defined = !before.definition.is_empty();
    ensure!(!is_defined, "the cohort {:?} is a definition: remove it first, or import into another", before.name);
    Ok(())
}

/// Reads all lines.
fn count(list: &List) -> anyhow::Result<u64> {
    let mut members = Members::open(list)?;
    let mut lines = 0;
    while members.next()?.is_some() {
        lines += 1;
        ensure!(lines <= MEMBERS_MAX, "the file has more than {MEMBERS_MAX} ids, which are the most that are allowed");
    }
    Ok(lines)
}

async fn write(list: &List, cohorts: &Cohorts<'_>, number: u64, lines: u64) -> anyhow::Result<()> {
    let style = ProgressStyle::with_template("  {human_pos} of {human_len} lines  {per_sec}  {elapsed}")?;
    let bar = ProgressBar::new(lines).with_style(style);
    let mut members = Members::open(list)?;
    let mut written = 0;
    let mut chunk = Vec::with_capacity(CHUNK_ROWS_MAX);
    loop {
        let next = members.next()?;
        chunk.extend(next);
        if !chunk.is_empty() && (next.is_none() || chunk.len() == CHUNK_ROWS_MAX) {
            cohorts.add(number, &chunk).await?;
            written += chunk.len() as u64;
            bar.set_position(written);
            chunk.clear();
        }
        if next.is_none() {
            break;
        }
    }
    bar.finish_and_clear();
    ensure!(written == lines, "the file was changed while it was read: it had {lines} ids, then {written}");
    Ok(())
}

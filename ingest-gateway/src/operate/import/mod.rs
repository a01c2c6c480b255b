//! Bringing events in from elsewhere. An import knows how far it came, so one that was cut
//! off is continued; ids are made of the source's own, so one that is run again, or that
//! meets events which are there already, changes nothing.

pub mod article;
mod dropped;
mod identity;
mod plausible;
mod progress;
mod records;
mod rows;
mod umami;

use std::path::PathBuf;

use anyhow::{Context, ensure};
use bytes::Bytes;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use vector_components::{Enricher, enrich::UserAgents};

use super::{Tables, project};
use dropped::{Dropped, Tally};
use progress::Progress;
use records::{Content, Records};

/// Rows of one insert; progress is kept after each.
const CHUNK_ROWS_MAX: usize = 20_000;
/// An insert ends with the record that reaches this many bytes.
const CHUNK_BYTES_MAX: usize = 32 << 20;

/// Bring events in from another tool.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Where they come from.
    #[arg(long)]
    pub from: Source,
    /// The project that they go to.
    #[arg(long, value_parser = project)]
    pub project: String,
    /// The file; for plausible also the folder of its CSV files.
    #[arg(long, required_if_eq_any([("from", "jsonl"), ("from", "parquet"), ("from", "umami"), ("from", "plausible")]))]
    pub path: Option<PathBuf>,
    /// The lab's table, as <database>.<table>, on the same ClickHouse.
    #[arg(long, default_value = "default.data")]
    pub table: String,
    /// Read everything again, though an earlier run was complete.
    #[arg(long)]
    pub again: bool,
}

impl Options {
    fn lab_table(&self) -> anyhow::Result<(&str, &str)> {
        self.table.split_once('.').context("--table is not <database>.<table>")
    }
}

/// A tool whose events are understood.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// JSON lines: events as clients send them, or rows of `ingest-gateway export`.
    Jsonl,
    /// Parquet files of `ingest-gateway export`.
    Parquet,
    /// The article's table `data`.
    Lab,
    /// Umami's `website_event.csv`.
    Umami,
    /// Plausible's CSV export, which has counts per day and no events.
    Plausible,
}

/// Imports, shows progress, and says what became of every record.
///
/// # Errors
/// If the source cannot be read or ClickHouse refuses; what was stored until then stays,
/// and the next run goes on from there.
pub async fn run(options: &Options, tables: &Tables) -> anyhow::Result<()> {
    let tally = import(options, tables).await?;
    print!("{tally}");
    ensure!(tally.read == tally.stored + tally.dropped(), "the counts do not add up: this is a defect");
    Ok(())
}

/// As [`run`], without printing.
///
/// # Errors
/// As [`run`].
pub async fn import(options: &Options, tables: &Tables) -> anyhow::Result<Tally> {
    match options.from {
        Source::Plausible => plausible::import(options, tables).await,
        Source::Jsonl | Source::Parquet | Source::Lab | Source::Umami => events(options, tables).await,
    }
}

/// Records → rows → inserts of a chunk each, with progress kept after each.
async fn events(options: &Options, tables: &Tables) -> anyhow::Result<Tally> {
    let id = identity::of(options, tables).await?;
    let mut progress = match options.again {
        true => Progress::default(),
        false => progress::read(tables, id).await?,
    };
    if progress.is_complete {
        println!("this import is complete already (--again reads it once more)");
        return Ok(progress.tally);
    }
    let enricher = Enricher::new(UserAgents::new().map_err(anyhow::Error::msg)?, None);
    let mut records = Records::open(options, tables).await?;
    records.skip(progress.tally.read).await?;
    let bar = ProgressBar::new_spinner()
        .with_style(ProgressStyle::with_template("  {human_pos} records  {per_sec}  {elapsed}")?);
    loop {
        let (chunk, is_complete) = chunk(options, &enricher, &mut records, &mut progress.tally).await?;
        progress.is_complete = is_complete;
        bar.set_position(progress.tally.read);
        if !chunk.is_empty() {
            insert(tables, "INSERT INTO analytics.events FORMAT JSONEachRow", chunk.into()).await?;
        }
        progress::keep(options, tables, id, &progress).await?;
        if progress.is_complete {
            bar.finish_and_clear();
            return Ok(progress.tally);
        }
    }
}

/// The rows of the next records, each counted, and whether these were the last.
async fn chunk(
    options: &Options,
    enricher: &Enricher,
    records: &mut Records,
    tally: &mut Tally,
) -> anyhow::Result<(Vec<u8>, bool)> {
    let mut chunk = Vec::new();
    for _ in 0..CHUNK_ROWS_MAX {
        let Some(record) = records.next().await? else { return Ok((chunk, true)) };
        tally.read += 1;
        match row(options, enricher, record.content) {
            Ok(mut row) => {
                chunk.append(&mut row);
                chunk.push(b'\n');
                tally.stored += 1;
            }
            Err(dropped) => tally.drop(record.place, &dropped),
        }
        if chunk.len() >= CHUNK_BYTES_MAX {
            break;
        }
    }
    Ok((chunk, false))
}

fn row(options: &Options, enricher: &Enricher, content: Content) -> Result<Vec<u8>, Dropped> {
    let project = &options.project;
    match content {
        Content::Unreadable(dropped) => Err(dropped),
        Content::Line(line) => rows::from_line(project, enricher, &line),
        Content::Row(row) => Ok(row),
        Content::Record(record) if options.from == Source::Umami => umami::row(project, enricher, record),
        Content::Record(record) => article::row(project, enricher, record),
    }
}

async fn insert(tables: &Tables, sql: &str, body: Bytes) -> anyhow::Result<()> {
    let insert = tables.client.insert_formatted_with(sql);
    let mut insert = insert
        .with_setting("max_partitions_per_insert_block", "0")
        .with_setting("insert_deduplicate", "0")
        .with_setting("input_format_skip_unknown_fields", "0");
    insert.send(body).await?;
    insert.end().await.context("ClickHouse did not take a part of the import; run it again to go on")
}

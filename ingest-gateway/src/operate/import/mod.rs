//! Bringing events in from elsewhere. An import knows how far it came, so one that was cut
//! off is continued; ids are made of the source's own, so one that is run again, or that
//! meets events which are there already, changes nothing.

mod lab;
mod plausible;
mod records;
mod rows;
mod umami;

use std::{collections::BTreeMap, hash::Hasher, io::Read, path::PathBuf};

use anyhow::{Context, ensure};
use bytes::Bytes;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use siphasher::sip::SipHasher24;
use vector_components::{Enricher, enrich::UserAgents};

use super::{Tables, project};
use records::{Record, Records};

/// Rows of one insert; progress is kept after each.
const CHUNK_ROWS: usize = 20_000;
/// Bytes of a file's beginning and end that tell it from another one.
const FINGERPRINT_BYTES: usize = 65_536;

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

/// How an import went.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Records read, those of earlier runs included.
    pub read: u64,
    /// Stored.
    pub stored: u64,
    /// Dropped, by reason.
    pub dropped: BTreeMap<String, u64>,
}

/// Imports, shows progress, and says what became of every record.
///
/// # Errors
/// If the source cannot be read or ClickHouse refuses; what was stored until then stays,
/// and the next run goes on from there.
pub async fn run(options: &Options, tables: &Tables) -> anyhow::Result<()> {
    let tally = import(options, tables).await?;
    println!("{:>12} read", tally.read);
    println!("{:>12} stored", tally.stored);
    for (reason, count) in &tally.dropped {
        println!("{count:>12} dropped: {reason}");
    }
    let dropped: u64 = tally.dropped.values().sum();
    ensure!(tally.read == tally.stored + dropped, "the counts do not add up: this is a defect");
    Ok(())
}

/// As [`run`], without printing.
///
/// # Errors
/// As [`run`].
pub async fn import(options: &Options, tables: &Tables) -> anyhow::Result<Tally> {
    match options.from {
        Source::Parquet => parquet(options, tables).await,
        Source::Plausible => plausible::import(options, tables).await,
        Source::Jsonl | Source::Lab | Source::Umami => events(options, tables).await,
    }
}

/// Records → rows → inserts of a chunk each, with progress kept after each.
async fn events(options: &Options, tables: &Tables) -> anyhow::Result<Tally> {
    let id = import_id(options)?;
    let (mut tally, complete) = progress(tables, id).await?;
    if complete && !options.again {
        println!("this import is complete already (--again reads it once more)");
        return Ok(tally);
    }
    if options.again {
        tally = Tally::default();
    }
    let enricher = Enricher::new(UserAgents::new().map_err(anyhow::Error::msg)?, None);
    let mut records = Records::open(options, tables).await?;
    records.skip(tally.read).await?;
    let bar = ProgressBar::new_spinner()
        .with_style(ProgressStyle::with_template("  {human_pos} records  {per_sec}  {elapsed}")?);
    loop {
        let mut chunk = Vec::new();
        let mut read = 0;
        while read < CHUNK_ROWS {
            let Some(record) = records.next().await? else { break };
            read += 1;
            match row(options, &enricher, record) {
                Ok(mut row) => {
                    chunk.append(&mut row);
                    chunk.push(b'\n');
                    tally.stored += 1;
                }
                Err(reason) => *tally.dropped.entry(reason).or_default() += 1,
            }
        }
        tally.read += read as u64;
        bar.set_position(tally.read);
        if !chunk.is_empty() {
            insert(tables, "INSERT INTO analytics.events FORMAT JSONEachRow", chunk.into()).await?;
        }
        keep(options, tables, id, &tally, read < CHUNK_ROWS).await?;
        if read < CHUNK_ROWS {
            bar.finish_and_clear();
            return Ok(tally);
        }
    }
}

fn row(options: &Options, enricher: &Enricher, record: Record) -> Result<Vec<u8>, String> {
    match (options.from, record) {
        (_, Record::Unreadable(why)) => Err(why),
        (Source::Lab, Record::Object(object)) => lab::row(&options.project, enricher, object),
        (Source::Umami, Record::Object(object)) => umami::row(&options.project, enricher, object),
        (_, Record::Line(line)) => rows::from_line(&options.project, enricher, &line),
        (_, Record::Object(_)) => Err("not of this source".into()),
    }
}

/// ClickHouse reads the whole file; its rows have their keys, so again is no harm.
async fn parquet(options: &Options, tables: &Tables) -> anyhow::Result<Tally> {
    let path = options.path.as_ref().context("--path is missing")?;
    let count = |sql: &'static str| tables.client.query_raw(sql).param("project", &options.project).fetch_one::<u64>();
    let before = count("SELECT count() FROM analytics.events WHERE project = {project:String}").await?;
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    insert(tables, "INSERT INTO analytics.events FORMAT Parquet", bytes.into()).await?;
    let stored =
        count("SELECT count() FROM analytics.events WHERE project = {project:String}").await?.saturating_sub(before);
    Ok(Tally { read: stored, stored, dropped: BTreeMap::new() })
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

/// Names the import: its source and project, and what it reads.
fn import_id(options: &Options) -> anyhow::Result<u64> {
    let mut hasher = SipHasher24::new_with_key(b"footfall.import.");
    hasher.write(format!("{:?}\n{}\n", options.from, options.project).as_bytes());
    match &options.path {
        None => hasher.write(options.table.as_bytes()),
        Some(path) => {
            let mut file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            hasher.write_u64(file.metadata()?.len());
            let mut head = Vec::new();
            Read::by_ref(&mut file).take(FINGERPRINT_BYTES as u64).read_to_end(&mut head)?;
            hasher.write(&head);
        }
    }
    Ok(hasher.finish())
}

async fn progress(tables: &Tables, id: u64) -> anyhow::Result<(Tally, bool)> {
    let known: Option<(u64, u64, u64, bool)> = tables
        .client
        .query_raw(
            "SELECT read_rows, stored, dropped, complete FROM analytics.imports FINAL WHERE import_id = {id:UInt64}",
        )
        .param("id", id)
        .fetch_optional()
        .await?;
    let Some((read, stored, dropped, complete)) = known else { return Ok((Tally::default(), false)) };
    let mut tally = Tally { read, stored, dropped: BTreeMap::new() };
    if dropped > 0 {
        tally.dropped.insert("by an earlier run".into(), dropped);
    }
    Ok((tally, complete))
}

async fn keep(options: &Options, tables: &Tables, id: u64, tally: &Tally, complete: bool) -> anyhow::Result<()> {
    tables
        .client
        .query_raw("INSERT INTO analytics.imports (import_id, source, project, read_rows, stored, dropped, complete) SELECT {id:UInt64}, {source:String}, {project:String}, {read:UInt64}, {stored:UInt64}, {dropped:UInt64}, {complete:Bool}")
        .param("id", id)
        .param("source", format!("{:?}", options.from).to_lowercase())
        .param("project", &options.project)
        .param("read", tally.read)
        .param("stored", tally.stored)
        .param("dropped", tally.dropped.values().sum::<u64>())
        .param("complete", complete)
        .execute()
        .await?;
    Ok(())
}

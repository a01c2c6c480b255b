//! Taking a project's events out, a file a month. A complete file that is there is not
//! written again, so a run that was cut off is continued by the next.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;

use super::{Tables, project};

/// Write a project's events into files, a month each.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The project.
    #[arg(long, value_parser = project)]
    pub project: String,
    /// The folder for the files; made if it is not there.
    #[arg(long)]
    pub to: PathBuf,
    /// The files' form.
    #[arg(long, default_value = "parquet")]
    pub format: Format,
}

/// A form of files.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Apache Parquet.
    Parquet,
    /// One JSON object a line, each a row of `analytics.events`.
    Jsonl,
}

/// `manifest.json`: what the folder holds.
#[derive(Serialize, Deserialize, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The project.
    pub project: String,
    /// Its files, by month.
    pub files: Vec<File>,
}

/// One file of the folder.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its events.
    pub rows: u64,
    /// A sum over the events, independent of their order; says whether the month changed.
    pub fingerprint: u64,
}

/// Writes the files and the manifest.
///
/// # Errors
/// If ClickHouse refuses, the folder cannot be written, or it holds another project.
pub async fn run(options: &Options, tables: &Tables) -> anyhow::Result<()> {
    fs::create_dir_all(&options.to).with_context(|| format!("cannot make {}", options.to.display()))?;
    let manifest_file = options.to.join("manifest.json");
    let mut manifest = read(&manifest_file, &options.project)?;
    let months: Vec<(u32, u64, u64)> = tables
        .client
        .query_raw("SELECT toYYYYMM(ts) AS month, count(), sum(cityHash64(visitor, ts, event_id)) FROM analytics.events FINAL WHERE project = {project:String} GROUP BY month ORDER BY month")
        .param("project", &options.project)
        .fetch_all()
        .await?;
    let mut total = 0;
    for (month, rows, fingerprint) in months {
        let ending = match options.format {
            Format::Parquet => "parquet",
            Format::Jsonl => "jsonl",
        };
        let file = File { name: format!("{}-{month}.{ending}", options.project), rows, fingerprint };
        let path = options.to.join(&file.name);
        if manifest.files.contains(&file) && path.exists() {
            println!("{:>12} events  {}  (was there)", rows, path.display());
        } else {
            write(options, tables, month, &path).await?;
            manifest.files.retain(|known| known.name != file.name);
            manifest.files.push(file);
            fs::write(&manifest_file, serde_json::to_vec_pretty(&manifest)?)?;
            println!("{:>12} events  {}", rows, path.display());
        }
        total += rows;
    }
    println!("{total:>12} events in all");
    Ok(())
}

fn read(file: &Path, project: &str) -> anyhow::Result<Manifest> {
    let Ok(text) = fs::read_to_string(file) else {
        return Ok(Manifest { project: project.to_owned(), files: Vec::new() });
    };
    let manifest: Manifest = serde_json::from_str(&text).with_context(|| format!("{} is damaged", file.display()))?;
    ensure!(manifest.project == project, "the folder holds the project {}: take another one", manifest.project);
    Ok(manifest)
}

async fn write(options: &Options, tables: &Tables, month: u32, path: &Path) -> anyhow::Result<()> {
    let format = match options.format {
        Format::Parquet => "Parquet",
        Format::Jsonl => "JSONEachRow",
    };
    let mut cursor = tables
        .client
        .query_raw("SELECT * FROM analytics.events FINAL WHERE project = {project:String} AND toYYYYMM(ts) = {month:UInt32} ORDER BY toDate(ts), visitor, ts, event_id")
        .param("project", &options.project)
        .param("month", month)
        .with_setting("output_format_json_quote_64bit_integers", "0")
        .fetch_bytes(format)?;
    let aside = path.with_extension("part");
    let mut out = tokio::fs::File::create(&aside).await.with_context(|| format!("cannot write {}", aside.display()))?;
    while let Some(bytes) = cursor.next().await? {
        out.write_all(&bytes).await?;
    }
    out.sync_all().await?;
    fs::rename(&aside, path)?;
    Ok(())
}

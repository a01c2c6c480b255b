//! Records of a source, one after another, with nothing held but the current one.

mod csv;
mod lines;
mod parquet;
mod query;

use std::fs::File;

use anyhow::{Context, ensure};
use serde_json::{Map, Value};

pub use csv::Csv;

use super::{
    Options, Source,
    dropped::{Dropped, Place},
};
use crate::operate::Tables;

/// One record, and where it stands.
pub struct Record {
    /// Where it stands.
    pub place: Place,
    /// What it holds.
    pub content: Content,
}

/// What a record holds.
pub enum Content {
    /// A line of JSON, as it stands.
    Line(String),
    /// Names and values of another tool.
    Record(Map<String, Value>),
    /// A row of `analytics.events` of the project, as JSON.
    Row(Vec<u8>),
    /// It could not be read.
    Unreadable(Dropped),
}

/// An open source.
pub enum Records {
    Lines(lines::Lines<File>),
    Csv(Box<Csv>),
    Query(query::Query),
    Parquet(Box<parquet::Rows>),
}

impl Records {
    /// Opens the source.
    pub async fn open(options: &Options, tables: &Tables) -> anyhow::Result<Self> {
        let path = || options.path.as_deref().context("--path is missing");
        let file = || {
            let path = path()?;
            File::open(path).with_context(|| format!("cannot read {}", path.display()))
        };
        match options.from {
            Source::Lab => Ok(Self::Query(query::Query::open(options, tables).await?)),
            Source::Parquet => Ok(Self::Parquet(Box::new(parquet::Rows::open(path()?, &options.project)?))),
            Source::Umami | Source::Plausible => Ok(Self::Csv(Box::new(Csv::open(file()?)?))),
            Source::Jsonl => Ok(Self::Lines(lines::Lines::new(file()?)?)),
        }
    }

    /// The next record.
    pub async fn next(&mut self) -> anyhow::Result<Option<Record>> {
        match self {
            Self::Lines(lines) => lines.next(),
            Self::Csv(csv) => csv.next(),
            Self::Query(query) => query.next().await,
            Self::Parquet(rows) => rows.next(),
        }
    }

    /// Passes over what an earlier run has read.
    pub async fn skip(&mut self, count: u64) -> anyhow::Result<()> {
        for _ in 0..count {
            ensure!(self.next().await?.is_some(), "the source is shorter than at the earlier run: use --again");
        }
        Ok(())
    }
}

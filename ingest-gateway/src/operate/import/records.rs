//! Records of a source, one after another, with nothing held but the current one.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
};

use anyhow::{Context, ensure};
use clickhouse::query::BytesCursor;
use serde_json::{Map, Value};

use super::{Options, Source};
use crate::operate::Tables;

/// The longest line of a source; a longer one is dropped by name.
const LINE_BYTES_MAX: usize = 4 << 20;

/// One record.
pub enum Record {
    /// A line of JSON, as it stands.
    Line(String),
    /// Names and values.
    Object(Map<String, Value>),
    /// It could not be read, and why.
    Unreadable(String),
}

/// An open source.
pub enum Records {
    Lines(BufReader<File>),
    Csv(Box<csv::Reader<File>>),
    Query { cursor: Box<BytesCursor>, rest: Vec<u8>, ended: bool },
}

impl Records {
    /// Opens the source.
    pub async fn open(options: &Options, tables: &Tables) -> anyhow::Result<Self> {
        let file = || {
            let path = options.path.as_ref().context("--path is missing")?;
            File::open(path).with_context(|| format!("cannot read {}", path.display()))
        };
        match options.from {
            Source::Umami => Ok(Self::Csv(Box::new(csv::ReaderBuilder::new().flexible(true).from_reader(file()?)))),
            Source::Lab => {
                let (database, table) = options.table.split_once('.').context("--table is not <database>.<table>")?;
                // The same order every time, so that an import can go on where it was cut off.
                let columns: Vec<String> = tables
                    .client
                    .query_raw(
                        "SELECT name FROM system.columns WHERE database = {database:String} AND table = {table:String}",
                    )
                    .param("database", database)
                    .param("table", table)
                    .fetch_all()
                    .await?;
                for name in ["type", "session_id", "timestamp"] {
                    ensure!(
                        columns.iter().any(|column| column == name),
                        "{} has no column {name}: is it the lab's table?",
                        options.table
                    );
                }
                let cursor = tables
                    .client
                    .query_raw("SELECT * FROM {database:Identifier}.{table:Identifier} ORDER BY session_id, timestamp, cityHash64(*)")
                    .param("database", database)
                    .param("table", table)
                    .with_setting("output_format_json_quote_64bit_integers", "0")
                    .fetch_bytes("JSONEachRow")?;
                Ok(Self::Query { cursor: Box::new(cursor), rest: Vec::new(), ended: false })
            }
            _ => Ok(Self::Lines(BufReader::new(file()?))),
        }
    }

    /// The next record.
    pub async fn next(&mut self) -> anyhow::Result<Option<Record>> {
        match self {
            Self::Lines(file) => next_line(file),
            Self::Csv(reader) => next_of_csv(reader),
            Self::Query { cursor, rest, ended } => loop {
                if let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = rest.drain(..=end).collect();
                    return Ok(Some(object(&line)));
                }
                if *ended {
                    return Ok(None);
                }
                match cursor.next().await? {
                    Some(bytes) => rest.extend_from_slice(&bytes),
                    None => *ended = true,
                }
            },
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

fn next_line(file: &mut BufReader<File>) -> anyhow::Result<Option<Record>> {
    loop {
        let mut line = Vec::new();
        let read = file.by_ref().take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        if read == LINE_BYTES_MAX && line.last() != Some(&b'\n') {
            file.skip_until(b'\n')?;
            return Ok(Some(Record::Unreadable(format!("line of more than {LINE_BYTES_MAX} bytes"))));
        }
        match String::from_utf8(line) {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => return Ok(Some(Record::Line(line))),
            Err(_) => return Ok(Some(Record::Unreadable("line that is not UTF-8".into()))),
        }
    }
}

fn next_of_csv(reader: &mut csv::Reader<File>) -> anyhow::Result<Option<Record>> {
    let headers = reader.headers()?.clone();
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(false) => Ok(None),
        Ok(true) if record.len() != headers.len() => {
            Ok(Some(Record::Unreadable("line with another number of columns".into())))
        }
        Ok(true) => {
            let named = headers
                .iter()
                .zip(&record)
                .map(|(name, value)| (name.trim_start_matches('\u{feff}').to_owned(), value.into()));
            Ok(Some(Record::Object(named.collect())))
        }
        Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
            Ok(Some(Record::Unreadable("line that is not UTF-8".into())))
        }
        Err(error) => Err(error.into()),
    }
}

fn object(line: &[u8]) -> Record {
    match serde_json::from_slice(line) {
        Ok(Value::Object(object)) => Record::Object(object),
        Ok(_) | Err(_) => Record::Unreadable("not_json".into()),
    }
}

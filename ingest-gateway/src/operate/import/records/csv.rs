//! Lines of a CSV file with a header, as databases write it.

use std::fs::File;

use anyhow::bail;
use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};
use serde_json::Value;

use super::{Content, Record};
use crate::operate::import::dropped::{Dropped, Place};

/// How PostgreSQL, MySQL and ClickHouse write that there is no value.
const NULL: &str = "\\N";

/// The lines after the header. The `csv` crate passes over a byte order mark.
pub struct Csv {
    reader: Reader<File>,
    header: StringRecord,
    record: StringRecord,
}

impl Csv {
    /// Reads the header.
    pub fn open(file: File) -> anyhow::Result<Self> {
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(file);
        let header = reader.headers()?.clone();
        Ok(Self { reader, header, record: StringRecord::new() })
    }

    /// The next line, by the header's names.
    pub fn next(&mut self) -> anyhow::Result<Option<Record>> {
        let (position, content) = match self.reader.read_record(&mut self.record) {
            Ok(false) => return Ok(None),
            Ok(true) => (self.record.position().cloned(), self.content()),
            Err(error) => match error.into_kind() {
                ErrorKind::Utf8 { pos, .. } => (pos, Content::Unreadable(Dropped::NotUtf8)),
                ErrorKind::Io(error) => return Err(error.into()),
                other => bail!("the file is no CSV: {other:?}"),
            },
        };
        let place = Place::Line(position.map_or(0, |position| position.line()));
        Ok(Some(Record { place, content }))
    }

    fn content(&self) -> Content {
        let (found, wanted) = (self.record.len(), self.header.len());
        if found != wanted {
            return Content::Unreadable(Dropped::Columns { found, wanted });
        }
        let value = |text: &str| Value::from(if text == NULL { "" } else { text });
        Content::Record(
            self.header.iter().zip(&self.record).map(|(name, text)| (name.to_owned(), value(text))).collect(),
        )
    }
}

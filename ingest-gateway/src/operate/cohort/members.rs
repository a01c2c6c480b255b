//! The visitors that the lines of a CSV file name.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
};

use anyhow::{Context, ensure};
use clap::ValueEnum;
use csv::{ReaderBuilder, StringRecord};
use vector_components::{
    enrich::visitor::{IdKind, visitor_of_id},
    validate::ID_BYTES_MAX,
};

use super::List;

/// Of a line, with all of its columns.
const LINE_BYTES_MAX: usize = 65_536;
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// What first lines say that are headers, most likely.
const HEADERS: [&str; 10] =
    ["user_id", "userid", "user", "anonymous_id", "anonymousid", "visitor", "visitor_id", "distinct_id", "id", "email"];

/// What an id in the file is.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdOf {
    /// A user's id, as in `user_id`.
    User,
    /// A device's, as in `anonymous_id`.
    Anonymous,
    /// A visitor's number, as in `analytics.events`.
    Visitor,
}

impl IdOf {
    /// The visitor's number.
    fn number(self, project: &str, id: &str) -> anyhow::Result<u64> {
        ensure!(!id.is_empty(), "the id is empty");
        ensure!(id.len() <= ID_BYTES_MAX, "the id has {} bytes, at most {ID_BYTES_MAX} are allowed", id.len());
        match self {
            Self::User => Ok(visitor_of_id(project, IdKind::User, id)),
            Self::Anonymous => Ok(visitor_of_id(project, IdKind::Anonymous, id)),
            Self::Visitor => id.parse().ok().with_context(|| format!("{id:?} is not a visitor's number")),
        }
    }
}

/// The file, line by line: a record is a line, so that what is wrong is found in it. Empty lines and a byte order mark
/// are passed over.
pub struct Members<'o> {
    file: BufReader<File>,
    line: Vec<u8>,
    /// Lines that were read.
    number: u64,
    /// Of each line.
    columns: Option<usize>,
    /// Where the ids are.
    column: usize,
    list: &'o List,
}

impl<'o> Members<'o> {
    /// Opens the file and finds its column.
    ///
    /// # Errors
    /// If it cannot be read, or has no such column.
    pub fn open(list: &'o List) -> anyhow::Result<Self> {
        let file = File::open(&list.file).with_context(|| format!("cannot open {}", list.file.display()))?;
        let (file, line) = (BufReader::new(file), Vec::new());
        let mut members = Self { file, line, number: 0, columns: None, column: 0, list };
        if let Some(name) = &list.column {
            let header = members.record()?.unwrap_or_default();
            let all = header.iter().map(|column| format!("{column:?}")).collect::<Vec<_>>().join(", ");
            let found = header.iter().position(|column| column == name);
            members.column = found.with_context(|| format!("--column: there is no column {name:?}, but {all}"))?;
        }
        Ok(members)
    }

    /// The next line's visitor.
    ///
    /// # Errors
    /// Names the line and what is wrong in it.
    pub fn next(&mut self) -> anyhow::Result<Option<u64>> {
        let is_first = self.columns.is_none();
        let Some(record) = self.record()? else { return Ok(None) };
        let id = record.get(self.column).unwrap_or_default();
        let number = || {
            if is_first {
                check_first(&record)?;
            }
            self.list.id.number(&self.list.cohort.named.project, id)
        };
        number().map(Some).with_context(|| format!("line {}", self.number))
    }

    /// The next line that is not empty.
    fn record(&mut self) -> anyhow::Result<Option<StringRecord>> {
        loop {
            self.line.clear();
            let mut line = self.file.by_ref().take(LINE_BYTES_MAX as u64 + 1);
            if line.read_until(b'\n', &mut self.line).context("the file cannot be read")? == 0 {
                return Ok(None);
            }
            self.number += 1;
            let record = parsed(&self.line, self.number == 1).and_then(|record| self.checked(record));
            if let Some(record) = record.with_context(|| format!("line {}", self.number))? {
                return Ok(Some(record));
            }
        }
    }

    /// All have as many columns as the first.
    fn checked(&mut self, record: Option<StringRecord>) -> anyhow::Result<Option<StringRecord>> {
        let Some(record) = record else { return Ok(None) };
        let (columns, expected) = (record.len(), *self.columns.get_or_insert(record.len()));
        ensure!(columns == expected, "it has {columns} columns, the lines before it have {expected}");
        Ok(Some(record))
    }
}

/// The columns of a line; none of an empty one.
fn parsed(line: &[u8], is_first: bool) -> anyhow::Result<Option<StringRecord>> {
    ensure!(line.len() <= LINE_BYTES_MAX, "it has more than {LINE_BYTES_MAX} bytes");
    let text = std::str::from_utf8(line).ok().context("it is not UTF-8")?;
    let text = if is_first { text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text) } else { text };
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Ok(None);
    }
    if !text.contains('"') {
        return Ok(Some(text.split(',').collect()));
    }
    ensure!(text.matches('"').count() % 2 == 0, "a quote is not closed in it");
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    reader.read_record(&mut record)?;
    Ok(Some(record))
}

/// Without a column's name, the first line is an id and nothing else.
fn check_first(record: &StringRecord) -> anyhow::Result<()> {
    let (columns, first) = (record.len(), record.get(0).unwrap_or_default());
    ensure!(columns == 1, "it has {columns} columns: name the one with the ids, --column, as the first line does");
    let is_header = HEADERS.contains(&first.trim().to_lowercase().as_str());
    ensure!(!is_header, "{first:?} looks like a header: give --column {first}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::operate::cohort::{Described, Named};

    fn read(bytes: &[u8], id: IdOf, column: Option<&str>) -> Result<Vec<u64>, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let named = Named { project: "app".into(), name: "vips".into() };
        let cohort = Described { named, description: None };
        let list = List { cohort, file: file.path().to_owned(), id, column: column.map(str::to_owned) };
        let read = || {
            let mut members = Members::open(&list)?;
            std::iter::from_fn(|| members.next().transpose()).collect::<anyhow::Result<_>>()
        };
        read().map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_file_is_read_with_and_without_a_header() {
        let users = ["ann", "b,\"ob\""].map(|id| visitor_of_id("app", IdKind::User, id));
        let devices = ["1", "2"].map(|id| visitor_of_id("app", IdKind::Anonymous, id));
        let quoted = b"\xef\xbb\xbfuser_id,n\r\nann,1\r\n\r\n\"b,\"\"ob\"\"\",2\r\n";
        assert_eq!(read(quoted, IdOf::User, Some("user_id")), Ok(users.to_vec()));
        assert_eq!(read(quoted, IdOf::Anonymous, Some("n")), Ok(devices.to_vec()));
        assert_eq!(read(b"1\n2", IdOf::Anonymous, None), Ok(devices.to_vec()));
        assert_eq!(read(b"1\n18446744073709551615\n1", IdOf::Visitor, None), Ok(vec![1, u64::MAX, 1]));
        assert_eq!(read(b"", IdOf::User, None), Ok(vec![]));
    }

    #[test]
    fn a_bad_line_is_named() {
        let wide = format!("a\n{}\n", "x".repeat(70_000));
        let long = format!("id\nx\n{}\n", "x".repeat(257));
        for (bytes, id, column, expected) in [
            (&b"a\n\"\"\nb"[..], IdOf::User, None, "line 2: the id is empty"),
            (b"a\nb,c", IdOf::User, None, "line 2: it has 2 columns, the lines before it have 1"),
            (b"a,b\nc,d", IdOf::User, None, "line 1: it has 2 columns: name the one with the ids"),
            (b"User_ID\nann", IdOf::User, None, "line 1: \"User_ID\" looks like a header: give --column User_ID"),
            (b"a\n\n\xff\xfe", IdOf::User, None, "line 3: it is not UTF-8"),
            (b"v\n7\n-7", IdOf::Visitor, Some("v"), "line 3: \"-7\" is not a visitor's number"),
            (b"a\r\n\r\n\"b\r\nc\"\r\n", IdOf::User, None, "line 3: a quote is not closed in it"),
            (b"v\r\n1\r\n\r\n", IdOf::User, Some("w"), "--column: there is no column \"w\", but \"v\""),
            (wide.as_bytes(), IdOf::User, None, "line 2: it has more than 65536 bytes"),
            (b"a,b\n1,2", IdOf::User, Some("c"), "--column: there is no column \"c\", but \"a\", \"b\""),
            (long.as_bytes(), IdOf::User, Some("id"), "line 3: the id has 257 bytes, at most 256 are allowed"),
        ] {
            let error = read(bytes, id, column).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}

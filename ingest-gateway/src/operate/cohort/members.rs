//! The visitors that the lines of a CSV file name.

use std::{fs::File, path::Path};

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};
use vector_components::{
    enrich::visitor::{IdKind, visitor_of_id},
    validate::ID_BYTES_MAX,
};

use super::List;

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

/// The file, line by line.
pub struct Members<'o> {
    reader: Reader<File>,
    record: StringRecord,
    column: usize,
    id: IdOf,
    project: &'o str,
    is_first_a_header: bool,
}

impl<'o> Members<'o> {
    /// Opens the file and finds its column. The `csv` crate passes over a byte order mark and empty lines.
    ///
    /// # Errors
    /// If it cannot be read, or has no such column.
    pub fn open(list: &'o List) -> anyhow::Result<Self> {
        let path: &Path = &list.file;
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let mut reader = ReaderBuilder::new().has_headers(list.column.is_some()).from_reader(file);
        let column = match &list.column {
            None => 0,
            Some(name) => {
                let header = reader.headers().context("the first line is no header")?;
                let found = header.iter().position(|column| column == name);
                let all = header.iter().map(|column| format!("{column:?}")).collect::<Vec<_>>().join(", ");
                found.with_context(|| format!("--column: there is no column {name:?} in {}: {all}", path.display()))?
            }
        };
        Ok(Self {
            reader,
            record: StringRecord::new(),
            column,
            id: list.id,
            project: &list.cohort.named.project,
            is_first_a_header: list.column.is_some(),
        })
    }

    /// The next line's visitor.
    ///
    /// # Errors
    /// Names the line and what is wrong in it.
    pub fn next(&mut self) -> anyhow::Result<Option<u64>> {
        let is_first = !self.is_first_a_header && self.record.position().is_none();
        match self.reader.read_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => match error.kind() {
                ErrorKind::Utf8 { pos: Some(at), .. } => bail!("line {}: it is not UTF-8", at.line()),
                ErrorKind::UnequalLengths { pos: Some(at), expected_len, len } => {
                    bail!("line {}: it has {len} columns, the lines before it have {expected_len}", at.line())
                }
                _ => return Err(error).context("the file cannot be read"),
            },
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        if is_first {
            self.check_first().with_context(|| format!("line {line}"))?;
        }
        let id = self.record.get(self.column).unwrap_or_default();
        Some(self.id.number(self.project, id).with_context(|| format!("line {line}"))).transpose()
    }

    /// Without a column's name, the first line is an id and nothing else.
    fn check_first(&self) -> anyhow::Result<()> {
        let (columns, first) = (self.record.len(), self.record.get(0).unwrap_or_default());
        ensure!(columns == 1, "it has {columns} columns: name the one with the ids, --column, as the first line does");
        let is_header = HEADERS.contains(&first.trim().to_lowercase().as_str());
        ensure!(!is_header, "{first:?} looks like a header: give --column {first}");
        Ok(())
    }
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
        let long = format!("id\nx\n{}\n", "x".repeat(257));
        for (bytes, id, column, expected) in [
            (&b"a\n\"\"\nb"[..], IdOf::User, None, "line 2: the id is empty"),
            (b"a\nb,c", IdOf::User, None, "line 2: it has 2 columns, the lines before it have 1"),
            (b"a,b\nc,d", IdOf::User, None, "line 1: it has 2 columns: name the one with the ids"),
            (b"User_ID\nann", IdOf::User, None, "line 1: \"User_ID\" looks like a header: give --column User_ID"),
            (b"a\n\n\xff\xfe", IdOf::User, None, "line 3: it is not UTF-8"),
            (b"v\n7\n-7", IdOf::Visitor, Some("v"), "line 3: \"-7\" is not a visitor's number"),
            (b"a,b\n1,2", IdOf::User, Some("c"), "--column: there is no column \"c\""),
            (long.as_bytes(), IdOf::User, Some("id"), "line 3: the id has 257 bytes, at most 256 are allowed"),
        ] {
            let error = read(bytes, id, column).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}

//! Lines of a file of JSON.

use std::io::{BufRead, BufReader, Read};

use super::{Content, Record};
use crate::operate::import::dropped::{Dropped, Place};

/// The longest line; a longer one is dropped by name.
const LINE_BYTES_MAX: usize = 4 << 20;
/// What editors and exports of Windows put before a file's first line.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The lines, without those that are blank.
pub struct Lines<Source> {
    source: BufReader<Source>,
    line: u64,
}

impl<Source: Read> Lines<Source> {
    /// Passes over a byte order mark.
    pub fn new(source: Source) -> anyhow::Result<Self> {
        let mut source = BufReader::new(source);
        if source.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
            source.consume(BYTE_ORDER_MARK.len());
        }
        Ok(Self { source, line: 0 })
    }

    /// The next line.
    pub fn next(&mut self) -> anyhow::Result<Option<Record>> {
        loop {
            let mut line = Vec::new();
            // One byte more than a line and its end may have tells that it is too long.
            let read = self.source.by_ref().take(LINE_BYTES_MAX as u64 + 2).read_until(b'\n', &mut line)?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            let ended = line.last() == Some(&b'\n');
            if line.trim_ascii_end().len() > LINE_BYTES_MAX {
                if !ended {
                    self.source.skip_until(b'\n')?;
                }
                return Ok(Some(self.record(Content::Unreadable(Dropped::LineTooLong { bytes_max: LINE_BYTES_MAX }))));
            }
            match String::from_utf8(line) {
                Ok(line) if line.trim().is_empty() => {}
                Ok(line) => return Ok(Some(self.record(Content::Line(line)))),
                Err(_) => return Ok(Some(self.record(Content::Unreadable(Dropped::NotUtf8)))),
            }
        }
    }

    fn record(&self, content: Content) -> Record {
        Record { place: Place::Line(self.line), content }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Place and content of each, with the reason in place of what cannot be read.
    fn all(bytes: &[u8]) -> Vec<(u64, String)> {
        let mut lines = Lines::new(bytes).unwrap();
        let mut all = Vec::new();
        while let Some(Record { place: Place::Line(line), content }) = lines.next().unwrap() {
            all.push(match content {
                Content::Line(text) => (line, text.trim_end().to_owned()),
                Content::Unreadable(dropped) => (line, dropped.reason().to_owned()),
                _ => unreachable!("a file has lines"),
            });
        }
        all
    }

    fn own(lines: &[(u64, &str)]) -> Vec<(u64, String)> {
        lines.iter().map(|(line, text)| (*line, (*text).to_owned())).collect()
    }

    #[test]
    fn lines_have_their_numbers_whatever_stands_between_and_before() {
        let expected = own(&[(1, "{}"), (4, "[]"), (5, "line that is not UTF-8"), (6, "1")]);
        assert_eq!(all(b"\xef\xbb\xbf{}\r\n\n  \r\n[]\n\xff\n1"), expected);
        assert_eq!(all(b"{}\n\n\n[]\n\xff\n1\n"), expected);
        assert_eq!(all(b""), []);
        assert_eq!(all(b"\xef\xbb\xbf"), []);
        assert_eq!(all(b"\xef\xbb"), own(&[(1, "line that is not UTF-8")]));
    }

    #[test]
    fn the_longest_line_is_read_and_a_longer_one_is_passed_over() {
        let longest = "x".repeat(LINE_BYTES_MAX);
        for end in ["\n", "\r\n", ""] {
            let text = format!("{longest}{end}");
            assert_eq!(all(text.as_bytes()), own(&[(1, &longest)]), "{end:?}");
        }
        for length in [LINE_BYTES_MAX + 1, LINE_BYTES_MAX + 2, LINE_BYTES_MAX + 3, 2 * LINE_BYTES_MAX] {
            let text = format!("{}\nnext", "x".repeat(length));
            assert_eq!(all(text.as_bytes()), own(&[(1, "line that is too long"), (2, "next")]), "{length}");
        }
    }
}

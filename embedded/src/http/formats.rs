//! Output formats: their content types, and which of them may be sent in chunks.
//!
//! The engine formats each chunk as a document of its own. For row formats the chunks
//! add up to the complete document once repeated headers are cut off; all other formats
//! (JSON, Parquet, Pretty, …) are produced in one piece.

/// What to cut from every chunk but the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// Nothing.
    None,
    /// So many lines.
    Lines(usize),
    /// So many lines of CSV, whose quoted names may hold line breaks.
    QuotedLines(usize),
    /// A column count, then that many names, then, if `true`, types.
    Binary(bool),
}

/// How to stream `format`; `None` if it has to come in one piece.
#[must_use]
pub fn streaming(format: &str) -> Option<Header> {
    let plain = [
        "TabSeparated",
        "TSV",
        "TabSeparatedRaw",
        "TSVRaw",
        "Raw",
        "CSV",
        "JSONEachRow",
        "JSONLines",
        "NDJSON",
        "JSONStringsEachRow",
        "JSONCompactEachRow",
        "JSONCompactStringsEachRow",
        "RowBinary",
        "Native",
        "LineAsString",
    ];
    if plain.contains(&format) {
        return Some(Header::None);
    }
    if format.starts_with("RowBinaryWithNames") {
        return Some(Header::Binary(format.ends_with("AndTypes")));
    }
    let base = format.strip_suffix("WithNamesAndTypes").map(|b| (b, 2));
    let (base, lines) = base.or_else(|| format.strip_suffix("WithNames").map(|b| (b, 1)))?;
    let named =
        ["TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "CSV", "JSONCompactEachRow", "JSONCompactStringsEachRow"];
    let header = if base == "CSV" { Header::QuotedLines(lines) } else { Header::Lines(lines) };
    named.contains(&base).then_some(header)
}

/// A chunk without the header that repeats.
#[must_use]
pub fn without_header(header: Header, chunk: &[u8]) -> &[u8] {
    let cut = match header {
        Header::None => Some(0),
        Header::Lines(lines) => lines_length(chunk, lines, false),
        Header::QuotedLines(lines) => lines_length(chunk, lines, true),
        Header::Binary(types) => binary_length(chunk, types),
    };
    cut.and_then(|at| chunk.get(at..)).unwrap_or_default()
}

/// The content type that ClickHouse sends for the format.
#[must_use]
pub fn content_type(format: &str) -> &'static str {
    match format {
        f if f.starts_with("JSON") && f.contains("EachRow") => "application/x-ndjson; charset=UTF-8",
        "JSONLines" | "NDJSON" => "application/x-ndjson; charset=UTF-8",
        f if f.starts_with("JSON") => "application/json; charset=UTF-8",
        f if f.starts_with("CSV") => "text/csv; charset=UTF-8; header=absent",
        f if f.starts_with("TabSeparated") || f.starts_with("TSV") => "text/tab-separated-values; charset=UTF-8",
        "XML" => "application/xml; charset=UTF-8",
        f if f.starts_with("Pretty") || f == "Vertical" || f == "Markdown" => "text/plain; charset=UTF-8",
        _ => "application/octet-stream",
    }
}

fn lines_length(chunk: &[u8], lines: usize, quotes: bool) -> Option<usize> {
    let (mut quoted, mut left) = (false, lines);
    for (at, byte) in chunk.iter().enumerate() {
        match byte {
            b'"' if quotes => quoted = !quoted,
            b'\n' if !quoted => {
                left -= 1;
                if left == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

fn binary_length(chunk: &[u8], types: bool) -> Option<usize> {
    let mut at = 0;
    let columns = varint(chunk, &mut at)?;
    for _ in 0..columns.checked_mul(if types { 2 } else { 1 })? {
        let length = varint(chunk, &mut at)?;
        at = at.checked_add(length)?;
    }
    Some(at)
}

fn varint(chunk: &[u8], at: &mut usize) -> Option<usize> {
    let (mut value, mut shift) = (0_usize, 0_u32);
    loop {
        let byte = *chunk.get(*at)?;
        *at += 1;
        value |= usize::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
        shift += 7;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_cut() {
        assert_eq!(without_header(Header::QuotedLines(1), b"\"a\nb\",c\n1,2\n"), b"1,2\n");
        assert_eq!(without_header(Header::Lines(2), b"a\nUInt8\n1\n"), b"1\n");
        assert_eq!(without_header(Header::Binary(true), b"\x01\x01a\x05UInt8\x07"), b"\x07");
        assert_eq!(without_header(Header::Binary(true), b"\x01"), b"");
        assert_eq!(without_header(Header::None, b"xyz"), b"xyz");
        assert_eq!(streaming("JSON"), None);
        assert_eq!(streaming("CSVWithNamesAndTypes"), Some(Header::QuotedLines(2)));
        assert_eq!(without_header(Header::Lines(1), b"a\"\n1\n"), b"1\n", "a quote is nothing special in TSV");
    }
}

//! A statement's text as ClickHouse reads it, as far as macros and variables need to know: what stands in a string, a
//! quoted name or a comment, and where an argument ends.

/// How much of the text, from its beginning, is a string, a quoted name or a comment; 0 if none begins there.
pub(super) fn quoted(text: &str) -> usize {
    let bytes = text.as_bytes();
    let after = |end: Option<usize>, length: usize| end.map_or(text.len(), |at| at + length);
    match bytes {
        [quote @ (b'\'' | b'"' | b'`'), ..] => closing_quote(bytes, *quote),
        [b'-', b'-', ..] => after(text.find('\n'), 1),
        [b'/', b'*', ..] => after(text[2..].find("*/").map(|at| at + 2), 2),
        [b'#', b' ' | b'!', ..] => after(text.find('\n'), 1),
        [b'$', ..] => heredoc(text),
        _ => 0,
    }
}

/// A backslash takes the next character with it, and a doubled quote is one.
fn closing_quote(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `$tag$ … $tag$`.
fn heredoc(text: &str) -> usize {
    let Some(tag) = text[1..].find('$').map(|at| &text[..at + 2]) else { return 0 };
    let is_tag = tag[1..tag.len() - 1].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_tag {
        return 0;
    }
    text[tag.len()..].find(tag).map_or(0, |at| tag.len() * 2 + at)
}

/// How much of the text can be passed over: one character, or a whole word, so that none begins in its middle.
pub(super) fn plain(text: &str) -> usize {
    let word = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(text.len());
    match text.starts_with('$') {
        false if word > 0 => word,
        _ => text.chars().next().map_or(1, char::len_utf8),
    }
}

/// The arguments in a bracket that begins the text, and its length.
pub(super) fn arguments(text: &str) -> Option<(Vec<&str>, usize)> {
    let mut arguments = Vec::new();
    let (mut at, mut start, mut depth) = (0, 1, 0_usize);
    while at < text.len() {
        let skipped = quoted(&text[at..]);
        if skipped > 0 {
            at += skipped;
            continue;
        }
        match text.as_bytes()[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.checked_sub(1)?,
            b',' if depth == 1 => {
                arguments.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
        if depth == 0 {
            let last = text[start..at].trim();
            if !last.is_empty() || !arguments.is_empty() {
                arguments.push(last);
            }
            return Some((arguments, at + 1));
        }
        // A character that is longer than a byte is none of those above.
        at += text[at..].chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// What a quoted string or name stands for, without its quotes.
pub(super) fn unquoted(text: &str) -> String {
    let mut quotes = text.chars();
    let quote = quotes.next();
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('b') => out.push('\u{8}'),
                Some('f') => out.push('\u{c}'),
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some('0') => out.push('\0'),
                Some('a') => out.push('\u{7}'),
                Some('v') => out.push('\u{b}'),
                Some(same @ ('\\' | '\'' | '"' | '`' | '/' | '=')) => out.push(same),
                // ClickHouse keeps the backslash before any other character, as in LIKE's \%.
                Some(other) => out.extend(['\\', other]),
                None => out.push('\\'),
            },
            same if Some(same) == quote && characters.peek() == Some(&same) => {
                characters.next();
                out.push(same);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_stands_for_what_clickhouse_reads() {
        for (text, expected) in [
            ("'a'", "a"),
            ("''", ""),
            ("'it''s'", "it's"),
            (r"'it\'s \\ \n'", "it's \\ \n"),
            (r"'100\%'", r"100\%"),
            ("\"a\"\"b\"", "a\"b"),
            ("`a b`", "a b"),
            ("'ä€'", "ä€"),
        ] {
            assert_eq!(unquoted(text), expected, "{text}");
        }
    }
}

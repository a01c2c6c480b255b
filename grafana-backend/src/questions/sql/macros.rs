//! The macros of Grafana's own ClickHouse datasource. A statement is read as ClickHouse reads it: what
//! stands in a string, a quoted name or a comment is not a macro, and a comma or bracket there does not count either.

use crate::error::QueryError;

/// The range's first instant; the values are bound.
pub const FROM: &str = "fromUnixTimestamp64Milli({footfall_from_ms:Int64}, 'UTC')";
/// The range's last instant.
pub const TO: &str = "fromUnixTimestamp64Milli({footfall_to_ms:Int64}, 'UTC')";
/// The panel's interval.
pub const INTERVAL_S: &str = "{footfall_interval_s:UInt32}";
/// Macros within the arguments of macros.
const DEPTH_MAX: usize = 8;

/// Replaces `$__name` and `$__name(arguments)`.
///
/// # Errors
/// Names the macro that is not known or whose bracket is not closed.
pub fn expand(sql: &str) -> Result<String, QueryError> {
    expand_within(sql, DEPTH_MAX)
}

fn expand_within(sql: &str, depth: usize) -> Result<String, QueryError> {
    let mut out = String::with_capacity(sql.len() + 256);
    let mut rest = sql;
    while !rest.is_empty() {
        let skipped = quoted(rest);
        if skipped > 0 {
            out.push_str(&rest[..skipped]);
            rest = &rest[skipped..];
            continue;
        }
        if let Some(found) = rest.strip_prefix("$__") {
            let (replaced, length) = one(found, depth)?;
            out.push_str(&replaced);
            rest = &found[length..];
            continue;
        }
        let length = plain(rest);
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    Ok(out)
}

/// A macro from its name on: what stands in its place, and its length.
fn one(text: &str, depth: usize) -> Result<(String, usize), QueryError> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if !rest.starts_with('(') {
        return Ok((replace(name, &[])?, end));
    }
    let unclosed = || QueryError::invalid("rawSql", format!("$__{name}: its bracket is not closed"));
    let (arguments, length) = arguments(rest).ok_or_else(unclosed)?;
    let deeper = depth.checked_sub(1).ok_or_else(|| {
        QueryError::invalid("rawSql", format!("$__{name}: macros are nested deeper than {DEPTH_MAX}"))
    })?;
    let arguments: Vec<String> =
        arguments.into_iter().map(|argument| expand_within(argument, deeper)).collect::<Result<_, _>>()?;
    Ok((replace(name, &arguments)?, end + length))
}

/// The arguments in a bracket that begins the text, and its length.
fn arguments(text: &str) -> Option<(Vec<&str>, usize)> {
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

/// How much of the text, from its beginning, is a string, a quoted name or a comment; 0 if none begins there.
fn quoted(text: &str) -> usize {
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
fn plain(text: &str) -> usize {
    let word = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').unwrap_or(text.len());
    match text.starts_with('$') {
        false if word > 0 => word,
        _ => text.chars().next().map_or(1, char::len_utf8),
    }
}

fn replace(name: &str, arguments: &[String]) -> Result<String, QueryError> {
    Ok(match (name, arguments) {
        ("timeFilter" | "timeFilter_ms", [column]) => format!("({column} >= {FROM} AND {column} <= {TO})"),
        ("dateFilter", [column]) => format!("({column} >= toDate({FROM}) AND {column} <= toDate({TO}))"),
        ("dateTimeFilter" | "dt", [date, time]) => {
            format!("({date} >= toDate({FROM}) AND {date} <= toDate({TO}) AND {time} >= {FROM} AND {time} <= {TO})")
        }
        ("fromTime" | "fromTime_ms", []) => FROM.to_owned(),
        ("toTime" | "toTime_ms", []) => TO.to_owned(),
        ("timeInterval" | "timeInterval_ms", [column]) => {
            format!("toStartOfInterval(toDateTime({column}), toIntervalSecond({INTERVAL_S}))")
        }
        ("interval_s", []) => INTERVAL_S.to_owned(),
        _ => {
            const KNOWN: &str = "$__timeFilter(column), $__dateFilter(column), $__dateTimeFilter(date, time), $__fromTime, $__toTime, $__timeInterval(column), $__interval_s";
            let message = format!("$__{name} with {} arguments is not known: {KNOWN}", arguments.len());
            return Err(QueryError::invalid("rawSql", message));
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn macros_are_those_of_the_clickhouse_datasource() {
        for (sql, expected) in [
            ("SELECT 1 WHERE $__timeFilter(ts)", format!("SELECT 1 WHERE (ts >= {FROM} AND ts <= {TO})")),
            (
                "$__timeInterval(toDateTime(ts)) x",
                format!("toStartOfInterval(toDateTime(toDateTime(ts)), toIntervalSecond({INTERVAL_S})) x"),
            ),
            (
                "$__timeFilter(toDateTime(ts, 'UTC'))",
                format!("(toDateTime(ts, 'UTC') >= {FROM} AND toDateTime(ts, 'UTC') <= {TO})"),
            ),
            (
                "$__dt(if(a, b, [c, d][1]), concat(')', \"x,y\"))",
                format!(
                    "(if(a, b, [c, d][1]) >= toDate({FROM}) AND if(a, b, [c, d][1]) <= toDate({TO}) AND \
                     concat(')', \"x,y\") >= {FROM} AND concat(')', \"x,y\") <= {TO})"
                ),
            ),
            ("$__fromTime,$__toTime $__interval_s", format!("{FROM},{TO} {INTERVAL_S}")),
            ("$__timeFilter($__fromTime)", format!("({FROM} >= {FROM} AND {FROM} <= {TO})")),
            ("no macro", "no macro".to_owned()),
        ] {
            assert_eq!(expand(sql).unwrap(), expected, "{sql}");
        }
        for sql in ["$__nope(x)", "$__timeFilter()", "$__timeFilter(a", "$__timeFilter(')'", "$__fromTime(x)"] {
            assert!(expand(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn what_stands_in_strings_names_and_comments_is_no_macro() {
        for sql in [
            "SELECT 1 AS a, '$__all' AS b -- was $__timeFilter",
            "SELECT 'it''s $__x', \"$__y\", `$__z`, '\\'$__w'",
            "SELECT 1 /* $__all(\n */ # $__b\n",
            "SELECT $doc$ $__all $doc$",
            "SELECT a$__b",
            "SELECT '$__never closed",
            "SELECT 'ä', \u{1f600}",
        ] {
            assert_eq!(expand(sql).unwrap(), sql);
        }
        assert_eq!(expand("SELECT ' -- ', $__fromTime").unwrap(), format!("SELECT ' -- ', {FROM}"));
        assert_eq!(expand("SELECT 1 -- $__x\n, $__fromTime").unwrap(), format!("SELECT 1 -- $__x\n, {FROM}"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[-$_a-c'\"`/*#\\\\\\n(),é ]{0,60}") {
            if let Ok(expanded) = expand(&text) && !text.contains("$__") {
                prop_assert_eq!(expanded, text);
            }
        }
    }
}

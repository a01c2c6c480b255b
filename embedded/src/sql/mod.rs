//! Just enough of ClickHouse's lexical rules to route a statement: what kind it is,
//! where an `INSERT`'s data begins, which output format it names, and which parts of a
//! `KILL QUERY` speak of `query_id`. The engine itself does the parsing.

mod kill;
mod token;

pub use kill::QUERY_ID_IN_ENGINE;
use token::Kind;
pub use token::{Token, tokens};

/// A statement, as far as the HTTP interface must know it.
#[derive(Debug, PartialEq, Eq)]
pub enum Statement {
    /// An insert with data: the statement up to its format, the format, and where in
    /// the text the data begins.
    Insert {
        /// The statement without `FORMAT …` or `VALUES`.
        head: String,
        /// The input format.
        format: String,
        /// The data's first byte in the text.
        data_at: usize,
    },
    /// `KILL QUERY WHERE …`, rewritten to the names that the engine knows.
    Kill {
        /// The statement to run, asynchronous.
        sql: String,
        /// The condition, to wait for the end of what it matches.
        condition: String,
        /// Whether the caller wants to wait.
        sync: bool,
        /// For a reader: the condition again, if it names one reading query by its id and the
        /// statement says nothing else.
        of_reader: Option<String>,
    },
    /// Anything else, with the output format if it names one.
    Query {
        /// The name behind the last `FORMAT` outside of brackets.
        format: Option<String>,
        /// Whether the result may be fetched in chunks.
        streams: bool,
        /// Whether it begins as statements that read do; the engine itself says whether it does.
        reads: bool,
    },
    /// Not allowed over HTTP.
    Forbidden(&'static str),
}

/// Finds out what kind of statement `sql` is. `sql` may end in the middle of an
/// insert's data.
#[must_use]
pub fn classify(sql: &str) -> Statement {
    let mut lexer = tokens(sql);
    let Some(first) = lexer.next() else {
        return Statement::Query { format: None, streams: false, reads: false };
    };
    if first.is("INSERT") {
        return insert(sql, lexer);
    }
    let tokens: Vec<Token<'_>> = std::iter::once(first).chain(lexer).collect();
    if first.is("KILL") && tokens.get(1).is_some_and(|t| t.is("QUERY")) {
        return kill::kill(sql, &tokens);
    }
    query(&tokens)
}

fn query(tokens: &[Token<'_>]) -> Statement {
    let pairs = || tokens.windows(2).filter(|pair| pair[0].depth() == 0);
    if pairs().any(|pair| pair[0].is("INTO") && pair[1].is("OUTFILE")) {
        return Statement::Forbidden("INTO OUTFILE is not allowed over HTTP");
    }
    let format = pairs().rfind(|p| p[0].is("FORMAT") && p[1].kind() == Kind::Word).map(|p| p[1].text().to_owned());
    let streams =
        tokens.first().is_some_and(|t| ["SELECT", "WITH", "FROM"].iter().any(|word| t.is(word)) || (t.is_symbol("(")));
    let reads = streams
        || tokens
            .first()
            .is_some_and(|t| ["SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK"].iter().any(|word| t.is(word)));
    let totals = tokens.windows(2).any(|p| p[0].is("WITH") && p[1].is("TOTALS"));
    Statement::Query { format, streams: streams && !totals, reads }
}

fn insert<'s>(sql: &'s str, lexer: impl Iterator<Item = Token<'s>>) -> Statement {
    let mut tokens = lexer.filter(|t| t.depth() == 0).peekable();
    // The table's own name may be `format` or `values`, so skip to behind it.
    let mut before_table = true;
    let mut previous: Option<Token<'_>> = None;
    while let Some(token) = tokens.next() {
        if before_table {
            let introduces = token.is("INTO") || token.is("TABLE") || token.is("FUNCTION");
            let next_names = tokens.peek().is_some_and(|t| !(t.is("TABLE") || t.is("FUNCTION")));
            before_table = !(introduces && next_names);
            if !before_table {
                tokens.next();
            }
            continue;
        }
        let after_dot = previous.is_some_and(|p| p.is_symbol("."));
        previous = Some(token);
        if after_dot {
            continue;
        }
        if token.is("SELECT") || token.is("WITH") || token.is("FROM") {
            return Statement::Query { format: None, streams: false, reads: false };
        }
        if token.is("VALUES") {
            return Statement::Insert {
                head: sql[..token.at()].to_owned(),
                format: "Values".into(),
                data_at: token.end(),
            };
        }
        if token.is("FORMAT")
            && let Some(name) = tokens.next()
        {
            let data_at = skip_to_data(sql, name.end());
            return Statement::Insert { head: sql[..token.at()].to_owned(), format: name.text().to_owned(), data_at };
        }
    }
    let head = sql.trim_end().trim_end_matches(';').to_owned();
    Statement::Insert { head, format: "Values".into(), data_at: sql.len() }
}

/// ClickHouse's rule: spaces behind the format's name, then one line break, are no data;
/// behind a `;` likewise.
fn skip_to_data(sql: &str, mut at: usize) -> usize {
    let bytes = sql.as_bytes();
    let blank = |b: Option<&u8>| matches!(b, Some(b' ' | b'\t' | 0x0c));
    while blank(bytes.get(at)) {
        at += 1;
    }
    if bytes.get(at) == Some(&b';') {
        at += 1;
    }
    while blank(bytes.get(at)) {
        at += 1;
    }
    if bytes.get(at) == Some(&b'\r') {
        at += 1;
    }
    if bytes.get(at) == Some(&b'\n') {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert_of(sql: &str) -> (String, String, &str) {
        match classify(sql) {
            Statement::Insert { head, format, data_at } => (head.trim().to_owned(), format, &sql[data_at..]),
            other => unreachable!("{sql}: {other:?}"),
        }
    }

    #[test]
    fn golden_inserts() {
        for (sql, head, format, data) in [
            ("INSERT INTO t FORMAT JSONEachRow\n{}", "INSERT INTO t", "JSONEachRow", "{}"),
            ("insert into t (a, `format`) format CSV 1,2", "insert into t (a, `format`)", "CSV", "1,2"),
            ("INSERT INTO t VALUES (1, 'FORMAT x')", "INSERT INTO t", "Values", " (1, 'FORMAT x')"),
            ("INSERT INTO t", "INSERT INTO t", "Values", ""),
            ("INSERT INTO TABLE db.format FORMAT TSV\r\n1", "INSERT INTO TABLE db.format", "TSV", "1"),
            ("INSERT INTO values (a) VALUES (1)", "INSERT INTO values (a)", "Values", " (1)"),
            (
                "INSERT INTO t SETTINGS async_insert=1 FORMAT Native",
                "INSERT INTO t SETTINGS async_insert=1",
                "Native",
                "",
            ),
            (
                "INSERT INTO {database:Identifier}.{table:Identifier} (a) FORMAT JSONEachRow",
                "INSERT INTO {database:Identifier}.{table:Identifier} (a)",
                "JSONEachRow",
                "",
            ),
            ("/* c */ INSERT -- x\n INTO t FORMAT TSV;\n1", "/* c */ INSERT -- x\n INTO t", "TSV", "1"),
        ] {
            assert_eq!(insert_of(sql), (head.to_owned(), format.to_owned(), data), "{sql}");
        }
    }

    #[test]
    fn golden_queries() {
        let query = |format: Option<&str>, streams| Statement::Query {
            format: format.map(str::to_owned),
            streams,
            reads: streams,
        };
        let reads =
            |format: Option<&str>| Statement::Query { format: format.map(str::to_owned), streams: false, reads: true };
        for (sql, expected) in [
            ("SELECT 1", query(None, true)),
            ("SELECT format FROM t FORMAT JSON", query(Some("JSON"), true)),
            ("SELECT 'FORMAT CSV'", query(None, true)),
            ("SELECT (SELECT 1 FORMAT CSV)", query(None, true)),
            ("INSERT INTO t SELECT 1", query(None, false)),
            ("SHOW TABLES", reads(None)),
            ("SELECT a, sum(b) FROM t GROUP BY a WITH TOTALS", reads(None)),
            ("", query(None, false)),
            ("'unclosed", query(None, false)),
            ("SELECT 1 INTO OUTFILE '/tmp/x'", Statement::Forbidden("INTO OUTFILE is not allowed over HTTP")),
        ] {
            assert_eq!(classify(sql), expected, "{sql}");
        }
    }
}

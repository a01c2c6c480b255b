//! Just enough of ClickHouse's lexical rules to route a statement: what kind it is,
//! where an `INSERT`'s data begins, which output format it names, and which parts of a
//! `KILL QUERY` speak of `query_id`. The engine itself does the parsing.

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Word,
    Quoted,
    Symbol,
}

/// A word, a quoted text or a sign.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    kind: Kind,
    text: &'a str,
    at: usize,
    depth: usize,
}

/// The tokens of a text, without blanks and comments.
pub fn tokens(sql: &str) -> impl Iterator<Item = Token<'_>> {
    Lexer::new(sql)
}

impl<'a> Token<'a> {
    /// Whether it is this word, in any case.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it is this sign.
    #[must_use]
    pub fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    /// The name that it is, bare or in backticks.
    #[must_use]
    pub fn identifier(&self) -> Option<&'a str> {
        match self.kind {
            Kind::Word => Some(self.text),
            Kind::Quoted => self.text.strip_prefix('`')?.strip_suffix('`'),
            Kind::Symbol => None,
        }
    }

    /// How many brackets are open around it.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    fn end(&self) -> usize {
        self.at + self.text.len()
    }
}

/// The setting that carries the request's query id into the engine, which gives each
/// query an id of its own and lets no caller choose it.
pub const QUERY_ID_IN_ENGINE: &str = "Settings['log_comment']";

/// Finds out what kind of statement `sql` is. `sql` may end in the middle of an
/// insert's data.
#[must_use]
pub fn classify(sql: &str) -> Statement {
    let mut lexer = Lexer::new(sql);
    let Some(first) = lexer.next() else {
        return Statement::Query { format: None, streams: false, reads: false };
    };
    if first.is("INSERT") {
        return insert(sql, lexer);
    }
    let tokens: Vec<Token<'_>> = std::iter::once(first).chain(lexer).collect();
    if first.is("KILL") && tokens.get(1).is_some_and(|t| t.is("QUERY")) {
        return kill(sql, &tokens);
    }
    query(&tokens)
}

fn query(tokens: &[Token<'_>]) -> Statement {
    let pairs = || tokens.windows(2).filter(|pair| pair[0].depth == 0);
    if pairs().any(|pair| pair[0].is("INTO") && pair[1].is("OUTFILE")) {
        return Statement::Forbidden("INTO OUTFILE is not allowed over HTTP");
    }
    let format = pairs().rfind(|p| p[0].is("FORMAT") && p[1].kind == Kind::Word).map(|p| p[1].text.to_owned());
    let streams = tokens.first().is_some_and(|t| {
        ["SELECT", "WITH", "FROM"].iter().any(|word| t.is(word)) || (t.kind == Kind::Symbol && t.text == "(")
    });
    let reads = streams
        || tokens
            .first()
            .is_some_and(|t| ["SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK"].iter().any(|word| t.is(word)));
    let totals = tokens.windows(2).any(|p| p[0].is("WITH") && p[1].is("TOTALS"));
    Statement::Query { format, streams: streams && !totals, reads }
}

fn insert(sql: &str, lexer: Lexer<'_>) -> Statement {
    let mut tokens = lexer.filter(|t| t.depth == 0).peekable();
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
        let after_dot = previous.is_some_and(|p| p.text == "." && p.kind == Kind::Symbol);
        previous = Some(token);
        if after_dot {
            continue;
        }
        if token.is("SELECT") || token.is("WITH") || token.is("FROM") {
            return Statement::Query { format: None, streams: false, reads: false };
        }
        if token.is("VALUES") {
            return Statement::Insert {
                head: sql[..token.at].to_owned(),
                format: "Values".into(),
                data_at: token.end(),
            };
        }
        if token.is("FORMAT")
            && let Some(name) = tokens.next()
        {
            let data_at = skip_to_data(sql, name.end());
            return Statement::Insert { head: sql[..token.at].to_owned(), format: name.text.to_owned(), data_at };
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

fn kill(sql: &str, tokens: &[Token<'_>]) -> Statement {
    let start = tokens.iter().position(|t| t.is("WHERE")).map_or(tokens.len(), |at| at + 1);
    let ends =
        |t: &Token<'_>| t.depth == 0 && (["SYNC", "ASYNC", "TEST", "FORMAT"].iter().any(|w| t.is(w)) || t.text == ";");
    let end = tokens[start..].iter().position(ends).map_or(tokens.len(), |at| start + at);
    let mut condition = String::new();
    let mut copied = tokens.get(start).map_or(sql.len(), |t| t.at);
    for token in &tokens[start..end] {
        if token.is("query_id") || token.text == "`query_id`" || token.text == "\"query_id\"" {
            condition.push_str(&sql[copied..token.at]);
            condition.push_str(QUERY_ID_IN_ENGINE);
            copied = token.end();
        }
    }
    let condition_end = tokens.get(end).map_or(sql.len(), |t| t.at);
    condition.push_str(sql.get(copied..condition_end).unwrap_or_default());
    let rest: Vec<&str> =
        tokens[end..].iter().filter(|t| !t.is("SYNC") && !t.is("ASYNC") && t.text != ";").map(|t| t.text).collect();
    let sync = tokens[end..].iter().any(|t| t.is("SYNC"));
    let condition = condition.trim().to_owned();
    let says_no_more = rest.is_empty();
    let of_reader = query_id(&tokens[start..end]).filter(|_| says_no_more);
    let of_reader = of_reader.map(|id| format!("{QUERY_ID_IN_ENGINE} = {id} AND Settings['readonly'] = '2'"));
    Statement::Kill { sql: format!("KILL QUERY WHERE {condition} {}", rest.join(" ")), condition, sync, of_reader }
}

/// The id in `query_id = 'id'` or `query_id = {name:String}`, if that is all.
fn query_id(condition: &[Token<'_>]) -> Option<String> {
    let (name, id) = condition.split_at_checked(2)?;
    if !(name[0].is("query_id") && name[1].is_symbol("=")) {
        return None;
    }
    match id {
        [id] => {
            let plain = id.text.strip_prefix('\'')?.strip_suffix('\'')?;
            let is_plain =
                !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
            is_plain.then(|| id.text.to_owned())
        }
        [open, name, colon, kind, close] => {
            let is_bound = open.is_symbol("{")
                && name.kind == Kind::Word
                && colon.is_symbol(":")
                && kind.is("String")
                && close.is_symbol("}");
            is_bound.then(|| format!("{{{}:String}}", name.text))
        }
        _ => None,
    }
}

struct Lexer<'a> {
    sql: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Lexer<'a> {
    fn new(sql: &'a str) -> Self {
        Self { sql, at: 0, depth: 0 }
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            let rest = &self.sql[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let line_comment = trimmed.starts_with("--") || trimmed.starts_with("# ") || trimmed.starts_with("#!");
            self.at += match () {
                () if line_comment => trimmed.find('\n').map_or(trimmed.len(), |end| end + 1),
                () if trimmed.starts_with("/*") => trimmed.find("*/").map_or(trimmed.len(), |end| end + 2),
                () => return,
            };
        }
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blanks_and_comments();
        let rest = &self.sql[self.at..];
        let first = rest.chars().next()?;
        let (kind, length) = match first {
            '\'' | '"' | '`' => (Kind::Quoted, quoted_length(rest, first)),
            c if is_word(c) => (Kind::Word, rest.find(|c| !is_word(c)).unwrap_or(rest.len())),
            c => (Kind::Symbol, c.len_utf8()),
        };
        if matches!(first, ')' | ']' | '}') {
            self.depth = self.depth.saturating_sub(1);
        }
        let token = Token { kind, text: &rest[..length], at: self.at, depth: self.depth };
        if matches!(first, '(' | '[' | '{') {
            self.depth += 1;
        }
        self.at += length;
        Some(token)
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
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

    #[test]
    fn kill_speaks_of_the_request_s_query_id() {
        let Statement::Kill { sql, condition, sync, of_reader } =
            classify("KILL QUERY WHERE query_id = 'a' AND user = 'query_id' SYNC FORMAT JSON")
        else {
            unreachable!()
        };
        assert_eq!(condition, "Settings['log_comment'] = 'a' AND user = 'query_id'");
        assert_eq!(sql, "KILL QUERY WHERE Settings['log_comment'] = 'a' AND user = 'query_id' FORMAT JSON");
        assert!(sync);
        assert_eq!(of_reader, None);
    }

    #[test]
    fn a_reader_kills_by_id_alone() {
        let of_reader = |sql: &str| match classify(sql) {
            Statement::Kill { of_reader, .. } => of_reader,
            other => unreachable!("{sql}: {other:?}"),
        };
        for (sql, id) in [
            ("KILL QUERY WHERE query_id = {id:String} ASYNC", "{id:String}"),
            ("kill query where query_id='footfall-1' sync;", "'footfall-1'"),
            ("KILL QUERY /* x */ WHERE query_id = { id : String }", "{id:String}"),
        ] {
            let expected = format!("Settings['log_comment'] = {id} AND Settings['readonly'] = '2'");
            assert_eq!(of_reader(sql), Some(expected), "{sql}");
        }
        for sql in [
            "KILL QUERY WHERE 1",
            "KILL QUERY",
            "KILL QUERY WHERE query_id = ''",
            "KILL QUERY WHERE query_id = 'a' OR 1",
            "KILL QUERY WHERE query_id = 'a') OR (1",
            "KILL QUERY WHERE query_id = 'a\\' OR 1 --'",
            "KILL QUERY WHERE query_id = 'a''b'",
            "KILL QUERY WHERE query_id = 'unclosed",
            "KILL QUERY WHERE query_id = user",
            "KILL QUERY WHERE query_id = {id:Identifier}",
            "KILL QUERY WHERE user = 'a'",
            "KILL QUERY WHERE query_id = 'a' FORMAT JSON",
            "KILL QUERY WHERE query_id = 'a'; DROP TABLE x",
        ] {
            assert_eq!(of_reader(sql), None, "{sql}");
        }
    }
}

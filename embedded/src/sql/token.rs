//! Words, quoted texts and signs, as ClickHouse tells them apart.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Letters, digits, `_` and `$`.
    Word,
    /// In quotes of any kind.
    Quoted,
    /// Any other sign.
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

    /// What kind it is of.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its text, quotes included.
    #[must_use]
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Where it begins.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Where it has ended.
    #[must_use]
    pub fn end(&self) -> usize {
        self.at + self.text.len()
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

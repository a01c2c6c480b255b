//! Names in a statement that the engine has parsed and written out again in its own form: no
//! comments, one kind of quotes, keywords in capitals. So a few tokens are enough to see what
//! the text names, whatever spelling it came in.

use super::settings::{is_allowed, refused};
use crate::{
    refusal::Refusal,
    sql::{Token, tokens},
};

/// The one function that reads files without a grant; its name can also stand alone, as the
/// argument of another.
const FILE: &str = "file";

/// Refuses what roles and constraints do not.
///
/// # Errors
/// Names the function or the setting.
pub fn check(formatted: &str) -> Result<(), Refusal> {
    let tokens: Vec<Token<'_>> = tokens(formatted).collect();
    if tokens.iter().any(|token| token.identifier() == Some(FILE)) {
        let message = "the name file is not allowed for a reader: ClickHouse's function file() reads the files of this machine. (ACCESS_DENIED)";
        return Err(Refusal { code: 497, message: message.to_owned() });
    }
    match settings(&tokens).find(|name| !is_allowed(name)) {
        Some(name) => Err(refused(name)),
        None => Ok(()),
    }
}

/// Every `name =` behind a `SETTINGS`, up to the end of its bracket. Some comparisons may be
/// taken for a setting, and then refused; never the other way round.
fn settings<'t>(tokens: &'t [Token<'t>]) -> impl Iterator<Item = &'t str> {
    let starts = tokens.iter().enumerate().filter(|(_, token)| token.is("SETTINGS"));
    starts.flat_map(|(at, start)| {
        let inside = tokens[at + 1..].iter().take_while(|token| token.depth() >= start.depth());
        let inside: Vec<&Token<'_>> = inside.collect();
        let pairs: Vec<&str> = inside
            .windows(2)
            .filter(|pair| pair[0].depth() == start.depth() && pair[1].is_symbol("="))
            .filter_map(|pair| pair[0].identifier())
            .collect();
        pairs
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(formatted: &str) -> Option<u16> {
        check(formatted).err().map(|refusal| refusal.code)
    }

    #[test]
    fn names_that_are_refused() {
        for (formatted, expected) in [
            ("SELECT 1", None),
            ("SELECT file('/etc/passwd')", Some(497)),
            ("SELECT arrayMap(file, ['/etc/passwd'])", Some(497)),
            ("SELECT * APPLY file FROM t", Some(497)),
            ("DESCRIBE TABLE (SELECT `file`('x'))", Some(497)),
            ("SELECT 'file', properties['file'], filename, `my file` FROM t", None),
            ("SELECT 'it\\'s', file('x')", Some(497)),
            ("SELECT 1 SETTINGS final = true, join_use_nulls = 1", None),
            ("SELECT 1 SETTINGS max_memory_usage = 0", Some(452)),
            ("SELECT 1 SETTINGS final = 1, `max_memory_usage` = 0", Some(452)),
            ("SELECT * FROM (SELECT 1 SETTINGS profile = 'default') SETTINGS final = 1", Some(452)),
            ("SELECT * FROM view(SELECT 1 SETTINGS max_threads = 9) WHERE x = 1", Some(452)),
            ("SELECT 1 FORMAT TSV SETTINGS readonly = 0", Some(452)),
            ("SELECT 1 SETTINGS additional_table_filters = {'t':'x = 1'}, profile = 'x'", Some(452)),
            ("SELECT settings, x FROM t", None),
            ("SELECT 'SETTINGS profile = 1'", None),
        ] {
            assert_eq!(code(formatted), expected, "{formatted}");
        }
    }
}

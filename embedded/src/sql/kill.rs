//! `KILL QUERY`: in the engine's names, and whether a reader may ask it.

use super::{
    Statement,
    token::{Kind, Token},
};

/// The setting that carries the request's query id into the engine, which gives each
/// query an id of its own and lets no caller choose it.
pub const QUERY_ID_IN_ENGINE: &str = "Settings['log_comment']";

/// Reads a `KILL QUERY`.
pub fn kill(sql: &str, tokens: &[Token<'_>]) -> Statement {
    let start = tokens.iter().position(|t| t.is("WHERE")).map_or(tokens.len(), |at| at + 1);
    let ends = |t: &Token<'_>| {
        t.depth() == 0 && (["SYNC", "ASYNC", "TEST", "FORMAT"].iter().any(|w| t.is(w)) || t.is_symbol(";"))
    };
    let end = tokens[start..].iter().position(ends).map_or(tokens.len(), |at| start + at);
    let mut condition = String::new();
    let mut copied = tokens.get(start).map_or(sql.len(), |t| t.at());
    for token in &tokens[start..end] {
        if token.is("query_id") || token.text() == "`query_id`" || token.text() == "\"query_id\"" {
            condition.push_str(&sql[copied..token.at()]);
            condition.push_str(QUERY_ID_IN_ENGINE);
            copied = token.end();
        }
    }
    let condition_end = tokens.get(end).map_or(sql.len(), |t| t.at());
    condition.push_str(sql.get(copied..condition_end).unwrap_or_default());
    let rest: Vec<&str> = tokens[end..]
        .iter()
        .filter(|t| !t.is("SYNC") && !t.is("ASYNC") && !t.is_symbol(";"))
        .map(Token::text)
        .collect();
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
            let plain = id.text().strip_prefix('\'')?.strip_suffix('\'')?;
            let is_plain =
                !plain.is_empty() && plain.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
            is_plain.then(|| id.text().to_owned())
        }
        [open, name, colon, kind, close] => {
            let is_bound = open.is_symbol("{")
                && name.kind() == Kind::Word
                && colon.is_symbol(":")
                && kind.is("String")
                && close.is_symbol("}");
            is_bound.then(|| format!("{{{}:String}}", name.text()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::classify;

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

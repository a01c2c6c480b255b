//! Read-only is read-only. A request that may only read runs under a role of the engine, whose
//! grants know no file, network or write ([`crate::config`]), and under a profile whose limits a
//! statement cannot change. What those cannot say is said here, about the text as the engine's
//! own parser has read it: one statement that reads, no function `file`, and no setting but
//! those that change how a result is computed or written.

pub mod settings;
mod statement;

use crate::{
    config::{PROFILE_READING, ROLE_READ_ALL, ROLE_READ_ANALYTICS},
    ffi::{Analysis, Connection},
    refusal::Refusal,
};

/// Writes a statement out again as the engine has parsed it.
const FORMAT_QUERY: &str = "formatQuerySingleLine";

/// What a request may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    Full,
    /// Reading, every table.
    ReadAll,
    /// Reading, the tables of `analytics` and of `system`.
    ReadAnalytics,
}

impl Access {
    /// Whether the request may read and nothing else.
    #[must_use]
    pub fn only_reads(self) -> bool {
        self != Access::Full
    }
}

/// Takes the rights to all but reading from a connection, for as long as it lives. Its settings
/// must be set before: afterwards the limits among them are fixed.
///
/// # Errors
/// ClickHouse's message.
pub fn restrict(connection: &mut Connection, access: Access) -> Result<(), Refusal> {
    let role = match access {
        Access::Full => return Ok(()),
        Access::ReadAll => ROLE_READ_ALL,
        Access::ReadAnalytics => ROLE_READ_ANALYTICS,
    };
    // Each by itself, so that none runs when one before it has failed.
    for sql in [format!("SET ROLE {role}"), format!("SET profile = '{PROFILE_READING}'"), "SET readonly = 2".to_owned()]
    {
        connection.query(&sql, "Null", &[])?;
    }
    Ok(())
}

/// Refuses a statement that does more than read.
///
/// # Errors
/// ClickHouse's `READONLY`, or that it cannot be parsed.
pub fn check(connection: &mut Connection, sql: &str) -> Result<(), Refusal> {
    let analysis = connection.analyse(sql)?;
    let reads = analysis == Analysis { statements: 1, only_reads: true };
    // What cannot be parsed goes on to here: this says what is wrong with it.
    if !reads && analysis.statements != 0 {
        return Err(not_reading());
    }
    let given = [("statement".to_owned(), escaped(sql))];
    let formatted = connection.query(&format!("SELECT {FORMAT_QUERY}({{statement:String}})"), "TSVRaw", &given);
    let formatted = formatted.map_err(|error| without_scope(&error))?;
    if !reads {
        return Err(not_reading());
    }
    statement::check(&String::from_utf8_lossy(formatted.bytes()))
}

/// A syntax error without the statement in which it was asked for.
fn without_scope(error: &str) -> String {
    let scope = format!(": In scope SELECT {FORMAT_QUERY}");
    match (error.find(&scope), error.rfind(". (SYNTAX_ERROR)")) {
        (Some(from), Some(to)) if from < to => format!("{}{}", &error[..from], &error[to..]),
        _ => error.to_owned(),
    }
}

/// For a request that may only read and asks for more.
#[must_use]
pub fn not_reading() -> Refusal {
    let message = "Cannot execute query in readonly mode: one statement that reads is allowed. (READONLY)".to_owned();
    Refusal { code: 164, message }
}

/// The text form in which values are bound.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\0' => out.push_str("\\0"),
            c => out.push(c),
        }
    }
    out
}

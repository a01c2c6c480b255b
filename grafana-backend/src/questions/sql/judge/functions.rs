//! The functions that a statement may call.

use super::refused;
use crate::error::QueryError;

/// Table functions that make rows out of their arguments alone. All others reach files, the
/// network, programs, or tables by a name that is a string.
const TABLE_FUNCTIONS: [&str; 10] = [
    "generate_series",
    "generateSeries",
    "null",
    "numbers",
    "numbers_mt",
    "SQLStandardValues",
    "values",
    "view",
    "zeros",
    "zeros_mt",
];

/// Functions that reach beyond the statement's tables, in lower case: files, tables by a name
/// that is a string, services, the server's log and configuration; and those that wait.
const OUTSIDE: [&str; 21] = [
    "catboostevaluate",
    "evalmlmethod",
    "file",
    "filesystemavailable",
    "filesystemcapacity",
    "filesystemunreserved",
    "getclienthttpheader",
    "getmacro",
    "getmergetreesetting",
    "getserverport",
    "getserversetting",
    "getsetting",
    "getsettingordefault",
    "globalvariable",
    // Connects to a server, if one is named.
    "hascolumnintable",
    "logtrace",
    "naivebayesclassifier",
    "showcertificate",
    "sleep",
    "sleepeachrow",
    "zookeepersessionuptime",
];

/// Families of them: dictionaries, tables of the engine Join, language models, the server's own
/// memory.
const OUTSIDE_FAMILIES: [&str; 5] = ["addressto", "ai", "dict", "joinget", "naivebayesclassifier"];

/// # Errors
/// If the table function is none of those that stay in the statement.
pub(super) fn check_table_function(name: &str) -> Result<(), QueryError> {
    match TABLE_FUNCTIONS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        true => Ok(()),
        false => Err(refused(
            &format!("the table function {name}"),
            &format!("of those, a statement may use {}", TABLE_FUNCTIONS.join(", ")),
        )),
    }
}

/// # Errors
/// If the function reaches beyond the statement's tables.
pub(super) fn check(name: &str) -> Result<(), QueryError> {
    let lower = name.to_ascii_lowercase();
    let outside = OUTSIDE.contains(&lower.as_str()) || OUTSIDE_FAMILIES.iter().any(|family| lower.starts_with(family));
    match outside {
        true => Err(refused(&format!("the function {name}"), "it reaches beyond the tables that may be read")),
        false => Ok(()),
    }
}

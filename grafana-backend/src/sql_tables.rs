//! The tables that a statement may read.

use crate::{check::at_most, error::QueryError};

/// Where Footfall's tables are.
const ANALYTICS: &str = "analytics";
/// What the shipped dashboards show of ClickHouse itself, and tables that hold nothing.
const SYSTEM: [&str; 8] = ["columns", "disks", "errors", "numbers", "one", "parts", "processes", "zeros"];
/// Further tables of one datasource.
const MORE_MAX: usize = 100;

/// Tables that may be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tables {
    more: Vec<Further>,
}

/// A table, or all of a database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Further {
    database: String,
    /// `*` is all.
    table: String,
}

impl Tables {
    /// Those of `analytics`, those that the shipped dashboards need, and `more`:
    /// `database.table` or `database.*`.
    ///
    /// # Errors
    /// If one of `more` does not have that form.
    pub fn new(more: &[String]) -> Result<Self, QueryError> {
        let field = "jsonData.sqlTables";
        at_most(field, more.len(), MORE_MAX)?;
        let each = more.iter().map(|name| match name.trim().split_once('.') {
            Some((database, table)) if !database.is_empty() && !table.is_empty() => {
                Ok(Further { database: database.to_owned(), table: table.to_owned() })
            }
            _ => Err(QueryError::invalid(field, format!("{name:?} is neither database.table nor database.*"))),
        });
        Ok(Self { more: each.collect::<Result<_, _>>()? })
    }

    /// The databases that hold tables which may be read, besides those of ClickHouse itself.
    pub fn databases(&self) -> impl Iterator<Item = &str> {
        std::iter::once(ANALYTICS).chain(self.more.iter().map(|more| more.database.as_str()))
    }

    /// A name without a database is a table of `analytics` or a part of the statement: that is
    /// the database of every statement.
    ///
    /// # Errors
    /// Names the table, and where it could be allowed.
    pub fn check(&self, name: &str) -> Result<(), QueryError> {
        let Some((database, table)) = name.split_once('.') else { return Ok(()) };
        let given =
            || self.more.iter().any(|more| more.database == database && (more.table == "*" || more.table == table));
        // A table's name has no dot; a database's could, and be taken for another one's.
        let analytics = database == ANALYTICS && !table.contains('.');
        if analytics || (database == "system" && SYSTEM.contains(&table)) || given() {
            return Ok(());
        }
        Err(QueryError::invalid(
            "rawSql",
            format!(
                "the table {name} may not be read: those of {ANALYTICS} may, and those of the \
                 datasource's setting \"Further tables\" (sqlTables)"
            ),
        ))
    }
}

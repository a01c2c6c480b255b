//! A migration's file as statements. Comment lines before a statement can say when it runs:
//!
//! * `-- while analytics.events.event_id is UUID`: only while the column has this type, so
//!   that a statement that is no longer true to the tables is passed over when the file is
//!   run again.
//! * `-- in a cluster: analytics.events`: a new cluster makes the table under this name at
//!   once; the other statements with a `while` are for data that a new cluster never had.

/// Where a migration or statement is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// On a single server and in a cluster.
    Everywhere,
    /// On a single server only.
    SingleServer,
}

/// One statement, without its semicolon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The text.
    pub sql: String,
    /// The state of the tables for which it is meant.
    pub guard: Option<Guard>,
    /// The table's name in a new cluster, if it differs.
    pub cluster_name: Option<String>,
}

/// A column that has to have a type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Guard {
    pub database: String,
    pub table: String,
    pub column: String,
    pub kind: String,
}

impl Statement {
    /// A statement that always runs.
    #[must_use]
    pub fn plain(sql: &str) -> Self {
        Self { sql: sql.to_owned(), guard: None, cluster_name: None }
    }
}

/// The file's statements: each ends with a semicolon at a line's end.
#[must_use]
pub fn statements(file: &str) -> Vec<Statement> {
    file.split(";\n").map(statement).filter(|statement| !statement.sql.is_empty()).collect()
}

fn statement(text: &str) -> Statement {
    let mut out = Statement::plain("");
    let mut lines = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("-- ") {
            Some(comment) => {
                out.guard = out.guard.or_else(|| guard(comment));
                let name = comment.strip_prefix("in a cluster: ").map(str::to_owned);
                out.cluster_name = out.cluster_name.or(name);
            }
            None if line.starts_with("--") => {}
            None => lines.push(line),
        }
    }
    lines.join("\n").trim().trim_end_matches(';').clone_into(&mut out.sql);
    out
}

fn guard(comment: &str) -> Option<Guard> {
    let (column, kind) = comment.strip_prefix("while ")?.split_once(" is ")?;
    let mut names = column.split('.').map(str::to_owned);
    Some(Guard { database: names.next()?, table: names.next()?, column: names.next()?, kind: kind.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_no_part_of_a_statement_but_can_guard_it() {
        let file = "-- First.\nCREATE TABLE a\n(\n    x UInt8\n);\n\n-- Why.\n-- while d.t.c is UUID\n-- in a cluster: d.u\nDROP TABLE b;\n";
        let [first, second] = &statements(file)[..] else { panic!("two statements") };
        assert_eq!(*first, Statement::plain("CREATE TABLE a\n(\n    x UInt8\n)"));
        assert_eq!(second.sql, "DROP TABLE b");
        assert_eq!(second.cluster_name.as_deref(), Some("d.u"));
        let guard = second.guard.as_ref().unwrap();
        assert_eq!([&*guard.database, &*guard.table, &*guard.column, &*guard.kind], ["d", "t", "c", "UUID"]);
    }
}

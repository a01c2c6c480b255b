//! Which events a funnel step matches.

use std::fmt;

use super::sql::Sql;

/// An event's name, exactly, and its path, with `*` for any text; an empty one matches all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventFilter {
    /// The event's name.
    pub event: String,
    /// The path's pattern.
    pub path: String,
}

impl EventFilter {
    /// Appends the condition.
    pub fn write(&self, sql: &mut Sql) {
        sql.text("(");
        match self.event.as_str() {
            "" => sql.text("1"),
            event => sql.text("event = ").string(event),
        };
        match self.path.as_str() {
            "" => &mut *sql,
            path if path.contains('*') => sql.text(" AND path LIKE ").string(&like(path)),
            path => sql.text(" AND path = ").string(path),
        };
        sql.text(")");
    }
}

impl fmt::Display for EventFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.event.as_str(), self.path.as_str()) {
            (event, "") => f.write_str(event),
            ("", path) => f.write_str(path),
            (event, path) => write!(f, "{event} {path}"),
        }
    }
}

/// `*` becomes `%`; what is special in LIKE is taken literally.
fn like(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    for c in pattern.chars() {
        match c {
            '*' => out.push('%'),
            '%' | '_' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_s_other_signs_are_literal() {
        assert_eq!(like("/a_b/*/50%"), "/a\\_b/%/50\\%");
    }
}

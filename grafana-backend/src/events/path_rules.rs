//! Which paths are one page: `/orders/1/items` and `/orders/2/items` are `/orders/*/items`. What is stored stays as it
//! is, so that a rule counts for old events as well.
//!
//! Each rule is one function of the path before it and of constants, which ClickHouse computes once for each value of a
//! dictionary and not for each event: `multiIf`, of several columns, takes twice the time of fifty rules. A path that
//! has met its rule begins with `*` until the last one, so that no other rule, all of which begin with `/`, meets it.

use crate::sql::Sql;

/// The column that rules are for.
pub const PATH: &str = "path";

/// A stored path that begins with the mark gets a second one, of which one is taken away again.
const MARK: &str = "*";

/// Rules for paths; by default, none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathRules {
    patterns: Vec<String>,
    ignores_trailing_slash: bool,
}

impl PathRules {
    /// These patterns, of which the first that matches a whole path stands for it: `*` is one or more characters but
    /// `/`, and `/**` at the end one `/` and all that follows. One that does not begin with `/` matches nothing.
    #[must_use]
    pub fn new(patterns: Vec<String>, ignores_trailing_slash: bool) -> Self {
        let patterns = patterns.into_iter().filter(|pattern| pattern.starts_with('/')).collect();
        Self { patterns, ignores_trailing_slash }
    }

    /// Whether every path stays as it is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty() && !self.ignores_trailing_slash
    }

    /// Appends the page of a path, which `path` appends: a dictionary's value, so that it is fast.
    pub fn write(&self, sql: &mut Sql, path: impl FnOnce(&mut Sql)) {
        let functions = usize::from(self.ignores_trailing_slash)
            + if self.patterns.is_empty() { 0 } else { self.patterns.len() + 2 };
        for _ in 0..functions {
            sql.text("replaceRegexpOne(");
        }
        path(sql);
        if self.ignores_trailing_slash {
            // At least one character stays.
            sql.text(r", '(?s)(.)/+$', '\\1')");
        }
        if self.patterns.is_empty() {
            return;
        }
        sql.text(r", '^\\*', '**')");
        for pattern in &self.patterns {
            sql.text(", ").shared_string(&regex(pattern)).text(", ").shared_string(&replacement(pattern)).text(")");
        }
        sql.text(r", '^\\*', '')");
    }
}

/// The paths of a pattern, as RE2 takes it.
fn regex(pattern: &str) -> String {
    let (inner, rest) = match pattern.strip_suffix("/**") {
        Some(inner) => (inner, "/(?s:.)+"),
        None => (pattern, ""),
    };
    let mut out = String::with_capacity(pattern.len() * 2 + 8);
    out.push_str(if pattern.contains('\\') { "^()" } else { "^" });
    for c in inner.chars() {
        match c {
            '*' => out.push_str("[^/]+"),
            '\\' | '.' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push_str(rest);
    out.push('$');
    out
}

/// A pattern as what is put in the path's place, where a backslash before a digit names a group: after each stands
/// the empty group that [`regex`] begins with, as ClickHouse takes even one that is escaped for the name of a group.
fn replacement(pattern: &str) -> String {
    format!("{MARK}{}", pattern.replace('\\', r"\\\1"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn written(patterns: &[&str], ignores_trailing_slash: bool) -> Sql {
        let rules =
            PathRules::new(patterns.iter().map(|pattern| (*pattern).to_owned()).collect(), ignores_trailing_slash);
        let mut sql = Sql::default();
        rules.write(&mut sql, |sql| {
            sql.text("path");
        });
        sql
    }

    #[test]
    fn a_rule_is_a_function_of_the_path_before_it() {
        assert!(PathRules::default().is_empty() && PathRules::new(vec!["x".to_owned()], false).is_empty());
        assert_eq!(written(&[], false).as_text(), "path");
        assert_eq!(written(&[], true).as_text(), r"replaceRegexpOne(path, '(?s)(.)/+$', '\\1')");
        let sql = written(&["/a/*", "/b/**"], true);
        assert_eq!(
            sql.as_text(),
            "replaceRegexpOne(replaceRegexpOne(replaceRegexpOne(replaceRegexpOne(replaceRegexpOne(\
             path, '(?s)(.)/+$', '\\\\1'), '^\\\\*', '**'), {p0:String}, {p1:String}), {p2:String}, {p3:String}), '^\\\\*', '')"
        );
        assert_eq!(sql.values_json(), json!({"p0": "^/a/[^/]+$", "p1": "*/a/*", "p2": "^/b/(?s:.)+$", "p3": "*/b/**"}));
    }

    #[test]
    fn what_is_special_in_a_pattern_is_literal() {
        let values = written(&[r"/a.b+(c)|[d]{2}^$\1?_%-*"], false).values_json();
        assert_eq!(values["p0"], r"^()/a\.b\+\(c\)\|\[d\]\{2\}\^\$\\1\?_%-[^/]+$");
        assert_eq!(values["p1"], r"*/a.b+(c)|[d]{2}^$\\\11?_%-*");
    }
}

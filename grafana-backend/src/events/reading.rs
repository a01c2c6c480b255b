//! How a project's events are read, as its operator says it: which paths are one page, and when a visit ends.

use super::path_rules::PathRules;
use crate::sql::Sql;

/// Where the operator says nothing, as is usual in the field.
const SESSION_MINUTES_DEFAULT: i64 = 30;
/// Half hours of `analytics.sessions` cannot be taken apart, and a day is read around a range.
const SESSION_MINUTES: (i64, i64) = (30, 1_440);
const MINUTE_MS: i64 = 60_000;

/// How a project's events are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Which paths are one page.
    pub paths: PathRules,
    /// A visit without a session id ends after more than so long without an event, in milliseconds.
    pub inactivity_ms: i64,
}

impl Default for Reading {
    /// As events are stored.
    fn default() -> Self {
        Self::new(PathRules::default(), SESSION_MINUTES_DEFAULT)
    }
}

impl Reading {
    /// With visits that end after so many minutes.
    #[must_use]
    pub fn new(paths: PathRules, session_minutes: i64) -> Self {
        let (least, most) = SESSION_MINUTES;
        Self { paths, inactivity_ms: session_minutes.clamp(least, most) * MINUTE_MS }
    }

    /// Appends the page of a path that is stored as plain text, which `path` appends: its dictionary is made first.
    pub fn write_page_of_text(&self, sql: &mut Sql, path: impl FnOnce(&mut Sql)) {
        if self.paths.is_empty() {
            return path(sql);
        }
        sql.text("toString(");
        self.paths.write(sql, |sql| {
            sql.text("toLowCardinality(").sub(path).text(")");
        });
        sql.text(")");
    }
}

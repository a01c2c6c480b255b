//! Which events a step, a series or a question means: a name, a path, and further tests.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{
    entry::Entries,
    filter::{Filter, json::FilterJson, like::like, read::read},
    one_of::OneOf,
};
use crate::{error::QueryError, sql::Sql};

/// An event's name, exactly, its path, with `*` for any characters, and more tests; what is empty
/// matches all, and of several one is enough.
#[derive(Debug, Clone, PartialEq)]
pub struct EventFilter {
    /// The event's names.
    pub event: OneOf,
    /// The path's patterns.
    pub path: OneOf,
    /// What must hold besides.
    pub filter: Filter,
}

/// Selects events: what is absent matches everything.
#[derive(Deserialize, JsonSchema, Debug, Clone, Default)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "EventFilter")]
pub struct EventJson {
    /// The event's name, exactly.
    event: OneOf,
    /// Its path; `*` matches any string.
    path: OneOf,
    /// What must hold besides.
    filter: FilterJson,
}

impl EventJson {
    /// Checks it; `place` is the object's.
    ///
    /// # Errors
    /// Names the place and what is wrong there.
    pub fn check(self, place: &str) -> Result<EventFilter, QueryError> {
        EventFilter::read(self.event, self.path, &self.filter, &format!("{place}.filter"))
    }
}

impl EventFilter {
    /// Of a query's `event`, `path` and filter; `place` is where the filter stands.
    ///
    /// # Errors
    /// As [`read`].
    pub fn read(event: OneOf, path: OneOf, filter: &Value, place: &str) -> Result<Self, QueryError> {
        event.check("event")?;
        path.check("path")?;
        Ok(Self { event, path, filter: read(filter, place)? })
    }

    /// Whether it matches every event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.event.is_empty() && self.path.is_empty() && self.filter.is_empty()
    }

    /// What it reads of the session's entry, and of the event's page.
    #[must_use]
    pub fn entries(&self) -> Entries {
        let page = if self.path.is_empty() { Entries::default() } else { Entries::PAGE };
        self.filter.entries() | page
    }

    /// Appends the condition.
    pub fn write(&self, sql: &mut Sql) {
        sql.text("(");
        match self.event.values() {
            [] => sql.text("1"),
            [event] => sql.text("event = ").string(event),
            events => sql.text("event IN ").strings(events),
        };
        for (at, path) in self.path.values().iter().enumerate() {
            sql.text(if at == 0 { " AND (" } else { " OR " });
            match path.contains('*') {
                true => sql.text("path LIKE ").string(&like(path)),
                false => sql.text("path = ").string(path),
            };
        }
        sql.text(if self.path.is_empty() { "" } else { ")" });
        if !self.filter.is_empty() {
            sql.text(" AND ").sub(|sql| self.filter.write(sql));
        }
        sql.text(")");
    }
}

impl fmt::Display for EventFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.event.is_empty(), self.path.is_empty()) {
            (true, true) => f.write_str("any event"),
            (false, true) => self.event.fmt(f),
            (true, false) => self.path.fmt(f),
            (false, false) => write!(f, "{} {}", self.event, self.path),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_several_names_or_paths_one_is_enough() {
        let event = |event: Value, path: Value| {
            let read = |json| serde_json::from_value(json).unwrap();
            let filter = EventFilter::read(read(event), read(path), &Value::Null, "filter").unwrap();
            let mut sql = Sql::default();
            filter.write(&mut sql);
            (sql.as_text().to_owned(), filter.to_string())
        };
        assert_eq!(
            event(json!(["a", "b"]), json!(["/x", "/y/*"])),
            (
                "(event IN {p0:Array(String)} AND (path = {p1:String} OR path LIKE {p2:String}))".into(),
                "a | b /x | /y/*".into()
            )
        );
        assert_eq!(event(json!("a"), json!([])), ("(event = {p0:String})".into(), "a".into()));
        assert_eq!(event(json!([""]), json!("")), ("(1)".into(), "any event".into()));
    }
}

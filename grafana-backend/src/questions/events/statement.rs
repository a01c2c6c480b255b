//! The statement that reads single events.

use clickhouse::Row;
use serde::Deserialize;

use super::model::Selection;
use crate::{scope::Scope, sql::Sql};

/// A row of the statement.
#[derive(Row, Deserialize)]
pub struct Line {
    pub at_ms: i64,
    pub event: String,
    pub path: String,
    pub title: String,
    pub visitor: String,
    pub user_id: String,
    pub session_id: String,
    pub referrer_source: String,
    pub country: String,
    pub browser: String,
    pub properties: String,
}

/// A row an event, the newest first; of the selection's visitor, these are the same person.
///
/// Paths are shown as they are stored, since an order is looked for by its number, but selected by their pages.
pub fn statement(scope: &Scope, selection: &Selection, visitors: &[u64]) -> Sql {
    let mut sql = Sql::new("SELECT toUnixTimestamp64Milli(ts) AS at_ms, toString(event) AS event, toString(");
    let has_pages = scope.has_pages(selection.filter.entries());
    sql.text(if has_pages { "stored_path" } else { "path" }).text(
        ") AS path, toString(title) AS title, \
         toString(visitor) AS visitor, user_id, session_id, toString(referrer_source) AS referrer_source, \
         toString(country) AS country, toString(browser) AS browser, toJSONString(properties) AS properties",
    );
    // A column of the result takes the place of one of the same name in conditions.
    sql.text(if has_pages { " FROM (SELECT *" } else { "" });
    scope.from_events(&mut sql, scope.range.from_ms, scope.range.to_ms, selection.filter.entries());
    sql.text(" AND ").sub(|sql| selection.filter.write(sql));
    if selection.visitor.is_some() {
        sql.text(" AND events.visitor IN ").uints(visitors);
    }
    if !selection.user_id.is_empty() {
        sql.text(" AND user_id = ").string(&selection.user_id);
    }
    if !selection.session_id.is_empty() {
        sql.text(" AND session_id = ").string(&selection.session_id);
    }
    sql.text(if has_pages { ")" } else { "" });
    sql.text(" ORDER BY ts DESC, event_order DESC LIMIT ").int(selection.limit.into());
    sql
}

//! The statement that reads the places.

use super::model::Paths;
use crate::{gathering::Pass, scope::Scope, sql::Sql};

/// A row an event: of its second number the lowest bit says whether it is the anchor, the others
/// put events of one instant in order.
pub fn statement(scope: &Scope, paths: &Paths, pass: Pass) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.text(paths.by.expression())
        .text(" AS actor, toUnixTimestamp64Milli(ts) AS at_ms, toUInt64(0) AS mask, CAST(event_order * 2 + ");
    match &paths.anchor {
        Some(anchor) => drop(sql.text("toUInt8(").sub(|sql| anchor.write(sql)).text(")")),
        None => drop(sql.text("0")),
    }
    // Events are taken in the order of these numbers: of one instant, as they were sent, else by id.
    sql.text(", 'UInt64') AS hold, CAST(cityHash64(")
        .sub(|sql| paths.node.write_plain(sql))
        .text("), 'UInt64') AS value");
    scope.from_events(&mut sql, scope.range.from_ms, scope.range.to_ms, paths.entries());
    sql.text(paths.by.condition()).text(" AND ").sub(|sql| paths.filter.write(sql));
    pass.write(&mut sql, paths.by.expression());
    sql
}

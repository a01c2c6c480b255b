//! The statement that reads sessions and conversions.

use super::model::{Attribution, Measure};
use crate::{
    events::{actor::Actor, behaviour::Did, entry::Entries},
    gathering::Pass,
    scope::Scope,
    sql::Sql,
    time::range::Range,
};

/// A row for each session of each actor who converts, at the moment of its first event, and a row for each
/// conversion.
pub fn statement(scope: &Scope, attribution: &Attribution, pass: Pass) -> Sql {
    let mut sql = Sql::new("SELECT ");
    write_sessions(&mut sql, scope, attribution, pass);
    sql.text(" UNION ALL SELECT ");
    write_conversions(&mut sql, scope, attribution, pass);
    sql
}

fn write_sessions(sql: &mut Sql, scope: &Scope, attribution: &Attribution, pass: Pass) {
    let (actor, dimension) = (attribution.by.expression(), &attribution.dimension);
    let Range { from_ms, to_ms, .. } = attribution.touches_of(scope.range);
    sql.text("DISTINCT ")
        .text(actor)
        .text(
            " AS actor, CAST(bitShiftRight(session_moment, 64), 'Int64') AS at_ms, \
              CAST(bitAnd(session_moment, 18446744073709551615), 'UInt64') AS moment_order, \
              toUInt64(session_channel = 'Direct') AS kind, CAST(cityHash64(",
        )
        .sub(|sql| dimension.write_plain(sql))
        .text("), 'UInt64') AS value, toInt64(0) AS amount");
    let entries = dimension.entries() | Entries::moment() | Entries::channel();
    scope.from_stored_events(sql, from_ms, to_ms, entries);
    sql.text(attribution.by.condition()).text(" AND ");
    write_converts(sql, scope, attribution);
    pass.write(sql, actor);
}

fn write_conversions(sql: &mut Sql, scope: &Scope, attribution: &Attribution, pass: Pass) {
    let actor = attribution.by.expression();
    sql.text(actor)
        .text(" AS actor, toUnixTimestamp64Milli(ts) AS at_ms, event_order AS moment_order, toUInt64(2) AS kind, toUInt64(0) AS value, ")
        .text(match attribution.measure {
            Measure::Conversions => "toInt64(0) AS amount",
            Measure::Revenue => "toInt64(revenue_amount * 10000) AS amount",
        });
    scope.from_events(sql, scope.range.from_ms, scope.range.to_ms, attribution.conversion.entries());
    sql.text(attribution.by.condition()).text(" AND ").sub(|sql| attribution.conversion.write(sql));
    pass.write(sql, actor);
}

/// The sessions of all others are not read: they are most.
fn write_converts(sql: &mut Sql, scope: &Scope, attribution: &Attribution) {
    let (conversion, by) = (&attribution.conversion, attribution.by);
    match by {
        // Of all visitors that are the same person.
        Actor::Visitor => Did::once(conversion.clone(), scope.around()).linked(scope.facts.links()).write(sql),
        Actor::User | Actor::Session => {
            sql.text(by.expression()).text(" GLOBAL IN (SELECT ").text(by.expression());
            scope.loosened().from_stored_events(sql, scope.range.from_ms, scope.range.to_ms, conversion.entries());
            sql.text(by.condition()).text(" AND ").sub(|sql| conversion.write(sql)).text(")");
        }
    }
}

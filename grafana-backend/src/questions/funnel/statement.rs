//! The statements of a funnel.

use clickhouse::Row;
use serde::Deserialize;

use super::{
    fold_plan::Packing,
    model::{Attribution, Funnel, Order, Split},
};
use crate::{
    events::{actor::Actor, dimension::Dimension, entry::Entries},
    gathering::Pass,
    people::Persons,
    scope::Scope,
    sql::Sql,
};

/// What ClickHouse sends of an event; the less, the faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WireShape {
    /// Instant and mask in one number.
    Packed,
    /// The same, and the breakdown's value.
    Valued,
    /// Everything by itself.
    Wide,
}

impl WireShape {
    /// The one that costs least.
    pub fn of(funnel: &Funnel) -> Self {
        let fits = Packing::fits(funnel) && funnel.hold.is_none();
        match &funnel.split {
            None if fits => Self::Packed,
            Some(split) if fits && split.attribution != Attribution::All => Self::Valued,
            _ => Self::Wide,
        }
    }
}

/// A row an event. Entries lie in the range; conversions get the whole window after it, so that a
/// late entry is not counted as lost.
pub fn statement(scope: &Scope, funnel: &Funnel, pass: Pass) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.text(funnel.by.expression()).text(" AS actor, ");
    let shape = WireShape::of(funnel);
    if shape == WireShape::Wide {
        sql.text("toUnixTimestamp64Milli(ts) AS at_ms, ").sub(|sql| mask(sql, funnel)).text(" AS mask, ");
        hash(&mut sql, funnel.hold.as_ref());
        sql.text(" AS hold, ");
    } else {
        let packing = Packing::of(scope, funnel);
        sql.text("toUInt64(bitOr(bitShiftLeft(toUInt64(toUnixTimestamp64Milli(ts) - ")
            .int(packing.from_ms)
            .text("), ")
            .int(packing.mask_bits.into())
            .text("), ")
            .sub(|sql| mask(sql, funnel))
            .text(if shape == WireShape::Valued { ")) AS packed, " } else { ")) AS packed" });
    }
    if shape != WireShape::Packed {
        value(&mut sql, funnel);
        sql.text(" AS value");
    }
    scope.from_events(&mut sql, scope.range.from_ms, read_until_ms(scope, funnel), funnel.entries());
    sql.text(funnel.by.condition());
    // A strict funnel has to see what lies in between.
    if funnel.order != Order::Strict {
        sql.text(" AND (");
        for (at, filter) in funnel.filters().enumerate() {
            sql.text(if at == 0 { "" } else { " OR " }).sub(|sql| filter.write(sql));
        }
        sql.text(")");
    }
    pass.write(&mut sql, funnel.by.expression());
    sql
}

/// The ids of actors as people know them, by their hashes.
pub fn actor_ids(scope: &Scope, funnel: &Funnel, hashes: &[u64]) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.text(funnel.by.expression()).text(" AS hash, any(").text(funnel.by.id()).text(") AS name");
    scope.loosened().from_stored_events(
        &mut sql,
        scope.range.from_ms,
        read_until_ms(scope, funnel),
        Entries::default(),
    );
    sql.text(funnel.by.condition()).text(" AND hash IN ").uints(hashes).text(" GROUP BY hash");
    sql
}

/// A row of [`active_actors`].
#[derive(Row, Deserialize)]
pub struct Count {
    pub actors: u64,
}

/// How many actors have an event in the range, whatever it is.
pub fn active_actors(scope: &Scope, funnel: &Funnel, persons: Persons) -> Sql {
    let mut sql = Sql::new("SELECT uniqExact(");
    sql.text(match funnel.by {
        Actor::Visitor => persons.expression(),
        by => by.expression(),
    });
    sql.text(") AS actors");
    let join = |sql: &mut Sql| persons.join(sql, scope, "visitor", scope.range);
    scope.from_stored_events_with(&mut sql, scope.range.from_ms, scope.range.to_ms, Entries::default(), join);
    sql.text(funnel.by.condition());
    sql
}

/// The end of what is read.
pub fn read_until_ms(scope: &Scope, funnel: &Funnel) -> i64 {
    scope.range.to_ms.saturating_add(funnel.window_ms)
}

fn mask(sql: &mut Sql, funnel: &Funnel) {
    sql.text("toUInt64(");
    for (at, filter) in funnel.filters().enumerate() {
        sql.text(if at == 0 { "" } else { " + " })
            .text("if(")
            .sub(|sql| filter.write(sql))
            .text(", ")
            .int(1 << at)
            .text(", 0)");
    }
    sql.text(")");
}

fn value(sql: &mut Sql, funnel: &Funnel) {
    match &funnel.split {
        Some(Split { breakdown, attribution: Attribution::FirstSet }) => {
            // No value has no hash, so that the fold knows it.
            sql.text("if(").sub(|sql| breakdown.dimension.write_is_empty(sql)).text(", toUInt64(0), ");
            sql.sub(|sql| hash(sql, Some(&breakdown.dimension))).text(")");
        }
        split => hash(sql, split.as_ref().map(|split| &split.breakdown.dimension)),
    }
}

fn hash(sql: &mut Sql, dimension: Option<&Dimension>) {
    match dimension {
        Some(dimension) => {
            sql.text("CAST(cityHash64(").sub(|sql| dimension.write_plain(sql)).text("), 'UInt64')");
        }
        None => {
            sql.text("toUInt64(0)");
        }
    }
}

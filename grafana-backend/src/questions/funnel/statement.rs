//! The statements of a funnel.

use super::{
    fold_plan::Packing,
    model::{Attribution, Funnel, Order},
};
use crate::{events::dimension::Dimension, gathering::Pass, scope::Scope, sql::Sql};

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
        hash(&mut sql, funnel.split.as_ref().map(|split| &split.breakdown.dimension));
        sql.text(" AS value");
    }
    sql.text(" FROM analytics.events FINAL WHERE ");
    scope.write(&mut sql, scope.range.from_ms, read_until_ms(scope, funnel));
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
    sql.text(funnel.by.expression())
        .text(" AS hash, any(")
        .text(funnel.by.id())
        .text(") AS name FROM analytics.events WHERE ");
    scope.write(&mut sql, scope.range.from_ms, read_until_ms(scope, funnel));
    sql.text(funnel.by.condition()).text(" AND hash IN ").uints(hashes).text(" GROUP BY hash");
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

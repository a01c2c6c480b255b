//! Funnels: how many actors take the steps. ClickHouse gives the events that match a step
//! ([`crate::actors`]), [`fold`] finds each actor's chain, [`tally`] counts. Every result, from
//! the counts to the list of actors behind a bar, comes out of the same chains, so that
//! they cannot disagree. Rules: docs/queries/funnel.md.

pub mod fold;
mod frames;
pub mod model;
pub mod tally;

use std::collections::HashMap;

use crate::{
    actors::{self, Packed, Pass, Valued, Wide},
    clickhouse::ClickHouse,
    error::QueryError,
    frame::Frame,
    names,
    query::{Query, dimension::Dimension, interval::Buckets, sql::Sql},
};
use fold::{Rules, StepRule, plain};
use model::{Actor, Attribution, Funnel, Order, Shown};
use tally::{Group, Plan, Tally};

/// Bits of a packed event for its instant: 69 years of milliseconds.
const INSTANT_BITS: u32 = 41;

/// Runs the query and makes its frames.
///
/// # Errors
/// See [`QueryError`].
pub async fn run(clickhouse: &ClickHouse, query: &Query, funnel: &Funnel) -> Result<Frame, QueryError> {
    let plan = plan(query, funnel)?;
    let text = statement(query, funnel, &plan, Pass::WHOLE).as_text().to_owned();
    let statement = |pass| statement(query, funnel, &plan, pass);
    let make = {
        let plan = plan.clone();
        move || Tally::new(&plan)
    };
    let of = plan.clone();
    let mut tally = match sent(funnel) {
        Sent::Packed => {
            let each = move |tally: &mut Tally, events: &[Packed]| tally.add_packed(&of, events);
            actors::fold(clickhouse, statement, make, each).await?
        }
        Sent::Valued => {
            let each = move |tally: &mut Tally, events: &[Valued]| tally.add_valued(&of, events);
            actors::fold(clickhouse, statement, make, each).await?
        }
        Sent::Wide => {
            let each = move |tally: &mut Tally, events: &[Wide]| tally.add_wide(&of, events);
            actors::fold(clickhouse, statement, make, each).await?
        }
    };
    tally.sort_actors();
    let frame = match &funnel.result {
        Shown::Steps => frames::steps(funnel, &plan, named(clickhouse, query, funnel, tally.groups).await?),
        Shown::Trend(_) => {
            frames::trend(funnel, &plan, named(clickhouse, query, funnel, tally.groups).await?, query.now_ms)
        }
        Shown::Histogram => frames::histogram(tally.groups),
        Shown::Actors { .. } => {
            let ids = actor_ids(clickhouse, query, funnel, &tally).await?;
            frames::actors(funnel, &tally, &ids)
        }
    };
    Ok(frame.with_executed(text))
}

/// The statement that reads the events.
///
/// # Errors
/// If the range has too many buckets.
pub fn statement_of(query: &Query, funnel: &Funnel) -> Result<Sql, QueryError> {
    Ok(statement(query, funnel, &plan(query, funnel)?, Pass::WHOLE))
}

fn plan(query: &Query, funnel: &Funnel) -> Result<Plan, QueryError> {
    let steps =
        funnel.steps.iter().map(|step| StepRule { optional: step.optional, window_ms: step.window_ms }).collect();
    let buckets = match &funnel.result {
        Shown::Trend(unit) => Some(Buckets::cut(query.range, *unit, query.zone)?),
        _ => None,
    };
    let actors = match funnel.result {
        Shown::Actors { step, converted, limit } => Some((step, converted, limit as usize)),
        _ => None,
    };
    let rules = Rules {
        steps,
        window_ms: funnel.window_ms,
        entries_before_ms: query.range.to_ms,
        strict: funnel.order == Order::Strict,
        open: funnel.open,
        exclusions: funnel.exclusions.iter().map(|exclusion| (exclusion.after, exclusion.before)).collect(),
    };
    let any = funnel.order == Order::Any;
    Ok(Plan {
        is_plain: !any && plain::is_plain(&rules),
        rules,
        any,
        hold: funnel.hold.is_some(),
        attribution: funnel.breakdown.as_ref().map(|breakdown| breakdown.attribution),
        buckets,
        actors,
        packing: (mask_bits(funnel), query.range.from_ms),
    })
}

fn mask_bits(funnel: &Funnel) -> u32 {
    u32::try_from(funnel.steps.len() + funnel.exclusions.len()).unwrap_or(u32::MAX)
}

/// What ClickHouse sends of an event; the less, the faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// Instant and mask in one number.
    Packed,
    /// The same, and the breakdown's value.
    Valued,
    /// Everything by itself.
    Wide,
}

fn sent(funnel: &Funnel) -> Sent {
    let fits = mask_bits(funnel) + INSTANT_BITS < 64 && funnel.hold.is_none();
    match &funnel.breakdown {
        None if fits => Sent::Packed,
        Some(breakdown) if fits && breakdown.attribution != Attribution::All => Sent::Valued,
        _ => Sent::Wide,
    }
}

/// Entries lie in the range; conversions get the whole window after it, so that a late
/// entry is not counted as lost.
#[must_use]
pub fn statement(query: &Query, funnel: &Funnel, plan: &Plan, pass: Pass) -> Sql {
    let mut sql = Sql::new("SELECT ");
    sql.text(funnel.by.expression()).text(" AS actor, ");
    let sent = sent(funnel);
    if sent == Sent::Wide {
        sql.text("toUnixTimestamp64Milli(ts) AS at_ms, ").sub(|sql| mask(sql, funnel)).text(" AS mask, ");
        hash(&mut sql, funnel.hold.as_ref());
        sql.text(" AS hold, ");
    } else {
        sql.text("toUInt64(bitOr(bitShiftLeft(toUInt64(toUnixTimestamp64Milli(ts) - ")
            .int(plan.packing.1)
            .text("), ")
            .int(plan.packing.0.into())
            .text("), ")
            .sub(|sql| mask(sql, funnel))
            .text(if sent == Sent::Valued { ")) AS packed, " } else { ")) AS packed" });
    }
    if sent != Sent::Packed {
        hash(&mut sql, funnel.breakdown.as_ref().map(|breakdown| &breakdown.dimension));
        sql.text(" AS value");
    }
    sql.text(" FROM analytics.events FINAL WHERE ");
    query.scope(&mut sql, query.range.from_ms, query.range.to_ms.saturating_add(funnel.window_ms));
    sql.text(funnel.by.condition());
    // A strict funnel has to see what lies in between.
    if funnel.order != Order::Strict {
        sql.text(" AND (");
        let steps = funnel.steps.iter().map(|step| &step.filter);
        for (at, filter) in steps.chain(funnel.exclusions.iter().map(|exclusion| &exclusion.filter)).enumerate() {
            sql.text(if at == 0 { "" } else { " OR " }).sub(|sql| filter.write(sql));
        }
        sql.text(")");
    }
    pass.write(&mut sql, funnel.by.expression());
    sql
}

fn mask(sql: &mut Sql, funnel: &Funnel) {
    sql.text("toUInt64(");
    let steps = funnel.steps.iter().map(|step| &step.filter);
    for (at, filter) in steps.chain(funnel.exclusions.iter().map(|exclusion| &exclusion.filter)).enumerate() {
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

/// A value of the breakdown with its counts, the most entered first; `None` is the rest.
type Named = Vec<(Option<String>, Group)>;

/// Values of which the name is asked, for each that is shown: more may have the same number.
const CANDIDATES: usize = 4;

/// The values that are shown by themselves get their names, the others become one.
async fn named(
    clickhouse: &ClickHouse,
    query: &Query,
    funnel: &Funnel,
    groups: HashMap<u64, Group>,
) -> Result<Named, QueryError> {
    let Some(breakdown) = &funnel.breakdown else {
        let group = groups.into_values().next().unwrap_or_else(|| Group::new(funnel.steps.len()));
        return Ok(vec![(Some(String::new()), group)]);
    };
    let limit = breakdown.limit as usize;
    let to_ms = query.range.to_ms.saturating_add(funnel.window_ms);
    let names = names::of(clickhouse, query, to_ms, &breakdown.dimension, &candidates(&groups, limit)).await?;
    Ok(split(groups, &names, limit))
}

/// The hashes of the values with the most entries, and those with as many as the last of them.
fn candidates(groups: &HashMap<u64, Group>, limit: usize) -> Vec<u64> {
    let mut sorted: Vec<(u64, u64)> = groups.iter().map(|(hash, group)| (group.entered, *hash)).collect();
    sorted.sort_unstable_by_key(|(entered, hash)| (std::cmp::Reverse(*entered), *hash));
    let least = sorted.get(limit.saturating_sub(1)).map_or(0, |(entered, _)| *entered);
    let enough = sorted.iter().take_while(|(entered, _)| *entered >= least);
    enough.map(|(_, hash)| *hash).take(limit.saturating_mul(CANDIDATES)).collect()
}

/// By name it is decided who is shown of those with the same number; whose name was not asked
/// for comes after all that have one.
fn split(groups: HashMap<u64, Group>, names: &HashMap<u64, String>, limit: usize) -> Named {
    let mut sorted: Vec<(Option<&String>, Group)> =
        groups.into_iter().map(|(hash, group)| (names.get(&hash), group)).collect();
    sorted.sort_by(|(a, x), (b, y)| y.entered.cmp(&x.entered).then_with(|| (a.is_none(), a).cmp(&(b.is_none(), b))));
    let mut out: Named = Vec::new();
    let mut rest: Option<Group> = None;
    for (name, group) in sorted {
        match name {
            Some(name) if out.len() < limit => out.push((Some(name.clone()), group)),
            _ => rest.get_or_insert_with(Group::default).merge(group),
        }
    }
    out.extend(rest.map(|group| (None, group)));
    out
}

/// The ids of the listed actors, as people know them.
async fn actor_ids(
    clickhouse: &ClickHouse,
    query: &Query,
    funnel: &Funnel,
    tally: &Tally,
) -> Result<HashMap<u64, String>, QueryError> {
    let hashes: Vec<u64> = tally.actors.iter().map(|(_, actor, _)| *actor).collect();
    if funnel.by == Actor::Visitor {
        return Ok(hashes.into_iter().map(|visitor| (visitor, visitor.to_string())).collect());
    }
    if hashes.is_empty() {
        return Ok(HashMap::new());
    }
    let mut sql = Sql::new("SELECT ");
    sql.text(funnel.by.expression())
        .text(" AS hash, any(")
        .text(funnel.by.id())
        .text(") AS name FROM analytics.events WHERE ");
    query.scope(&mut sql, query.range.from_ms, query.range.to_ms.saturating_add(funnel.window_ms));
    sql.text(funnel.by.condition()).text(" AND hash IN ").uints(&hashes).text(" GROUP BY hash");
    names::not_kept(clickhouse, sql).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_values_with_the_same_number_the_first_by_name_are_shown() {
        let group = || Group { entered: 1, ..Group::new(2) };
        let groups: HashMap<u64, Group> = (0..100).map(|hash| (hash, group())).collect();
        let asked = candidates(&groups, 3);
        assert_eq!(asked.len(), 12);
        let names = asked.into_iter().map(|hash| (hash, format!("v{:02}", 50 - hash))).collect();
        let named = split(groups, &names, 3);
        let shown: Vec<_> = named.iter().map(|(name, group)| (name.as_deref(), group.entered)).collect();
        assert_eq!(shown, [(Some("v39"), 1), (Some("v40"), 1), (Some("v41"), 1), (None, 97)]);
    }
}

//! Funnels: how many actors take the steps in order within the conversion window.
//!
//! ClickHouse finds each actor's events that match any step; [`fold`] walks them. Doing
//! the walk here gives what `windowFunnel` cannot: times between steps, one event for
//! one step, milliseconds, and a stated rule for equal timestamps. docs/queries/funnel.md.

pub mod fold;

use clickhouse::Row;
use serde::Deserialize;

use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    frame::{Column, Frame},
    query::{Actor, Funnel, Query, sql::Sql},
};
use fold::{Event, Tally};

/// One actor's events, each packed into one number: the instant in milliseconds in the
/// upper 64 bits, then the event's id of 48 bits, then the steps matched. An
/// array of numbers takes ClickHouse two thirds of the time that one of tuples takes.
#[derive(Row, Deserialize)]
struct ActorEvents {
    events: Vec<u128>,
}

const STEP_BITS: u32 = 16;
const ID_BITS: u32 = 48;

#[expect(clippy::cast_possible_truncation, reason = "each part is cut out of the whole")]
fn unpack(packed: u128) -> Event {
    let [low, high] = [packed as u64, (packed >> (STEP_BITS + ID_BITS)) as u64];
    Event { at_ms: high.cast_signed(), id: low >> STEP_BITS, steps: low as u16 }
}

/// Runs the query and makes its frame.
///
/// # Errors
/// See [`QueryError`].
pub async fn run(clickhouse: &ClickHouse, query: &Query, funnel: &Funnel) -> Result<Frame, QueryError> {
    let sql = statement(query, funnel);
    let text = sql.as_text().to_owned();
    let mut tally = Tally::new(funnel.steps.len(), funnel.window_ms, query.range.to_ms);
    let each = |actor: ActorEvents| {
        tally.add(actor.events.into_iter().map(unpack).collect());
    };
    clickhouse.fold(sql, each).await?;
    Ok(frame(funnel, tally).with_executed(text))
}

/// Entries lie in the range; conversions get the whole window after it, so that a late
/// entry is not counted as lost.
#[must_use]
pub fn statement(query: &Query, funnel: &Funnel) -> Sql {
    let mut sql = Sql::new(
        "SELECT groupArray(bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(ts)), 64), \
         toUInt128(bitOr(bitShiftLeft(event_id, 16), toUInt64(",
    );
    for (at, step) in funnel.steps.iter().enumerate() {
        sql.text(if at == 0 { "" } else { " + " })
            .text("if(")
            .sub(|sql| step.filter.write(sql))
            .text(", ")
            .int(1 << at)
            .text(", 0)");
    }
    sql.text("))))) AS events FROM analytics.events FINAL WHERE project = ")
        .string(&query.project)
        .text(" AND ts >= fromUnixTimestamp64Milli(")
        .int(query.range.from_ms)
        .text(", 'UTC') AND ts < fromUnixTimestamp64Milli(")
        .int(query.range.to_ms.saturating_add(funnel.window_ms))
        .text(", 'UTC') AND (");
    for (at, step) in funnel.steps.iter().enumerate() {
        sql.text(if at == 0 { "" } else { " OR " }).sub(|sql| step.filter.write(sql));
    }
    sql.text(match funnel.by {
        Actor::Visitor => ") GROUP BY visitor",
        Actor::Session => ") AND session_id != '' GROUP BY session_id",
    });
    sql
}

#[expect(clippy::cast_precision_loss, reason = "shares; counts stay whole")]
fn frame(funnel: &Funnel, tally: Tally) -> Frame {
    let counts = tally.counts().to_vec();
    let first = counts.first().copied().unwrap_or(0);
    let before = |at: usize| if at == 0 { first } else { counts[at - 1] };
    let whole = |count: u64| Some(i64::try_from(count).unwrap_or(i64::MAX));
    let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
    let at = || 0..counts.len();
    let medians_s = tally.medians_ms().into_iter().map(|ms| ms.map(|ms| ms / 1000.0));
    let mut frame = Frame::new("funnel");
    frame.push(Column::text("step", funnel.steps.iter().map(|step| Some(step.name.clone())).collect()));
    frame.push(Column::whole("count", counts.iter().map(|count| whole(*count)).collect()));
    frame.push(Column::number("rate", at().map(|k| share(counts[k], first)).collect()).with_unit("percentunit"));
    frame.push(
        Column::number("step_rate", at().map(|k| share(counts[k], before(k))).collect()).with_unit("percentunit"),
    );
    frame.push(Column::whole("drop_off", at().map(|k| whole(before(k) - counts[k])).collect()));
    frame.push(Column::number("median_s", std::iter::once(None).chain(medians_s).collect()).with_unit("s"));
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clickhouse_packs_is_unpacked() {
        let packed = |at_ms: i64, id: u64, steps: u16| {
            (u128::from(at_ms.cast_unsigned()) << 64) | u128::from(id << STEP_BITS) | u128::from(steps)
        };
        for (at_ms, id, steps) in [(1_713_326_652_123, 7, 0b101), (-1, (1 << ID_BITS) - 1, u16::MAX), (0, 0, 0)] {
            assert_eq!(unpack(packed(at_ms, id, steps)), Event { at_ms, id, steps });
        }
    }
}

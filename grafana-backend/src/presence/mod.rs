//! In which periods an actor was there: what questions about coming back have in common.

mod count;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    error::QueryError,
    events::{actor::Actor, event_filter::EventFilter, filter::json::FilterJson, one_of::OneOf},
    gathering::{Packed, Pass},
    scope::Scope,
    sql::Sql,
    time::{
        buckets::Buckets,
        comparison::{CompareJson, Comparison},
        range::Range,
        unit::{Interval, Unit},
    },
};

pub use count::{Count, Counted};

/// Who is there, and when, by which events.
#[derive(Debug, Clone, PartialEq)]
pub struct Presence {
    /// What counts as being there.
    pub filter: EventFilter,
    /// The period.
    pub unit: Unit,
    /// Who.
    pub by: Actor,
    /// With an earlier range.
    pub compare: Option<Comparison>,
}

/// Who is there in a period: docs/queries/lifecycle.md.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PresenceJson {
    /// The events that count as being there, by name.
    event: OneOf,
    /// The same by path; `*` matches any string.
    path: OneOf,
    /// What must hold of them besides.
    event_filter: FilterJson,
    /// The period.
    interval: Interval,
    /// Who is counted.
    by: Actor,
    /// With an earlier range.
    compare: CompareJson,
}

impl Default for PresenceJson {
    fn default() -> Self {
        Self {
            event: OneOf::default(),
            path: OneOf::default(),
            event_filter: FilterJson::default(),
            interval: Interval::Day,
            by: Actor::Visitor,
            compare: CompareJson::default(),
        }
    }
}

impl PresenceJson {
    /// Checks everything.
    ///
    /// # Errors
    /// Names the field and the value.
    pub fn check(self, range: Range) -> Result<Presence, QueryError> {
        let filter = EventFilter::read(self.event, self.path, &self.event_filter, "eventFilter")?;
        Ok(Presence {
            filter,
            unit: self.interval.unit(range),
            by: self.by,
            compare: Comparison::parse(&self.compare)?,
        })
    }
}

impl Presence {
    /// The periods that are shown, and one more before: who was there then, returns in the first one.
    ///
    /// # Errors
    /// If the range has too many periods.
    pub fn periods(&self, scope: &Scope) -> Result<Periods, QueryError> {
        let shown = Buckets::cut(scope.range, self.unit, scope.zone)?;
        let first_ms = shown.starts_ms.first().copied().unwrap_or(scope.range.from_ms);
        let earlier = Range { from_ms: first_ms - 1, ..scope.range };
        Buckets::cut(earlier, self.unit, scope.zone).map(Periods)
    }

    /// A row an actor and period; `packed` is one more than the time from the first period, as
    /// [`Periods::of`] takes it.
    #[must_use]
    pub fn statement(&self, scope: &Scope, periods: &Periods, pass: Pass) -> Sql {
        let mut sql = Sql::new("SELECT DISTINCT ");
        sql.text(self.by.expression()).text(" AS actor, toUInt64(");
        periods.0.write(&mut sql, "toUnixTimestamp64Milli(ts)");
        sql.text(" - ").int(periods.start_ms()).text(" + 1) AS packed");
        scope.from_stored_events(&mut sql, periods.start_ms(), periods.0.end_ms, self.filter.entries());
        self.write(&mut sql, pass);
        sql
    }

    /// The same, and a row whose `packed` is 0 for each actor who was there before the periods.
    #[must_use]
    pub fn statement_with_before(&self, scope: &Scope, periods: &Periods, pass: Pass) -> Sql {
        let mut sql = self.statement(scope, periods, pass);
        sql.text(" UNION ALL SELECT DISTINCT ").text(self.by.expression()).text(" AS actor, toUInt64(0) AS packed");
        scope.from_stored_events(&mut sql, 0, periods.start_ms(), self.filter.entries());
        self.write(&mut sql, pass);
        sql
    }

    fn write(&self, sql: &mut Sql, pass: Pass) {
        sql.text(self.by.condition()).text(" AND ").sub(|sql| self.filter.write(sql));
        pass.write(sql, self.by.expression());
    }
}

/// The periods that are read; the first one is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Periods(pub Buckets);

impl Periods {
    /// How many, the one that is not shown among them.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.starts_ms.len()
    }

    /// The periods in which an actor was there, each once, from 0, ascending; that of the one not shown is 0.
    #[must_use]
    pub fn of(&self, rows: &[Packed]) -> Vec<usize> {
        let in_periods = rows.iter().filter(|row| row.packed > 0);
        let mut periods: Vec<usize> =
            in_periods.filter_map(|row| self.0.find(self.start_ms() + (row.packed - 1).cast_signed())).collect();
        // Several visitors of a person can be there in the same.
        periods.dedup();
        periods
    }

    fn start_ms(&self) -> i64 {
        self.0.starts_ms.first().copied().unwrap_or(0)
    }
}

//! What an event's session began with: its channel, its campaign, its first page. `analytics.sessions`
//! holds these columns of each session's first event, so that an event finds them by its session.

use std::ops::BitOr;

use super::visit::INACTIVITY_MS_MAX;
use crate::{sql::Sql, time::unit::DAY_MS};

/// A column of a session's first event.
#[derive(Debug, PartialEq, Eq)]
pub struct EntryColumn {
    /// As the event's own column is called.
    pub name: &'static str,
    /// As a query calls it.
    pub asked: &'static str,
    /// Where `analytics.sessions` holds it.
    pub stored: &'static str,
    /// What it is called beside an event's own columns.
    pub joined: &'static str,
    /// The same before the half hours of a visit are joined.
    of_half_hour: &'static str,
}

macro_rules! entry_columns {
    ($($name:literal),* $(,)?) => {
        [$(EntryColumn {
            name: $name,
            asked: concat!("session:", $name),
            stored: concat!("entry.", $name),
            joined: concat!("session_", $name),
            of_half_hour: concat!("half_hour_", $name),
        }),*]
    };
}

/// All of them.
pub static ENTRY: [EntryColumn; 19] = entry_columns![
    "event",
    "path",
    "hostname",
    "referrer_host",
    "referrer_source",
    "channel",
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "country",
    "region",
    "city",
    "locale",
    "browser",
    "os",
    "device_type",
    "bot",
];

/// When a session began: milliseconds since 1970 UTC times 2⁶⁴, plus the event's order within its millisecond. Nobody
/// asks for it by name.
static MOMENT: EntryColumn = EntryColumn {
    name: "moment",
    asked: "",
    stored: "entry.moment",
    joined: "session_moment",
    of_half_hour: "half_hour_moment",
};

/// The places of the chosen columns in a half hour's tuple, after its times and its number.
const PLACES: [&str; 20] = [
    "s[1].4", "s[1].5", "s[1].6", "s[1].7", "s[1].8", "s[1].9", "s[1].10", "s[1].11", "s[1].12", "s[1].13", "s[1].14",
    "s[1].15", "s[1].16", "s[1].17", "s[1].18", "s[1].19", "s[1].20", "s[1].21", "s[1].22", "s[1].23",
];

/// Which of them a question reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Entries(u32);

impl Entries {
    /// This one alone.
    #[must_use]
    pub fn only(column: &EntryColumn) -> Self {
        Self(ENTRY.iter().position(|each| each == column).map_or(0, |at| 1 << at))
    }

    /// When the session began, as `session_moment`.
    #[must_use]
    pub fn moment() -> Self {
        Self(1 << ENTRY.len())
    }

    /// How the session came, as `session_channel`.
    #[must_use]
    pub fn channel() -> Self {
        ENTRY.iter().find(|column| column.name == "channel").map_or_else(Self::default, Self::only)
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn columns(self) -> impl Iterator<Item = &'static EntryColumn> {
        let all = ENTRY.iter().chain([&MOMENT]).enumerate();
        all.filter(move |(at, _)| self.0 >> at & 1 == 1).map(|(_, column)| column)
    }
}

impl BitOr for Entries {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl FromIterator<Entries> for Entries {
    fn from_iter<I: IntoIterator<Item = Entries>>(all: I) -> Self {
        all.into_iter().fold(Self::default(), BitOr::bitor)
    }
}

/// Whose session an event belongs to, and in which half hour if no client has marked it: the key of a
/// row of `analytics.sessions`, as its view computes it.
const KEY: &str = "if(session_id = '', visitor, cityHash64(session_id)) AS entry_owner, \
    toUInt32(if(session_id = '', toUInt32(toDate(ts)) * 48 + 1 + intDiv(toUnixTimestamp(ts) % 86400, 1800), 0)) AS entry_half_hour";

/// The events of which and when, and what of their sessions is read.
#[derive(Debug, Clone, Copy)]
pub struct Joined<'p> {
    /// The project.
    pub project: &'p str,
    /// The first instant that is read.
    pub from_ms: i64,
    /// The first that is not.
    pub to_ms: i64,
    /// The columns.
    pub entries: Entries,
    /// `analytics.events`, merged or as it is stored.
    pub table: &'static str,
}

impl Joined<'_> {
    /// Appends the table, with the columns of the sessions' entries beside its own if any of them is read.
    pub fn write(&self, sql: &mut Sql) {
        match self.entries.is_empty() {
            true => drop(sql.text(self.table)),
            false => self.write_joined(sql),
        }
    }

    /// Appends the condition that an event is of the project and the time.
    pub fn write_which(&self, sql: &mut Sql) {
        sql.text("project = ")
            .string(self.project)
            .text(" AND ts >= fromUnixTimestamp64Milli(")
            .int(self.from_ms)
            .text(", 'UTC') AND ts < fromUnixTimestamp64Milli(")
            .int(self.to_ms)
            .text(", 'UTC')");
    }

    fn write_joined(&self, sql: &mut Sql) {
        sql.text("(SELECT * FROM (SELECT *, event_order, ").text(KEY).text(" FROM ").text(self.table);
        sql.text(" WHERE ").sub(|sql| self.write_which(sql)).text(") AS e ANY LEFT JOIN (");
        self.write_marked(sql);
        sql.text(" UNION ALL ");
        self.write_by_inactivity(sql);
        sql.text(") AS s USING (entry_owner, entry_half_hour)) AS events");
    }

    /// Sessions that a client has marked: the first of their rows has the value, merged or not.
    fn write_marked(&self, sql: &mut Sql) {
        sql.text("SELECT session AS entry_owner, toUInt32(0) AS entry_half_hour");
        self.write_first(sql, |column| column.joined);
        sql.text(" FROM analytics.sessions WHERE slot = 0 AND ");
        self.write_days(sql);
        sql.text(" GROUP BY session");
    }

    /// Half hours of a visitor that belong together, each with the value of the first.
    fn write_by_inactivity(&self, sql: &mut Sql) {
        sql.text("SELECT visitor AS entry_owner, arrayJoin(arrayMap(e -> e.3, s)) AS entry_half_hour");
        for (column, place) in self.entries.columns().zip(PLACES) {
            sql.text(", ").text(place).text(" AS ").text(column.joined);
        }
        sql.text(" FROM (SELECT visitor, arrayJoin(arraySplit((e, before) -> e.1 - before.2 > ")
            .int(INACTIVITY_MS_MAX)
            .text(", es, arrayPushFront(arrayPopBack(es), es[1]))) AS s FROM (SELECT visitor, arraySort(groupArray((")
            .text("from_ms, to_ms, half_hour");
        for column in self.entries.columns() {
            sql.text(", ").text(column.of_half_hour);
        }
        sql.text(
            "))) AS es FROM (SELECT visitor, toUInt32(toUInt32(date) * 48 + slot) AS half_hour, \
             toUnixTimestamp64Milli(min(started)) AS from_ms, toUnixTimestamp64Milli(max(ended)) AS to_ms",
        );
        self.write_first(sql, |column| column.of_half_hour);
        sql.text(" FROM analytics.sessions WHERE slot > 0 AND ");
        self.write_days(sql);
        sql.text(" GROUP BY visitor, half_hour) GROUP BY visitor))");
    }

    fn write_first(&self, sql: &mut Sql, name: fn(&EntryColumn) -> &'static str) {
        for column in self.entries.columns() {
            sql.text(", argMin(").text(column.stored).text(", entry.moment) AS ").text(name(column));
        }
    }

    /// A day more on either side, so that a session is cut only where it is longer than that.
    fn write_days(&self, sql: &mut Sql) {
        let day = |ms: i64| ms.div_euclid(DAY_MS);
        sql.text("project = ")
            .string(self.project)
            .text(" AND date >= toDate(fromUnixTimestamp64Milli(")
            .int(((day(self.from_ms) - 1) * DAY_MS).max(0))
            .text(", 'UTC')) AND date < toDate(fromUnixTimestamp64Milli(")
            .int((day(self.to_ms - 1) + 2) * DAY_MS)
            .text(", 'UTC'))");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_that_are_read_are_joined_and_no_others() {
        let column = |name: &str| ENTRY.iter().find(|column| column.name == name).unwrap();
        let entries = Entries::only(column("channel")) | Entries::only(column("path"));
        let joined = Joined { project: "p", from_ms: 0, to_ms: 1, entries, table: "analytics.events AS events FINAL" };
        let mut sql = Sql::default();
        joined.write(&mut sql);
        let text = sql.as_text();
        for expected in [
            "argMin(entry.path, entry.moment) AS session_path, argMin(entry.channel, entry.moment) AS session_channel",
            "s[1].4 AS session_path, s[1].5 AS session_channel",
            "(from_ms, to_ms, half_hour, half_hour_path, half_hour_channel)",
        ] {
            assert!(text.contains(expected), "{text}");
        }
        assert!(!text.contains("session_country"), "{text}");
    }
}

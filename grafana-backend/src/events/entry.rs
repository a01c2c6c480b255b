//! What an event's session began with: its channel, its campaign, its first page. `analytics.sessions`
//! holds these columns of each session's first event, so that an event finds them by its session. And the page that
//! an event's own path is, where the project has rules for paths.

use std::ops::BitOr;

use super::{path_rules::PATH, reading::Reading};
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

/// The places of the chosen columns in a half hour's tuple, after its times and its number.
const PLACES: [&str; 19] = [
    "s[1].4", "s[1].5", "s[1].6", "s[1].7", "s[1].8", "s[1].9", "s[1].10", "s[1].11", "s[1].12", "s[1].13", "s[1].14",
    "s[1].15", "s[1].16", "s[1].17", "s[1].18", "s[1].19", "s[1].20", "s[1].21", "s[1].22",
];

/// Which of them a question reads, and whether it reads the event's own page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Entries(u32);

impl Entries {
    /// The event's own page, and nothing of its session.
    pub const PAGE: Self = Self(1 << 31);

    /// This one alone.
    #[must_use]
    pub fn only(column: &EntryColumn) -> Self {
        Self(ENTRY.iter().position(|each| each == column).map_or(0, |at| 1 << at))
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the event's own page is read.
    #[must_use]
    pub fn have_page(self) -> bool {
        self.0 & Self::PAGE.0 != 0
    }

    /// Whether anything of the session is.
    fn are_of_session(self) -> bool {
        self.0 & !Self::PAGE.0 != 0
    }

    fn columns(self) -> impl Iterator<Item = &'static EntryColumn> {
        ENTRY.iter().enumerate().filter(move |(at, _)| self.0 >> at & 1 == 1).map(|(_, column)| column)
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
    /// How the project's events are read.
    pub reading: &'p Reading,
}

impl Joined<'_> {
    /// Appends the table, with the columns of the sessions' entries beside its own if any of them is read. If pages are
    /// read and not every path is one, `path` is the page, and `stored_path` what is stored.
    pub fn write(&self, sql: &mut Sql) {
        match (self.entries.are_of_session(), self.has_pages()) {
            (false, false) => drop(sql.text(self.table)),
            (false, true) => {
                sql.text("(").sub(|sql| self.write_columns(sql)).text(" FROM ").text(self.table);
                sql.text(" WHERE ").sub(|sql| self.write_which(sql)).text(") AS events");
            }
            (true, _) => self.write_joined(sql),
        }
    }

    /// Whether `path` is another one than is stored.
    #[must_use]
    pub fn has_pages(&self) -> bool {
        self.entries.have_page() && !self.reading.paths.is_empty()
    }

    fn write_columns(&self, sql: &mut Sql) {
        match self.has_pages() {
            false => sql.text("SELECT *, event_order"),
            // Without its table's name, `path` would be the page here as well.
            true => {
                sql.text("SELECT * REPLACE (");
                self.reading.paths.write(sql, |sql| {
                    sql.text(PATH);
                });
                sql.text(" AS path), event_order, events.path AS stored_path")
            }
        };
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
        sql.text("(SELECT * FROM (").sub(|sql| self.write_columns(sql)).text(", ").text(KEY);
        sql.text(" FROM ").text(self.table);
        sql.text(" WHERE ").sub(|sql| self.write_which(sql)).text(") AS e ANY LEFT JOIN (");
        self.write_marked(sql);
        sql.text(" UNION ALL ");
        self.write_by_inactivity(sql);
        sql.text(") AS s USING (entry_owner, entry_half_hour)) AS events");
    }

    /// Sessions that a client has marked: the first of their rows has the value, merged or not.
    fn write_marked(&self, sql: &mut Sql) {
        sql.text("SELECT session AS entry_owner, toUInt32(0) AS entry_half_hour");
        for column in self.entries.columns() {
            sql.text(", ").sub(|sql| self.write_value(sql, column, |sql| write_first(sql, column)));
            sql.text(" AS ").text(column.joined);
        }
        sql.text(" FROM analytics.sessions WHERE slot = 0 AND ");
        self.write_days(sql);
        sql.text(" GROUP BY session");
    }

    /// Half hours of a visitor that belong together, each with the value of the first.
    fn write_by_inactivity(&self, sql: &mut Sql) {
        sql.text("SELECT visitor AS entry_owner, arrayJoin(arrayMap(e -> e.3, s)) AS entry_half_hour");
        for (column, place) in self.entries.columns().zip(PLACES) {
            sql.text(", ").sub(|sql| {
                self.write_value(sql, column, |sql| {
                    sql.text(place);
                })
            });
            sql.text(" AS ").text(column.joined);
        }
        sql.text(" FROM (SELECT visitor, arrayJoin(arraySplit((e, before) -> e.1 - before.2 > ")
            .int(self.reading.inactivity_ms)
            .text(", es, arrayPushFront(arrayPopBack(es), es[1]))) AS s FROM (SELECT visitor, arraySort(groupArray((")
            .text("from_ms, to_ms, half_hour");
        for column in self.entries.columns() {
            sql.text(", ").text(column.of_half_hour);
        }
        sql.text(
            "))) AS es FROM (SELECT visitor, toUInt32(toUInt32(date) * 48 + slot) AS half_hour, \
             toUnixTimestamp64Milli(min(started)) AS from_ms, toUnixTimestamp64Milli(max(ended)) AS to_ms",
        );
        for column in self.entries.columns() {
            sql.text(", ").sub(|sql| write_first(sql, column)).text(" AS ").text(column.of_half_hour);
        }
        sql.text(" FROM analytics.sessions WHERE slot > 0 AND ");
        self.write_days(sql);
        sql.text(" GROUP BY visitor, half_hour) GROUP BY visitor))");
    }

    /// Appends a session's value, which `stored` appends as it is stored.
    fn write_value(&self, sql: &mut Sql, column: &EntryColumn, stored: impl FnOnce(&mut Sql)) {
        match column.name {
            PATH => self.reading.write_page_of_text(sql, stored),
            _ => stored(sql),
        }
    }

    /// A day more on either side, so that a session is cut only where it is longer than that: no pause within it is.
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

fn write_first(sql: &mut Sql, column: &EntryColumn) {
    sql.text("argMin(").text(column.stored).text(", entry.moment)");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::path_rules::PathRules;

    #[test]
    fn the_columns_that_are_read_are_joined_and_no_others() {
        let column = |name: &str| ENTRY.iter().find(|column| column.name == name).unwrap();
        let entries = Entries::only(column("channel")) | Entries::only(column("path"));
        let reading = Reading::default();
        let table = "analytics.events AS events FINAL";
        let joined = Joined { project: "p", from_ms: 0, to_ms: 1, entries, table, reading: &reading };
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

    #[test]
    fn pages_are_made_where_they_are_read_and_differ() {
        let (none, rules) = (Reading::default(), PathRules::new(vec!["/a/*".to_owned()], false));
        let reading = Reading::new(rules, 45);
        let text = |reading, entries| {
            let joined =
                Joined { project: "p", from_ms: 0, to_ms: 1, entries, table: "analytics.events AS events", reading };
            let mut sql = Sql::default();
            joined.write(&mut sql);
            sql
        };
        let column = |name: &str| Entries::only(ENTRY.iter().find(|column| column.name == name).unwrap());
        for (reading, entries) in [(&none, Entries::PAGE), (&reading, Entries::default())] {
            assert_eq!(text(reading, entries).as_text(), "analytics.events AS events");
        }
        assert_eq!(text(&none, column("path") | Entries::PAGE), text(&none, column("path")));
        let pages = text(&reading, Entries::PAGE);
        assert!(pages.as_text().starts_with("(SELECT * REPLACE (replaceRegexpOne("), "{pages:?}");
        assert!(
            pages.as_text().contains(
                " AS path), event_order, events.path AS stored_path FROM analytics.events AS events WHERE project = "
            ),
            "{pages:?}"
        );
        // Another column of the entry leaves the event's own path as it is.
        let by_channel = text(&reading, column("channel"));
        assert!(!by_channel.as_text().contains("replaceRegexpOne"), "{by_channel:?}");
        assert!(by_channel.values_json().to_string().contains(":2700000"), "{by_channel:?}");
        // Both parts of the entries, and a rule is bound once.
        let by_path = text(&reading, column("path"));
        assert_eq!(by_path.as_text().matches("toString(replaceRegexpOne(").count(), 2, "{by_path:?}");
        assert_eq!(by_path.values_json().to_string().matches("^/a/[^/]+$").count(), 1, "{by_path:?}");
    }
}

//! Who did it, in SQL: a condition on an event's visitor.
//!
//! Events are counted by visitor, visitors by person; the result is every visitor of those persons, also of
//! those of their visitors who did nothing. A person's number is that of one of the visitors, and the links
//! name all others.

use super::model::Did;
use crate::{events::entry::Joined, sql::Sql};

impl Did {
    /// Appends the condition.
    pub fn write(&self, sql: &mut Sql) {
        sql.text(
            "events.visitor GLOBAL IN (SELECT arrayJoin(arrayPushBack(groupArrayIf(did_visitor, did_linked != 0), did_person)) FROM (\
             SELECT did_visitor, max(did_link) AS did_linked, if(did_linked = 0, did_visitor, did_linked) AS did_person, \
             sum(did_count) AS did_times, sum(did_count_before) AS did_times_before FROM (",
        );
        self.write_counts(sql);
        sql.text(
            " UNION ALL SELECT visitor AS did_visitor, person AS did_link, toUInt64(0) AS did_count, \
             toUInt64(0) AS did_count_before FROM analytics.people WHERE project = ",
        )
        .string(&self.project)
        .text(") GROUP BY did_visitor) GROUP BY did_person HAVING sum(did_times) >= ")
        .int(self.least.cast_signed());
        if let Some(most) = self.most {
            sql.text(" AND sum(did_times) <= ").int(most.cast_signed());
        }
        sql.text(if self.first_time { " AND sum(did_times_before) = 0)" } else { ")" });
    }

    /// A row a visitor.
    fn write_counts(&self, sql: &mut Sql) {
        sql.text("SELECT events.visitor AS did_visitor, toUInt64(0) AS did_link, ");
        match self.first_time {
            false => sql.text("count() AS did_count, toUInt64(0) AS did_count_before FROM "),
            true => sql
                .text("countIf(ts >= fromUnixTimestamp64Milli(")
                .int(self.window.from_ms)
                .text(", 'UTC')) AS did_count, countIf(ts < fromUnixTimestamp64Milli(")
                .int(self.window.from_ms)
                .text(", 'UTC')) AS did_count_before FROM "),
        };
        let events = Joined {
            project: &self.project,
            from_ms: if self.first_time { self.window.from_ms.min(0) } else { self.window.from_ms },
            to_ms: self.window.to_ms,
            entries: self.events.entries(),
            // Whether it was done does not depend on how often an event is stored.
            table: if self.is_once() { "analytics.events AS events" } else { "analytics.events AS events FINAL" },
            reading: &self.reading,
        };
        events.write(sql);
        sql.text(" WHERE ").sub(|sql| events.write_which(sql)).text(" AND ").sub(|sql| self.events.write(sql));
        sql.text(" GROUP BY did_visitor");
    }
}

//! Who did it, or is on a list, in SQL: a condition on an event's visitor.
//!
//! Events are counted by visitor, visitors by person; the result is every visitor of those persons, also of
//! those of their visitors who did nothing. A person's number is that of one of the visitors, and the links
//! name all others. Where nothing is linked, a visitor is a person.

use super::model::{Did, Listed};
use crate::{events::entry::Joined, linked::Links, sql::Sql};

impl Did {
    /// Appends the condition.
    pub fn write(&self, sql: &mut Sql) {
        let counts = |sql: &mut Sql| self.write_counts(sql);
        write_persons(sql, &self.project, self.links, counts, |sql, by| self.write_times(sql, by));
    }

    /// So often, of counts of visitors or of persons.
    fn write_times(&self, sql: &mut Sql, by: By) {
        let (times, before) = match by {
            By::Visitor => ("did_count", "did_count_before"),
            By::Person => ("sum(did_times)", "sum(did_times_before)"),
        };
        sql.text(times).text(" >= ").int(self.least.cast_signed());
        if let Some(most) = self.most {
            sql.text(" AND ").text(times).text(" <= ").int(most.cast_signed());
        }
        if self.first_time {
            sql.text(" AND ").text(before).text(" = 0");
        }
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

impl Listed {
    /// Appends the condition.
    pub fn write(&self, sql: &mut Sql) {
        let members = |sql: &mut Sql| {
            sql.text(
                "SELECT visitor AS did_visitor, toUInt64(0) AS did_link, toUInt64(1) AS did_count, \
                 toUInt64(0) AS did_count_before FROM analytics.cohort_members WHERE project = ",
            );
            sql.string(&self.project).text(" AND list IN ").uints(&[self.list]);
        };
        write_persons(sql, &self.project, self.links, members, |sql, by| {
            sql.text(match by {
                By::Visitor => "did_count > 0",
                By::Person => "sum(did_times) > 0",
            });
        });
    }
}

/// Of whom the numbers are.
#[derive(Clone, Copy)]
enum By {
    Visitor,
    Person,
}

/// Appends that an event's visitor is one of the persons of whom `times` holds. `counts` are rows of `did_visitor`,
/// `did_link` (none), `did_count` and `did_count_before`.
fn write_persons(
    sql: &mut Sql,
    project: &str,
    links: Links,
    counts: impl FnOnce(&mut Sql),
    times: impl FnOnce(&mut Sql, By),
) {
    if links == Links::None {
        sql.text("events.visitor GLOBAL IN (SELECT did_visitor FROM (").sub(counts).text(") WHERE ");
        sql.sub(|sql| times(sql, By::Visitor)).text(")");
        return;
    }
    sql.text(
        "events.visitor GLOBAL IN (SELECT arrayJoin(arrayPushBack(groupArrayIf(did_visitor, did_linked != 0), did_person)) FROM (\
         SELECT did_visitor, max(did_link) AS did_linked, if(did_linked = 0, did_visitor, did_linked) AS did_person, \
         sum(did_count) AS did_times, sum(did_count_before) AS did_times_before FROM (",
    );
    sql.sub(counts).text(" UNION ALL ").sub(|sql| write_links(sql, project, links));
    sql.text(") GROUP BY did_visitor) GROUP BY did_person HAVING ").sub(|sql| times(sql, By::Person)).text(")");
}

/// A row a visitor that is another person than itself.
fn write_links(sql: &mut Sql, project: &str, links: Links) {
    match links {
        // The view follows aliases, which costs as much as all else of it; what it does of claims is this.
        Links::Claims => sql
            .text(
                "SELECT visitor AS did_visitor, toUInt64(min(bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Milli(first_at)), 64), person))) \
                 AS did_link, toUInt64(0) AS did_count, toUInt64(0) AS did_count_before FROM analytics.links FINAL \
                 WHERE is_claimed = 1 AND decision % 2 = 0 AND project = ",
            )
            .string(project)
            .text(" GROUP BY did_visitor"),
        Links::All | Links::None => sql
            .text(
                "SELECT visitor AS did_visitor, person AS did_link, toUInt64(0) AS did_count, \
                 toUInt64(0) AS did_count_before FROM analytics.people WHERE project = ",
            )
            .string(project),
    };
}

//! What every question has in common, checked once: whose events, of which range and zone, under
//! which filter, asked when. It knows nothing of questions.

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    clickhouse::ClickHouse,
    cohorts::Stored,
    error::QueryError,
    events::{
        behaviour::{Around, PersonFilter, filter::read, json::PersonFilterJson, settled},
        entry::{Entries, Joined},
        filter::ad_hoc::{self, AdHoc},
        reading::Reading,
    },
    facts::Facts,
    sql::Sql,
    time::{comparison::Comparison, range::Range},
};

/// What every question has in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    /// The project, exactly; empty only where a question needs none.
    pub project: String,
    /// The panel's range and bucket.
    pub range: Range,
    /// The viewer's time zone.
    pub zone: Tz,
    /// The events that count.
    pub filter: PersonFilter,
    /// When it was asked, in milliseconds since 1970 UTC.
    pub now_ms: i64,
    /// The datasource's uid in Grafana, which its live channels begin with.
    pub uid: String,
    /// What is known of the project: see [`Scope::with_facts`].
    pub facts: Facts,
}

/// What comes beside a query's JSON.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The panel's range.
    pub range: Range,
    /// When, in milliseconds since 1970 UTC.
    pub now_ms: i64,
    /// The datasource's uid.
    pub uid: &'a str,
    /// The project of a query that names none.
    pub default_project: &'a str,
}

/// The JSON form.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ScopeJson {
    /// The project's exact name; the data source's default project if absent.
    project: String,
    /// The viewer's zone, which decides where days start: a name of the IANA database, `utc` or `browser`.
    timezone: String,
    /// Which events count.
    filter: PersonFilterJson,
    /// The dashboard's filters; all must match.
    adhoc_filters: Vec<AdHoc>,
}

impl ScopeJson {
    /// Checks everything but whether there is a project: see [`Scope::require_project`].
    ///
    /// # Errors
    /// Names the field that is wrong, the limit and the value.
    pub fn check(self, asked: Asked<'_>) -> Result<Scope, QueryError> {
        let range = asked.range.check()?;
        let project = if self.project.is_empty() { asked.default_project.to_owned() } else { self.project };
        let zone = zone(&self.timezone)?;
        let around = Around { project: &project, range, zone, reading: &Reading::default() };
        let own = read(&self.filter, "filter", around)?;
        Ok(Scope {
            filter: own.and(PersonFilter::of_events(&ad_hoc::all_of(&self.adhoc_filters)?)),
            range,
            project,
            zone,
            now_ms: asked.now_ms,
            uid: asked.uid.to_owned(),
            facts: Facts::default(),
        })
    }
}

fn zone(name: &str) -> Result<Tz, QueryError> {
    match name {
        "" | "utc" | "browser" => Ok(Tz::UTC),
        name => name.parse().map_err(|_| {
            let message = format!("{name:?} is not a time zone of the IANA database, such as Europe/Berlin");
            QueryError::invalid("timezone", message)
        }),
    }
}

#[cfg(test)]
impl Scope {
    /// Of a project, over nothing.
    pub fn for_tests() -> Self {
        Self {
            project: "website".to_owned(),
            range: Range { from_ms: 0, to_ms: 1, interval_ms: 1 },
            zone: Tz::UTC,
            filter: PersonFilter::default(),
            now_ms: 0,
            uid: String::new(),
            facts: Facts::default(),
        }
    }
}

impl Scope {
    /// For questions about one project's events.
    ///
    /// # Errors
    /// If none is named.
    pub fn require_project(&self) -> Result<(), QueryError> {
        if self.project.is_empty() {
            let hint = "none is given: name one, or set a default project in the datasource's settings";
            return Err(QueryError::invalid("project", hint));
        }
        Ok(())
    }

    /// The same with what ClickHouse knows of the project, which a question is asked with.
    ///
    /// # Errors
    /// As [`Facts::of`] and [`Stored::of`]; if there is no cohort of a name in the filter.
    pub async fn with_facts(&self, clickhouse: &ClickHouse) -> Result<Self, QueryError> {
        let scope = Self { facts: Facts::of(clickhouse, &self.project).await?, ..self.clone() };
        let stored = Stored::of(clickhouse, &self.project, &self.filter.cohorts()).await?;
        let filter = settled(&scope.filter, &stored, scope.around(), scope.facts.links())?;
        Ok(Self { filter, ..scope }.over(self.range))
    }

    /// Whose persons are asked about, when, and how their events are read.
    #[must_use]
    pub fn around(&self) -> Around<'_> {
        Around { project: &self.project, range: self.range, zone: self.zone, reading: &self.facts.reading }
    }

    /// The same of the range that it is compared with.
    #[must_use]
    pub fn compared(&self, comparison: Option<Comparison>) -> Option<Self> {
        comparison.map(|comparison| self.over(comparison.of(self.range, self.zone)))
    }

    /// The same of another range, and read as the facts say.
    #[must_use]
    pub fn over(&self, range: Range) -> Self {
        let around = Around { project: &self.project, range, zone: self.zone, reading: &self.facts.reading };
        Self { range, filter: self.filter.over(around), ..self.clone() }
    }

    /// The same with more events, where it does not matter if some are not of the filter: what persons did is asked
    /// in the statement already, and costs more than those events.
    #[must_use]
    pub fn loosened(&self) -> Self {
        match self.filter.if_of_events() {
            Some(_) => self.clone(),
            None => Self { filter: PersonFilter::default(), ..self.clone() },
        }
    }

    /// Whether `path` is another one than is stored, in a statement that reads these.
    #[must_use]
    pub fn has_pages(&self, entries: Entries) -> bool {
        (entries | self.filter.entries()).have_page() && !self.facts.reading.paths.is_empty()
    }

    /// Appends the events of this scope, merged, and the condition that they are: ` FROM … WHERE …`. `entries` is
    /// what the question reads of their sessions' entries.
    pub fn from_events(&self, sql: &mut Sql, from_ms: i64, to_ms: i64, entries: Entries) {
        self.from_events_with(sql, from_ms, to_ms, entries, |_| {});
    }

    /// The same with what is joined to them.
    pub fn from_events_with(
        &self,
        sql: &mut Sql,
        from_ms: i64,
        to_ms: i64,
        entries: Entries,
        join: impl FnOnce(&mut Sql),
    ) {
        let table = "analytics.events AS events FINAL";
        self.from(sql, self.joined(from_ms, to_ms, entries, table), join);
    }

    /// The same as they are stored, where it does not matter if an event is there twice.
    pub fn from_stored_events(&self, sql: &mut Sql, from_ms: i64, to_ms: i64, entries: Entries) {
        self.from_stored_events_with(sql, from_ms, to_ms, entries, |_| {});
    }

    /// The same with what is joined to them.
    pub fn from_stored_events_with(
        &self,
        sql: &mut Sql,
        from_ms: i64,
        to_ms: i64,
        entries: Entries,
        join: impl FnOnce(&mut Sql),
    ) {
        self.from(sql, self.joined(from_ms, to_ms, entries, "analytics.events AS events"), join);
    }

    fn joined(&self, from_ms: i64, to_ms: i64, entries: Entries, table: &'static str) -> Joined<'_> {
        let (project, reading) = (self.project.as_str(), &self.facts.reading);
        Joined { project, from_ms, to_ms, entries: entries | self.filter.entries(), table, reading }
    }

    /// The events, with their sessions' entries if those are read → what is joined to them → which of them.
    fn from(&self, sql: &mut Sql, events: Joined<'_>, join: impl FnOnce(&mut Sql)) {
        sql.text(" FROM ").sub(|sql| events.write(sql)).sub(join).text(" WHERE ").sub(|sql| events.write_which(sql));
        if !self.filter.is_empty() {
            sql.text(" AND ").sub(|sql| self.filter.write(sql));
        }
    }
}

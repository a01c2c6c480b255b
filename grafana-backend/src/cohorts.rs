//! The named cohorts of a project, as `ingest-gateway cohort` keeps them: a definition, which is the JSON of a filter,
//! or a list of visitors. What they mean as a condition is in `events::behaviour`. Rules: docs/queries/cohorts.md.

use std::collections::BTreeSet;

use clickhouse::Row;
use serde::Deserialize;

use crate::{clickhouse::ClickHouse, error::QueryError, sql::Sql};

/// Characters of a cohort's name.
pub const NAME_CHARS_MAX: usize = 100;
/// Cohorts of one project, as the gateway allows them.
pub const COHORTS_MAX: i64 = 1_000;
/// Names in the error about a name that is none.
const SHOWN_MAX: usize = 20;

/// A cohort as it is stored.
#[derive(Row, Deserialize, Debug, Clone, PartialEq, Eq)]
pub struct Cohort {
    /// Its name.
    pub name: String,
    /// For people.
    pub description: String,
    /// The JSON of a filter; empty of a list.
    pub definition: String,
    /// The list's number; 0 of a definition.
    pub list: u64,
    /// When it was changed, in milliseconds since 1970 UTC.
    pub changed_ms: i64,
}

impl Cohort {
    /// Whether it is a list.
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.list != 0
    }

    /// What it is, in a word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        if self.is_list() { "list" } else { "definition" }
    }
}

/// Those that a query names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    found: Vec<Cohort>,
    /// Names that there are, if not all were found.
    known: Vec<String>,
}

#[derive(Row, Deserialize)]
struct Name {
    name: String,
}

impl Stored {
    /// Those of these names; of no name, nothing is asked.
    ///
    /// # Errors
    /// As [`ClickHouse::rows`].
    pub async fn of(clickhouse: &ClickHouse, project: &str, names: &[String]) -> Result<Self, QueryError> {
        let names: BTreeSet<&String> = names.iter().collect();
        if names.is_empty() {
            return Ok(Self::default());
        }
        let names: Vec<String> = names.into_iter().cloned().collect();
        let mut sql = select(project);
        sql.text(" AND name IN ").strings(&names);
        let found: Vec<Cohort> = clickhouse.rows(sql).await?;
        if found.len() == names.len() {
            return Ok(Self { found, known: Vec::new() });
        }
        let mut sql = Sql::new("SELECT name FROM analytics.cohorts FINAL WHERE NOT is_removed AND project = ");
        sql.string(project).text(" ORDER BY name LIMIT ").int(SHOWN_MAX as i64 + 1);
        let known = clickhouse.rows::<Name>(sql).await?.into_iter().map(|row| row.name).collect();
        Ok(Self { found, known })
    }

    /// These.
    #[cfg(test)]
    pub fn for_tests(found: Vec<Cohort>) -> Self {
        Self { found, known: Vec::new() }
    }

    /// The one of this name.
    ///
    /// # Errors
    /// Says at `place` that there is none, and which there are.
    pub fn named(&self, name: &str, place: &str, project: &str) -> Result<&Cohort, QueryError> {
        self.found.iter().find(|cohort| cohort.name == name).ok_or_else(|| {
            let mut known: Vec<&str> = self.known.iter().take(SHOWN_MAX).map(String::as_str).collect();
            known.extend((self.known.len() > SHOWN_MAX).then_some("…"));
            let known = match known.is_empty() {
                true => "none is known".to_owned(),
                false => format!("known are {}", known.join(", ")),
            };
            QueryError::invalid(place, format!("there is no cohort {name:?} in project {project:?}; {known}"))
        })
    }
}

/// All of a project, by name.
///
/// # Errors
/// As [`ClickHouse::rows`].
pub async fn all(clickhouse: &ClickHouse, project: &str) -> Result<Vec<Cohort>, QueryError> {
    clickhouse.rows(look_up(project)).await
}

/// The statement of [`all`].
#[must_use]
pub fn look_up(project: &str) -> Sql {
    let mut sql = select(project);
    sql.text(" ORDER BY name LIMIT ").int(COHORTS_MAX);
    sql
}

fn select(project: &str) -> Sql {
    let mut sql = Sql::new(
        "SELECT name, description, definition, list, toInt64(intDiv(version, 1000)) AS changed_ms \
         FROM analytics.cohorts FINAL WHERE NOT is_removed AND project = ",
    );
    sql.string(project);
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_an_error_that_names_others() {
        let known = |count: usize| Stored { found: Vec::new(), known: (0..count).map(|n| format!("c{n}")).collect() };
        let error = |stored: Stored| stored.named("x", "filter.cohort", "shop").unwrap_err().to_string();
        assert_eq!(error(known(2)), "filter.cohort: there is no cohort \"x\" in project \"shop\"; known are c0, c1");
        assert_eq!(error(known(0)), "filter.cohort: there is no cohort \"x\" in project \"shop\"; none is known");
        assert!(error(known(21)).ends_with("c18, c19, …"));
    }
}

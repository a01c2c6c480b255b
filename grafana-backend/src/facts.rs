//! What is stored about a project beside its events. A query looks it up once, in one statement, before it asks
//! anything else: most projects have nothing here, and then their statements are the simpler for it.

use clickhouse::Row;
use serde::Deserialize;

use crate::{
    clickhouse::ClickHouse,
    error::QueryError,
    events::{path_rules::PathRules, reading::Reading},
    linked::Links,
    sql::Sql,
};

/// What is known of one project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// A visitor is claimed to be a user, or was.
    pub has_links: bool,
    /// A user has become another.
    pub has_aliases: bool,
    /// How its events are read.
    pub reading: Reading,
}

/// One of them; there is a row for each kind.
#[derive(Row, Deserialize)]
struct Fact {
    kind: u8,
    path_rules: Vec<String>,
    ignore_trailing_slash: bool,
    session_timeout_min: u16,
}

const LINK: u8 = 0;
const ALIAS: u8 = 1;
const READING: u8 = 2;

impl Facts {
    /// Of this project; of none, nothing.
    ///
    /// # Errors
    /// As [`ClickHouse::rows`].
    pub async fn of(clickhouse: &ClickHouse, project: &str) -> Result<Self, QueryError> {
        if project.is_empty() {
            return Ok(Self::default());
        }
        let rows: Vec<Fact> = clickhouse.rows(statement(project)).await?;
        let has = |kind: u8| rows.iter().any(|row| row.kind == kind);
        let (has_links, has_aliases) = (has(LINK), has(ALIAS));
        let reading = rows.into_iter().find(|row| row.kind == READING).map_or_else(Reading::default, |row| {
            let paths = PathRules::new(row.path_rules, row.ignore_trailing_slash);
            Reading::new(paths, row.session_timeout_min.into())
        });
        Ok(Self { has_links, has_aliases, reading })
    }

    /// What makes one person of several visitors.
    #[must_use]
    pub fn links(&self) -> Links {
        match (self.has_links, self.has_aliases) {
            (false, false) => Links::None,
            (true, false) => Links::Claims,
            (_, true) => Links::All,
        }
    }

    /// Whether each visitor is a person of its own.
    #[must_use]
    pub fn visitors_are_persons(&self) -> bool {
        !self.has_links && !self.has_aliases
    }
}

/// A row of each table is enough: the views behind links and aliases cost ten times that, even of no rows.
fn statement(project: &str) -> Sql {
    let mut sql = Sql::new(
        "SELECT toUInt8(2) AS kind, path_rules, ignore_trailing_slash, session_timeout_min \
         FROM analytics.project_reading FINAL WHERE project = ",
    );
    sql.string(project)
        .text(" UNION ALL SELECT toUInt8(0), [], false, 0 FROM analytics.links WHERE project = ")
        .string(project)
        .text(" LIMIT 1 UNION ALL SELECT toUInt8(1), [], false, 0 FROM analytics.aliases WHERE project = ")
        .string(project)
        .text(" LIMIT 1");
    sql
}

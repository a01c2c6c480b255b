//! Bringing the tables up to date: the numbered files of provisioning/clickhouse, applied
//! once, in order, and recorded with their checksums.
//!
//! ClickHouse has no transaction over statements, so each statement can be run again
//! without harm ([`script`]): a runner that was cut off is continued by the next. Two
//! runners take turns ([`lock`]). One source serves one server and a cluster ([`cluster`]).

pub mod cluster;
pub mod lock;
pub mod script;

use std::fmt;

use anyhow::{Context, ensure};
use clickhouse::Client;
use sha2::{Digest, Sha256};

use crate::exception;
use cluster::Cluster;
use script::{Scope, Statement};

/// One numbered file.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number.
    pub version: u32,
    /// Its name.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
    /// Where it is needed: the first two made a table that a new cluster never had.
    pub scope: Scope,
}

macro_rules! migration {
    ($version:literal, $file:literal, $name:literal, $scope:expr) => {
        Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!("../../../provisioning/clickhouse/", $file)),
            scope: $scope,
        }
    };
}

/// All of them, in order.
pub const MIGRATIONS: [Migration; 12] = [
    migration!(1, "0001_events.sql", "events", Scope::SingleServer),
    migration!(2, "0002_data_view.sql", "data_view", Scope::SingleServer),
    migration!(3, "0003_compact_events.sql", "compact_events", Scope::Everywhere),
    migration!(4, "0004_sessions.sql", "sessions", Scope::Everywhere),
    migration!(5, "0005_life_cycle.sql", "life_cycle", Scope::Everywhere),
    migration!(6, "0006_sessions_by_slot.sql", "sessions_by_slot", Scope::SingleServer),
    migration!(7, "0007_networks.sql", "networks", Scope::Everywhere),
    migration!(8, "0008_order_and_clock.sql", "order_and_clock", Scope::Everywhere),
    migration!(9, "0009_dead_letters.sql", "dead_letters", Scope::Everywhere),
    migration!(10, "0010_people.sql", "people", Scope::Everywhere),
    migration!(11, "0011_cohorts.sql", "cohorts", Scope::Everywhere),
    migration!(12, "0012_project_reading.sql", "project_reading", Scope::Everywhere),
];

/// The version that this program brings the tables to.
pub const NEWEST: u32 = MIGRATIONS[MIGRATIONS.len() - 1].version;

/// A migration, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Number and name.
    pub migration: String,
    /// What became of it.
    pub done: Done,
}

/// What became of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It was applied now.
    Now,
    /// An earlier runner had applied it.
    Before,
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done = match self.done {
            Done::Now => "applied",
            Done::Before => "was applied before",
        };
        write!(out, "{}: {done}", self.migration)
    }
}

/// Why it is not known what was applied.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// Nothing was ever applied.
    #[error("there is no table analytics.schema_migrations")]
    Absent,
    /// A newer program has migrated the tables.
    #[error("the tables are at version {version}, this program knows {NEWEST}: install a newer one")]
    Newer {
        /// The tables'.
        version: u32,
    },
    /// ClickHouse does not tell.
    #[error("cannot read analytics.schema_migrations")]
    Unreadable(#[source] clickhouse::error::Error),
}

const RECORDS: &str = "CREATE TABLE IF NOT EXISTS analytics.schema_migrations \
    (version UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)) \
    ENGINE = ReplacingMergeTree ORDER BY version";

/// Applies what is missing and says what was done. Running it again does no harm; a
/// second runner waits for the first.
///
/// # Errors
/// If ClickHouse refuses a statement, if a recorded file was changed afterwards, or if
/// the tables are newer than this program.
pub async fn apply(client: &Client, cluster: Option<&Cluster>) -> anyhow::Result<Vec<Step>> {
    apply_up_to(client, cluster, NEWEST).await
}

/// As [`apply`], ending after `version`: for tests of the upgrade from it.
///
/// # Errors
/// As [`apply`].
pub async fn apply_up_to(client: &Client, cluster: Option<&Cluster>, version: u32) -> anyhow::Result<Vec<Step>> {
    let wanted = || MIGRATIONS.iter().filter(move |migration| migration.version <= version);
    let prepare = ["CREATE DATABASE IF NOT EXISTS analytics", RECORDS];
    for statement in prepare {
        for sql in cluster::render(&Statement::plain(statement), cluster) {
            run(client, &sql).await?;
        }
    }
    let known = recorded(client).await?;
    if wanted().all(|migration| known.iter().any(|(version, _)| *version == migration.version)) {
        return wanted().map(|migration| check(migration, &known)).collect();
    }
    let lock = lock::take(client).await?;
    let result = apply_missing(client, cluster, wanted()).await;
    lock.release(client).await?;
    result
}

/// Number and checksum of what was applied.
///
/// # Errors
/// If nothing was ever applied, the tables are newer than this program, or ClickHouse does not answer.
pub async fn recorded(client: &Client) -> Result<Vec<(u32, String)>, RecordsError> {
    let rows: Vec<(u32, String)> = client
        .query_raw("SELECT version, checksum FROM analytics.schema_migrations FINAL ORDER BY version")
        .fetch_all()
        .await
        .map_err(|error| match exception::code(&error) {
            Some(exception::UNKNOWN_TABLE | exception::UNKNOWN_DATABASE) => RecordsError::Absent,
            _ => RecordsError::Unreadable(error),
        })?;
    if let Some((version, _)) = rows.iter().find(|(version, _)| *version > NEWEST) {
        return Err(RecordsError::Newer { version: *version });
    }
    Ok(rows)
}

async fn apply_missing(
    client: &Client,
    cluster: Option<&Cluster>,
    wanted: impl Iterator<Item = &'static Migration>,
) -> anyhow::Result<Vec<Step>> {
    // Asked again: the runner before us may have done it.
    let known = recorded(client).await?;
    let mut steps = Vec::new();
    for migration in wanted {
        let name = migration.full_name();
        if known.iter().any(|(version, _)| *version == migration.version) {
            steps.push(check(migration, &known)?);
            continue;
        }
        if cluster.is_none() || migration.scope == Scope::Everywhere {
            for statement in script::statements(migration.sql) {
                run_statement(client, cluster, &statement).await.with_context(|| format!("migration {name}"))?;
            }
        }
        client
            .query_raw("INSERT INTO analytics.schema_migrations (version, name, checksum) SELECT {version:UInt32}, {name:String}, {checksum:String}")
            .param("version", migration.version)
            .param("name", migration.name)
            .param("checksum", migration.checksum())
            .execute()
            .await?;
        steps.push(Step { migration: name, done: Done::Now });
    }
    Ok(steps)
}

fn check(migration: &Migration, known: &[(u32, String)]) -> anyhow::Result<Step> {
    let name = migration.full_name();
    let same = known.iter().any(|(version, sum)| *version == migration.version && *sum == migration.checksum());
    ensure!(same, "migration {name} was changed after it was applied: restore the file");
    Ok(Step { migration: name, done: Done::Before })
}

async fn run_statement(client: &Client, cluster: Option<&Cluster>, statement: &Statement) -> anyhow::Result<()> {
    if let (Some(guard), None) = (&statement.guard, cluster) {
        let kind: Option<String> = client
            .query_raw("SELECT type FROM system.columns WHERE database = {database:String} AND table = {table:String} AND name = {column:String}")
            .param("database", &guard.database)
            .param("table", &guard.table)
            .param("column", &guard.column)
            .fetch_optional()
            .await?;
        if kind.as_deref() != Some(guard.kind.as_str()) {
            return Ok(());
        }
    }
    for sql in cluster::render(statement, cluster) {
        run(client, &sql).await?;
    }
    Ok(())
}

async fn run(client: &Client, sql: &str) -> anyhow::Result<()> {
    client.query_raw(sql).execute().await.map_err(Into::into)
}

impl Migration {
    fn full_name(&self) -> String {
        format!("{:04}_{}", self.version, self.name)
    }

    /// SHA-256 of the file, in hexadecimal digits.
    #[must_use]
    pub fn checksum(&self) -> String {
        Sha256::digest(self.sql.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

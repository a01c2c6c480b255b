//! How long a project's events are kept. The tables' own TTL does it from then on: nothing
//! has to run, and a restart changes nothing.

use std::collections::BTreeMap;

use anyhow::ensure;
use clap::Args;

use super::{Tables, project};
use crate::{
    migrate::{cluster, script::Statement},
    projects::{DAYS_MAX, RETENTIONS_MAX},
};

/// Keep a project's events for so many days.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The project.
    #[arg(long, value_parser = project)]
    pub project: String,
    /// Days; 0 keeps them for ever.
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=i64::from(DAYS_MAX)))]
    pub days: u32,
}

/// Sets it, then brings the tables' TTL in line with all projects' settings. What the file of projects says, in
/// `by_file`, is changed there.
///
/// # Errors
/// If ClickHouse refuses, too many projects have a limit, or the file decides.
pub async fn run(options: &Options, by_file: &BTreeMap<String, u32>, tables: &Tables) -> anyhow::Result<()> {
    let Options { project, days } = options;
    ensure!(
        !by_file.contains_key(project),
        "retention_days of {project} are set in the file of projects (FOOTFALL_PROJECTS_FILE): change them there"
    );
    set(tables, project, *days).await?;
    let limits = apply(tables).await?;
    println!("{}", told(project, *days));
    println!("{} projects have a limit", limits.len());
    Ok(())
}

/// Sets what is wanted where it is not set already, and brings the tables' TTL in line, also if an earlier attempt
/// ended before that; returns what was set.
///
/// # Errors
/// As [`run`].
pub async fn keep(tables: &Tables, wanted: &BTreeMap<String, u32>) -> anyhow::Result<BTreeMap<String, u32>> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let known = known(tables).await?;
    let is_new = |(project, days): &(&String, &u32)| known.get(*project).unwrap_or(&0) != *days;
    let new: BTreeMap<String, u32> =
        wanted.iter().filter(is_new).map(|(project, days)| (project.clone(), *days)).collect();
    let all = known.into_iter().chain(new.clone()).collect::<BTreeMap<_, _>>();
    check_count(all.values().filter(|days| **days > 0).count())?;
    for (project, days) in &new {
        set(tables, project, *days).await?;
    }
    apply(tables).await?;
    Ok(new)
}

/// For an operator.
#[must_use]
pub fn told(project: &str, days: u32) -> String {
    match days {
        0 => format!("{project}: events are kept for ever"),
        days => format!("{project}: events are kept for {days} days"),
    }
}

/// What is set for each project; 0: for ever.
///
/// # Errors
/// If ClickHouse refuses.
pub async fn known(tables: &Tables) -> Result<BTreeMap<String, u32>, clickhouse::error::Error> {
    let sql = "SELECT project, retention_days FROM analytics.project_settings FINAL ORDER BY project";
    Ok(tables.client.query_raw(sql).fetch_all::<(String, u32)>().await?.into_iter().collect())
}

async fn set(tables: &Tables, project: &str, days: u32) -> Result<(), clickhouse::error::Error> {
    let sql = "INSERT INTO analytics.project_settings (project, retention_days) SELECT {project:String}, {days:UInt32}";
    tables.client.query_raw(sql).param("project", project).param("days", days).execute().await
}

fn check_count(limits: usize) -> anyhow::Result<()> {
    ensure!(limits <= RETENTIONS_MAX, "{limits} projects have a limit, at most {RETENTIONS_MAX} are allowed");
    Ok(())
}

/// Writes the settings of all projects into the tables' TTL, and returns them.
///
/// # Errors
/// As [`run`].
pub async fn apply(tables: &Tables) -> anyhow::Result<Vec<(String, u32)>> {
    let limits: Vec<(String, u32)> = known(tables).await?.into_iter().filter(|(_, days)| *days > 0).collect();
    check_count(limits.len())?;
    for (table, instant, always) in [
        ("analytics.events", "toDateTime(ts)", None),
        ("analytics.sessions", "date", None),
        // As long as an event that says it.
        ("analytics.links", "toDateTime(last_at)", None),
        ("analytics.aliases", "toDateTime(last_at)", None),
        ("analytics.dead_letters", "toDateTime(received_at)", Some("toDateTime(received_at) + toIntervalDay(30)")),
    ] {
        let each = limits.iter().enumerate().map(|(at, (_, days))| {
            format!("{instant} + toIntervalDay({days}) DELETE WHERE project = {{p{at}:String}}")
        });
        let entries: Vec<String> = always.map(str::to_owned).into_iter().chain(each).collect();
        let sql = match entries.is_empty() {
            true if has_ttl(tables, table).await? => format!("ALTER TABLE {table} REMOVE TTL"),
            true => continue,
            false => format!("ALTER TABLE {table} MODIFY TTL {}", entries.join(", ")),
        };
        for sql in cluster::render(&Statement::plain(&sql), tables.cluster.as_ref()) {
            let query = tables.client.query_raw(&sql);
            let bind = |query: clickhouse::query::Query, (at, (project, _)): (usize, &(String, u32))| {
                query.param(&format!("p{at}"), project)
            };
            limits.iter().enumerate().fold(query, bind).execute().await?;
        }
    }
    Ok(limits)
}

async fn has_ttl(tables: &Tables, table: &str) -> anyhow::Result<bool> {
    let (database, table) = table.split_once('.').unwrap_or(("analytics", table));
    let definition: Option<String> = tables
        .client
        .query_raw(
            "SELECT create_table_query FROM system.tables WHERE database = {database:String} AND name = {table:String}",
        )
        .param("database", database)
        .param("table", table)
        .fetch_optional()
        .await?;
    Ok(definition.is_some_and(|text| text.contains(" TTL ")))
}

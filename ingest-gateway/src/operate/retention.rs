//! How long a project's events are kept. The tables' own TTL does it from then on: nothing
//! has to run, and a restart changes nothing.

use anyhow::ensure;
use clap::Args;

use super::{Tables, project};
use crate::migrate::{cluster, script::Statement};

/// Projects with a limit of their own; each is a condition in the tables' TTL.
const PROJECTS_MAX: usize = 1_000;
/// A hundred years.
const DAYS_MAX: u32 = 36_500;

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

/// Sets it, then brings the tables' TTL in line with all projects' settings.
///
/// # Errors
/// If ClickHouse refuses, or too many projects have a limit.
pub async fn run(options: &Options, tables: &Tables) -> anyhow::Result<()> {
    tables
        .client
        .query_raw(
            "INSERT INTO analytics.project_settings (project, retention_days) SELECT {project:String}, {days:UInt32}",
        )
        .param("project", &options.project)
        .param("days", options.days)
        .execute()
        .await?;
    let limits = apply(tables).await?;
    match options.days {
        0 => println!("{}: events are kept for ever", options.project),
        days => println!("{}: events are kept for {days} days", options.project),
    }
    println!("{} projects have a limit", limits.len());
    Ok(())
}

/// Writes the settings of all projects into the tables' TTL, and returns them.
///
/// # Errors
/// As [`run`].
pub async fn apply(tables: &Tables) -> anyhow::Result<Vec<(String, u32)>> {
    let limits: Vec<(String, u32)> = tables
        .client
        .query_raw("SELECT project, retention_days FROM analytics.project_settings FINAL WHERE retention_days > 0 ORDER BY project")
        .fetch_all()
        .await?;
    ensure!(limits.len() <= PROJECTS_MAX, "{} projects have a limit, at most {PROJECTS_MAX} are allowed", limits.len());
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

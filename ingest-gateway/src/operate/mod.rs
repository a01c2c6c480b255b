//! What an operator does beside taking events: look after the tables, the people in them
//! and the way in and out. Each command is a file.

pub mod cohort;
pub mod dead_letters;
pub mod doctor;
pub mod erase;
pub mod export;
pub mod health;
pub mod import;
pub mod person;
pub mod reading;
pub mod retention;

use clap::Subcommand;
use clickhouse::Client;
use vector_components::{Projects, project::ProjectsError};

use crate::{
    answering::Patience,
    config::Config,
    migrate::{self, Done, Step, cluster::Cluster},
    projects,
};

/// What an operator can ask for.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Bring the tables of CLICKHOUSE_URL up to date, and what they keep in line with the file of projects; then end.
    Migrate,
    /// Check everything around the gateway, and say what to do.
    Doctor(doctor::Options),
    /// Is the gateway at FOOTFALL_LISTEN ready? For a container's health check.
    Health,
    /// Look at dropped events, and send them again after a fix.
    #[command(subcommand)]
    DeadLetters(dead_letters::Command),
    /// Keep a project's events for so many days.
    Retention(retention::Options),
    /// See the links of one person, undo one, or make it again.
    Person(person::Options),
    /// Look at named cohorts of persons; define one, or bring one in as a list.
    #[command(subcommand)]
    Cohort(cohort::Command),
    /// Erase a person: events, sessions, places in lists, links and dead letters.
    Erase(erase::Options),
    /// Write a project's events into files, a month each.
    Export(export::Options),
    /// Bring events in from another tool.
    Import(import::Options),
}

/// ClickHouse, and whether it is a cluster.
pub struct Tables {
    /// ClickHouse.
    pub client: Client,
    /// Its cluster.
    pub cluster: Option<Cluster>,
}

impl Tables {
    /// Applies what is missing of the migrations. A table that was made anew gets the projects'
    /// retention again.
    ///
    /// # Errors
    /// As [`migrate::apply`] and [`retention::apply`], or if ClickHouse does not answer.
    pub async fn bring_up_to_date(&self) -> anyhow::Result<Vec<Step>> {
        Patience::default().during(&self.client, self.apply()).await
    }

    async fn apply(&self) -> anyhow::Result<Vec<Step>> {
        let steps = migrate::apply(&self.client, self.cluster.as_ref()).await?;
        if steps.iter().any(|step| step.done == Done::Now) {
            retention::apply(self).await?;
        }
        Ok(steps)
    }
}

/// Does what the command says.
///
/// # Errors
/// As the command.
pub async fn run(command: Command, config: &Config) -> anyhow::Result<()> {
    match command {
        Command::Doctor(options) => doctor::run(&options, config).await,
        Command::DeadLetters(command) => dead_letters::run(&command, config).await,
        Command::Health => health::run(config.listen, config.tls.is_some()).await,
        Command::Migrate => {
            let settings = config.projects.read(&config.project_defaults())?;
            on_tables(config, async |tables, steps| {
                steps.iter().for_each(|step| println!("{step}"));
                let set = reading::keep(tables, &projects::readings(&settings)).await?;
                set.iter().for_each(|(project, reading)| println!("{}", reading::told(project, reading)));
                let set = retention::keep(tables, &projects::retention_days(&settings)).await?;
                set.iter().for_each(|(project, days)| println!("{}", retention::told(project, *days)));
                Ok(())
            })
            .await
        }
        Command::Retention(options) => {
            let by_file = projects::retention_days(&config.projects.read(&config.project_defaults())?);
            on_tables(config, async |tables, _| retention::run(&options, &by_file, tables).await).await
        }
        Command::Person(options) => on_tables(config, async |tables, _| person::run(&options, tables).await).await,
        Command::Cohort(command) => on_tables(config, async |tables, _| cohort::run(&command, tables).await).await,
        Command::Erase(options) => on_tables(config, async |tables, _| erase::run(&options, tables).await).await,
        Command::Export(options) => on_tables(config, async |tables, _| export::run(&options, tables).await).await,
        Command::Import(options) => on_tables(config, async |tables, _| import::run(&options, tables).await).await,
    }
}

/// Opens ClickHouse, brings the tables up to date, does the work, and closes the embedded engine again.
async fn on_tables(
    config: &Config,
    work: impl AsyncFnOnce(&Tables, &[Step]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let (client, engine) = config.clickhouse.open(&config.data).await?;
    let tables = Tables { client, cluster: config.clickhouse.cluster.clone() };
    let steps = tables.bring_up_to_date().await?;
    let result = work(&tables, &steps).await;
    if let Some(engine) = engine {
        engine.stop().await?;
    }
    result
}

/// A command's `--project`, checked as the gateway checks it.
fn project(name: &str) -> Result<String, ProjectsError> {
    let projects = Projects::parse(name)?;
    match projects.iter().collect::<Vec<_>>()[..] {
        [one] if one == name => Ok(one.to_owned()),
        _ => Err(ProjectsError::NotOne),
    }
}

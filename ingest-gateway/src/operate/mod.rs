//! What an operator does beside taking events: look after the tables, the people in them
//! and the way in and out. Each command is a file.

pub mod doctor;
pub mod erase;
pub mod export;
pub mod health;
pub mod import;
pub mod retention;

use clickhouse::Client;

use crate::{
    answering::Patience,
    config::{Command, Config},
    migrate::{self, Done, Step, cluster::Cluster},
};

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

/// Opens ClickHouse, does what the command says, and closes the embedded engine again.
///
/// # Errors
/// As the command.
pub async fn run(command: Command, config: &Config) -> anyhow::Result<()> {
    if let Command::Doctor(options) = &command {
        return doctor::run(options, config).await;
    }
    if let Command::Health = &command {
        return health::run(config.listen).await;
    }
    let (client, engine) = config.clickhouse.open(&config.data).await?;
    let tables = Tables { client, cluster: config.clickhouse.cluster.clone() };
    let steps = tables.bring_up_to_date().await?;
    let result = match &command {
        Command::Migrate => {
            steps.iter().for_each(|step| println!("{step}"));
            Ok(())
        }
        Command::Retention(options) => retention::run(options, &tables).await,
        Command::Erase(options) => erase::run(options, &tables).await,
        Command::Export(options) => export::run(options, &tables).await,
        Command::Import(options) => import::run(options, &tables).await,
        Command::Serve | Command::Doctor(_) | Command::Health => Ok(()),
    };
    if let Some(engine) = engine {
        engine.stop().await?;
    }
    result
}

/// A command's `--project`, checked as the gateway checks it.
fn project(name: &str) -> Result<String, String> {
    let projects = vector_components::Projects::parse(name)?;
    match projects.iter().collect::<Vec<_>>()[..] {
        [one] if one == name => Ok(one.to_owned()),
        _ => Err("one project, exactly".into()),
    }
}

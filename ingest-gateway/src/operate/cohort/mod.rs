//! Named cohorts of persons: a definition that the data source computes at each query, or a list of visitors. The
//! rules are in docs/queries/cohorts.md.

mod define;
mod import;
mod members;
mod name;
mod show;
mod store;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Tables, project};
pub use members::IdOf;
use name::{description, name};

/// What to do with cohorts.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// List a project's cohorts.
    List(Project),
    /// Show one: its definition, or how many members its list has.
    Show(Named),
    /// Define one by what its persons did; computed at each query.
    Define(Definition),
    /// Make one of a CSV file, or replace its list as a whole.
    Import(List),
    /// Remove one.
    Remove(Named),
}

/// Whose cohorts.
#[derive(Args, Clone, Debug)]
pub struct Project {
    /// The project.
    #[arg(long, value_parser = project)]
    pub project: String,
}

/// A cohort of a project.
#[derive(Args, Clone, Debug)]
pub struct Named {
    /// The project.
    #[arg(long, value_parser = project)]
    pub project: String,
    /// The cohort's name: 1 to 100 characters.
    #[arg(long, value_parser = name)]
    pub name: String,
}

/// A cohort and what is known of it besides.
#[derive(Args, Clone, Debug)]
pub struct Described {
    /// Which.
    #[command(flatten)]
    pub named: Named,
    /// What it is about, for people: up to 1,000 characters. That of before stays if it is not given.
    #[arg(long, value_parser = description)]
    pub description: Option<String>,
}

/// A cohort by what its persons did.
#[derive(Args, Clone, Debug)]
pub struct Definition {
    /// Which.
    #[command(flatten)]
    pub cohort: Described,
    /// A filter of `did`, `all`, `any` and `not`, as JSON.
    #[arg(long)]
    pub filter: String,
}

/// A cohort by a list.
#[derive(Args, Clone, Debug)]
pub struct List {
    /// Which.
    #[command(flatten)]
    pub cohort: Described,
    /// The CSV file.
    #[arg(long)]
    pub file: PathBuf,
    /// What the ids in it are.
    #[arg(long)]
    pub id: IdOf,
    /// The column with the ids, by the header in the first line. Without it the file has no header, and an id a line.
    #[arg(long)]
    pub column: Option<String>,
}

/// Does what the command says.
///
/// # Errors
/// If ClickHouse refuses, there is no such cohort, or what is given for it is wrong: then nothing is changed.
pub async fn run(command: &Command, tables: &Tables) -> anyhow::Result<()> {
    match command {
        Command::List(Project { project }) => show::list(project, tables).await,
        Command::Show(named) => show::one(named, tables).await,
        Command::Define(definition) => define::run(definition, tables).await,
        Command::Import(list) => import::run(list, tables).await,
        Command::Remove(named) => define::remove(named, tables).await,
    }
}

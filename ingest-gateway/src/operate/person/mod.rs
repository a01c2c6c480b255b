//! A person's visitors and the links between them: seen, undone, made again. What is linked and why is
//! in docs/queries/people.md; the tables' own views decide it, this asks them.

mod decide;
mod links;
mod show;

use clap::{Args, Subcommand};
use vector_components::enrich::visitor::{IdKind, visitor_of_id};

use super::{Tables, project};
pub use links::People;

/// See the links of one person, undo one, or make it again.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with links.
#[derive(Subcommand, Clone, Debug)]
pub enum Action {
    /// Show the visitors that are one person, and why.
    Show(Named),
    /// Undo a link: the visitor is no longer that person.
    Unlink(Link),
    /// Make a link again that was undone.
    Relink(Link),
}

/// A visitor of a project.
#[derive(Args, Clone, Debug)]
pub struct Named {
    /// The project.
    #[arg(long, value_parser = project)]
    pub project: String,
    /// Who.
    #[command(flatten)]
    pub who: Person,
}

/// Who is meant: one of these.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct Person {
    /// A user's id.
    #[arg(long)]
    pub user: Option<String>,
    /// A device's `anonymous_id`.
    #[arg(long)]
    pub anonymous: Option<String>,
    /// A visitor's number, as in `analytics.events`.
    #[arg(long)]
    pub visitor: Option<u64>,
}

/// One link.
#[derive(Args, Clone, Debug)]
pub struct Link {
    /// The visitor that is linked.
    #[command(flatten)]
    pub named: Named,
    /// The number of the person that it is linked with, as `person show` names it.
    #[arg(long)]
    pub person: u64,
}

impl Person {
    /// The visitor's number.
    #[must_use]
    pub fn number(&self, project: &str) -> u64 {
        let of = |kind, id: &Option<String>| id.as_ref().map(|id| visitor_of_id(project, kind, id));
        // One of them is given: the command line sees to it.
        self.visitor
            .or_else(|| of(IdKind::User, &self.user))
            .or_else(|| of(IdKind::Anonymous, &self.anonymous))
            .unwrap_or_default()
    }
}

/// Does it and prints what became of it.
///
/// # Errors
/// If ClickHouse refuses, or nobody has made the link.
pub async fn run(options: &Options, tables: &Tables) -> anyhow::Result<()> {
    match &options.action {
        Action::Show(named) => show::run(named, tables).await,
        Action::Unlink(link) => decide::run(link, decide::Decision::Undo, tables).await,
        Action::Relink(link) => decide::run(link, decide::Decision::Restore, tables).await,
    }
}

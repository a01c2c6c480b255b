//! `ingest-gateway dead-letters`: look at dropped events, and send them again after a fix. Both work on the place where
//! the configured sink keeps them: a topic of Kafka, or a table of ClickHouse.

mod list;
mod mend;
mod pages;
mod resend;

use anyhow::ensure;
use clap::{Args, Subcommand};
use uuid::Uuid;
use vector_components::{Reason, timestamp};

use super::project;
use crate::{config::Config, dead_letters::Selection};

/// What to do with dropped events.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Show them, oldest first.
    List(list::Options),
    /// Send them again: each is judged, enriched and stored as a new event would be, and stored once however often this
    /// is done.
    Resend(resend::Options),
}

/// Which of them.
#[derive(Args, Clone, Debug)]
pub struct Which {
    /// Of this project.
    #[arg(long, value_parser = project)]
    pub project: Option<String>,
    /// Dropped for this reason, such as too_long; can be repeated.
    #[arg(long)]
    pub reason: Vec<String>,
    /// The letter with this id; can be repeated.
    #[arg(long)]
    pub id: Vec<Uuid>,
    /// Dropped at this instant or later, RFC 3339.
    #[arg(long, value_parser = instant)]
    pub since: Option<i64>,
    /// Dropped before this instant, RFC 3339.
    #[arg(long, value_parser = instant)]
    pub until: Option<i64>,
}

/// Does what the command says.
///
/// # Errors
/// If the letters cannot be read, or not all that should be could be stored.
pub async fn run(command: &Command, config: &Config) -> anyhow::Result<()> {
    match command {
        Command::List(options) => list::run(options, config).await,
        Command::Resend(options) => resend::run(options, config).await,
    }
}

impl Which {
    fn selection(&self) -> anyhow::Result<Selection> {
        /// Reasons that only `footfall-vector` has.
        const OF_VECTOR: [&str; 4] = ["no_message", "not_an_event", "newer_version", "no_visitor"];
        for reason in &self.reason {
            let is_known =
                Reason::ALL.iter().any(|known| known.as_str() == reason) || OF_VECTOR.contains(&reason.as_str());
            ensure!(
                is_known,
                "--reason {reason}: there is no such reason; docs/events.md and docs/vector.md list them"
            );
        }
        Ok(Selection {
            project: self.project.clone(),
            reasons: self.reason.clone(),
            ids: self.id.clone(),
            since_ms: self.since,
            until_ms: self.until,
        })
    }
}

fn instant(text: &str) -> Result<i64, String> {
    timestamp::parse_text_ms(text).ok_or_else(|| "not a date such as 2026-03-01T18:00:00Z".to_owned())
}

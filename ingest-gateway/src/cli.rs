//! The command line: serve events, or one of the operator's commands.

use clap::{Parser, Subcommand};

use crate::{config::Config, operate, options::Options, server};

/// Footfall's gateway: events over HTTP, answered when they are durable.
#[derive(Parser, Debug)]
#[command(version)]
#[expect(missing_docs, reason = "the doc comments are the command's help")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub options: Options,
}

/// What to do.
#[derive(Subcommand, Clone, Debug, Default)]
pub enum Command {
    /// Take events (the default).
    #[default]
    Serve,
    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment would be help of a command that is none")]
    Operate(operate::Command),
}

impl Cli {
    /// Does what the command says, to its end.
    ///
    /// # Errors
    /// If an option is wrong, or as the command.
    pub async fn run(self) -> anyhow::Result<()> {
        let config = Config::resolve(self.options)?;
        match self.command.unwrap_or_default() {
            Command::Serve => server::serve(config).await,
            Command::Operate(command) => operate::run(command, &config).await,
        }
    }
}

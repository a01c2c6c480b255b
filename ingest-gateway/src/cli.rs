//! The command line: serve events, or one of the operator's commands.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};

use crate::{check_config, config::Config, operate, options::Options, server};

/// Footfall's gateway: events over HTTP, answered when they are durable.
#[derive(Parser, Debug)]
#[command(version)]
#[expect(missing_docs, reason = "the doc comments are the command's help")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Check the configuration and all files that it names, say what was found, and end; nothing is changed.
    /// Exits with 0, with 1 if something is wrong, or with 3 if only the sink does not answer (`--check-sink`).
    #[arg(long)]
    pub check_config: bool,
    /// With `--check-config`: ask ClickHouse or Kafka as well.
    #[arg(long, requires = "check_config")]
    pub check_sink: bool,
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
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        if self.check_config && self.command.is_some() {
            let message = "--check-config stands alone: it checks what the gateway would be started with";
            Self::command().error(ErrorKind::ArgumentConflict, message).exit();
        }
        let config = Config::resolve(self.options);
        if self.check_config {
            return Ok(check_config::run(config, self.check_sink).await);
        }
        let config = config?;
        match self.command.unwrap_or_default() {
            Command::Serve => server::serve(config).await?,
            Command::Operate(command) => operate::run(command, &config).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

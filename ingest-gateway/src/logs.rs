//! The log, on standard error: text for people, or JSON for what gathers logs.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

/// How a line is written.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line: timestamp, level, target and fields.
    Json,
}

/// Starts it; `RUST_LOG` says what is logged.
pub fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}

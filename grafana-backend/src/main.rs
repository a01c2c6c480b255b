//! The plugin's executable; Grafana starts it.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    // Grafana reads standard error, one JSON object a line.
    let filter = tracing_subscriber::EnvFilter::try_from_env("GF_PLUGIN_LOG_LEVEL").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().json().flatten_event(true).with_env_filter(filter).with_writer(std::io::stderr).init();
    match grafana_backend::serve::serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

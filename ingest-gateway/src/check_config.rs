//! `ingest-gateway --check-config`: everything that a start needs, looked at without starting anything, so that a wrong
//! file is found before the gateway that runs is stopped for it.

use std::{
    io::ErrorKind,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use tokio::net::TcpListener;

use crate::{
    config::{Config, Sink},
    connections::descriptors,
    ledger::OperatorKey,
    operate::doctor::{self, Finding, State},
    salt::SaltKeeper,
};

/// Something is wrong.
const WRONG: u8 = 1;
/// Only the sink does not answer. 2 is clap's, for an option that there is not.
const NO_SINK: u8 = 3;

/// Looks at everything, prints it, and says how it came out.
pub async fn run(config: anyhow::Result<Config>, asks_sink: bool) -> ExitCode {
    let config = match config {
        Ok(config) => config,
        Err(error) => {
            println!("{}", Finding::fail("options", format!("{error:#}"), "docs/gateway.md lists them"));
            return ExitCode::from(WRONG);
        }
    };
    let mut findings = vec![Finding::ok("options", "they agree with each other")];
    findings.extend(files(&config));
    findings.push(listen(config.listen).await);
    findings.push(connections(&config));
    let is_wrong = findings.iter().any(|finding| finding.state == State::Fail);
    let sink = if asks_sink { doctor::sink(&config).await } else { Vec::new() };
    let has_no_sink = sink.iter().any(|finding| finding.state == State::Fail);
    findings.into_iter().chain(sink).for_each(|finding| println!("{finding}"));
    match (is_wrong, has_no_sink) {
        (true, _) => ExitCode::from(WRONG),
        (false, true) => ExitCode::from(NO_SINK),
        (false, false) => ExitCode::SUCCESS,
    }
}

fn files(config: &Config) -> Vec<Finding> {
    let mut findings = vec![data(&config.data), salts(&config.data), doctor::geoip(config)];
    findings.extend(doctor::projects_file(config));
    if config.data.join("operator-key").exists() {
        findings.push(match OperatorKey::open(&config.data) {
            Ok(_) => Finding::ok("operator key", "it can be read"),
            Err(error) => Finding::fail("operator key", format!("{error:#}"), "give it to the gateway's user"),
        });
    }
    findings.push(match &config.tls {
        None => Finding::ok("tls", "off; put a proxy in front, or set FOOTFALL_TLS_CERTIFICATE and FOOTFALL_TLS_KEY"),
        Some(files) => match files.read() {
            Ok(certified) => Finding::ok(
                "tls",
                format!("{} certificates in {}, and their key", certified.cert.len(), files.certificate.display()),
            ),
            Err(error) => {
                Finding::fail("tls", format!("{error:#}"), "both in PEM, the gateway's own certificate first")
            }
        },
    });
    if matches!(config.sink, Sink::Direct { .. }) && config.clickhouse.url.is_none() {
        findings.push(match embedded::library::find() {
            Ok(path) => Finding::ok("engine", path.display().to_string()),
            Err(error) => Finding::fail("engine", format!("{error:#}"), "or set CLICKHOUSE_URL, or KAFKA_BROKERS"),
        });
    }
    findings
}

/// Whether the folder can be written, or made.
fn data(folder: &Path) -> Finding {
    let mut existing: PathBuf = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    while !existing.exists()
        && let Some(parent) = existing.parent()
    {
        existing = parent.to_owned();
    }
    let probe = existing.join(format!(".footfall-check-{}", std::process::id()));
    match std::fs::File::create_new(&probe) {
        Ok(_) => {
            let _ = std::fs::remove_file(&probe);
            Finding::ok("data", format!("{} can be written (FOOTFALL_DATA)", folder.display()))
        }
        Err(error) => Finding::fail(
            "data",
            format!("{}: {error} (FOOTFALL_DATA)", folder.display()),
            "it must be a folder that the gateway's user may write to",
        ),
    }
}

fn salts(folder: &Path) -> Finding {
    if !folder.join("visitor-salts.json").exists() {
        return Finding::ok("visitor salts", "there are none yet");
    }
    match SaltKeeper::open(folder) {
        Ok(_) => Finding::ok("visitor salts", "they can be read"),
        Err(error) => Finding::fail("visitor salts", format!("{error:#}"), "restore or delete the file"),
    }
}

async fn listen(address: SocketAddr) -> Finding {
    match TcpListener::bind(address).await {
        Ok(_) => Finding::ok("listen", format!("{address} is free (FOOTFALL_LISTEN)")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Finding::warn(
            "listen",
            format!("{address} is in use (FOOTFALL_LISTEN)"),
            "by the gateway that runs? Else choose another one",
        ),
        Err(error) => Finding::fail(
            "listen",
            format!("{address}: {error} (FOOTFALL_LISTEN)"),
            "it must be an address of this machine, and a port that this user may use",
        ),
    }
}

fn connections(config: &Config) -> Finding {
    match descriptors::connections_max(config.connections_max, descriptors::raise()) {
        Ok(connections) => Finding::ok("connections", format!("at most {connections}")),
        Err(error) => Finding::fail("connections", format!("{error:#}"), "raise `ulimit -n`"),
    }
}

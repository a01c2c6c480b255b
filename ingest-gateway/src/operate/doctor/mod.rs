//! `ingest-gateway doctor`: one look at everything around the gateway, and for each thing
//! that is wrong, what to do.

mod clickhouse;
mod finding;
mod kafka;

use std::{path::Path, time::Duration};

use anyhow::bail;
use clap::Args;

use crate::{
    config::{Config, Sink},
    dead_letters::What,
    geoip::GeoFiles,
    operate::health,
    projects::Source,
};
pub use finding::{Finding, State};

const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

/// Check everything around the gateway, and say what to do.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Free space that ClickHouse's disks must have, in bytes.
    #[arg(long, default_value_t = 5 << 30)]
    pub disk_free_bytes_min: u64,
    /// The group by which Vector reads the topic.
    #[arg(long, env = "KAFKA_GROUP", default_value = "footfall-vector")]
    pub kafka_group: String,
    /// One JSON object instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Checks, prints, and fails if a check did.
///
/// # Errors
/// If a check failed.
pub async fn run(options: &Options, config: &Config) -> anyhow::Result<()> {
    let mut findings = clickhouse::check(options, config).await;
    if let Sink::Kafka(kafka) = &config.sink {
        findings.extend(kafka::check(&kafka.brokers, &kafka.topic, &options.kafka_group).await);
        // Brokers that do not answer are said once.
        if findings.iter().any(|finding| finding.check == "kafka" && finding.state == State::Ok) {
            findings.extend(dead_letters(config, &kafka.brokers).await);
        }
    }
    findings.push(geoip(config));
    let warnings = warnings(config).await;
    findings.extend(projects(config, &warnings));
    findings.extend(tables(&warnings));
    if options.json {
        println!("{}", serde_json::to_string(&findings)?);
    } else {
        findings.iter().for_each(|finding| println!("{finding}"));
    }
    let failed = findings.iter().filter(|finding| finding.state == State::Fail).count();
    if failed > 0 {
        bail!("{failed} of {} checks failed", findings.len());
    }
    Ok(())
}

/// What the gateway here warns of, if one runs.
async fn warnings(config: &Config) -> Vec<String> {
    let told = health::ready(config.listen, config.tls.is_some()).await.unwrap_or_default();
    told.lines().filter_map(|line| line.strip_prefix("warning: ")).map(str::to_owned).collect()
}

/// The file of projects, and whether a gateway here still goes by an older one.
fn projects(config: &Config, warnings: &[String]) -> Option<Finding> {
    let finding = projects_file(config)?;
    let warning = warnings.iter().find(|warning| is_of_projects(warning));
    let Some(warning) = warning.filter(|_| finding.state == State::Ok) else { return Some(finding) };
    Some(Finding::warn(
        "projects",
        format!("{}, which the gateway does not go by: {warning}", finding.seen),
        "it reads the file again within seconds, and at once on SIGHUP",
    ))
}

/// What the gateway here waits for, with events in its journal or settings that are not in force.
fn tables(warnings: &[String]) -> Option<Finding> {
    let warning = warnings.iter().find(|warning| !is_of_projects(warning))?;
    Some(Finding::warn(
        "gateway",
        warning.clone(),
        "nothing is lost, and it tries again every few seconds: see the checks of ClickHouse and migrations",
    ))
}

fn is_of_projects(warning: &str) -> bool {
    warning.starts_with("the projects ")
}

/// What is wrong with the file of projects; none if they are listed.
pub(crate) fn projects_file(config: &Config) -> Option<Finding> {
    let Source::File(path) = &config.projects else { return None };
    Some(match config.projects.read(&config.project_defaults()) {
        Ok(projects) => Finding::ok("projects", format!("{} projects in {}", projects.len(), path.display())),
        Err(error) => Finding::fail(
            "projects",
            error.to_string(),
            "mend the file (FOOTFALL_PROJECTS_FILE): a gateway that runs goes by the one before, and none can start",
        ),
    })
}

/// Whether the sink answers; nothing is changed, and no engine is started.
pub(crate) async fn sink(config: &Config) -> Vec<Finding> {
    match &config.sink {
        Sink::Kafka(kafka) => {
            let mut findings = vec![kafka::has_topic("kafka topic", &kafka.brokers, &kafka.topic).await];
            findings.extend(dead_letters(config, &kafka.brokers).await);
            findings
        }
        Sink::Direct { .. } => match &config.clickhouse.url {
            Some(_) => vec![clickhouse::answers(config).await],
            None => vec![Finding::ok("clickhouse", "the embedded engine, which starts with the gateway")],
        },
    }
}

/// The topic of dropped events; none if they are not kept.
async fn dead_letters(config: &Config, brokers: &str) -> Option<Finding> {
    let is_on = config.dead_letters.what != What::Off;
    if is_on { Some(kafka::has_topic("dead letters", brokers, &config.dead_letters.topic).await) } else { None }
}

pub(crate) fn geoip(config: &Config) -> Finding {
    let (city, asn) = (config.geoip.as_deref(), config.geoip_asn.as_deref());
    let named = |path: Option<&Path>| path.map_or_else(|| "not set".to_owned(), |path| path.display().to_string());
    match GeoFiles::open(city, asn, config.geoip_language) {
        Ok(_) => Finding::ok(
            "geoip",
            format!("City {} (FOOTFALL_GEOIP), ASN {} (FOOTFALL_GEOIP_ASN)", named(city), named(asn)),
        ),
        Err(error) => {
            Finding::fail("geoip", format!("{error:#}"), "they must be a City and an ASN database in MaxMind's format")
        }
    }
}

fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

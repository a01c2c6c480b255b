//! The configuration: the [`Options`], resolved and checked before any port is bound.

mod clickhouse;

use std::net::SocketAddr;
use std::{net::IpAddr, path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use ipnet::IpNet;
use vector_components::{Privacy, enrich::Language, privacy::AddressPolicy};

pub use crate::limits::Limits;
use crate::{
    dead_letters, journal,
    migrate::cluster::Cluster,
    options::{DurableIn, Options, SinkKind},
    projects::{self, listed},
    sink::kafka,
    tls,
    wire::paths::Paths,
};
pub use clickhouse::ClickHouse;

/// The resolved configuration.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "as the options of the same names")]
pub struct Config {
    pub listen: SocketAddr,
    pub tls: Option<tls::Files>,
    pub projects: projects::Source,
    pub sink: Sink,
    pub clickhouse: ClickHouse,
    pub data: PathBuf,
    pub geoip: Option<PathBuf>,
    pub geoip_asn: Option<PathBuf>,
    pub geoip_language: Language,
    pub privacy: Privacy,
    pub paths: Paths,
    pub trusted_proxies: Vec<IpNet>,
    pub limits: Limits,
    pub journal: journal::Limits,
    pub dead_letters: dead_letters::Policy,
    pub connections_max: Option<usize>,
    pub head_time_max: Duration,
    pub idle_time_max: Duration,
}

/// The chosen sink with its settings.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "as the options of the same names")]
pub enum Sink {
    Direct { insert_interval: Duration },
    Kafka(kafka::Settings),
}

impl Config {
    /// What counts for a project whose file does not say it.
    #[must_use]
    pub fn project_defaults(&self) -> projects::Defaults {
        projects::Defaults { client_ip: self.privacy.address(), batch_events_max: self.limits.batch_events_max }
    }

    /// Checks the options and resolves them.
    ///
    /// # Errors
    /// Names the option that is wrong.
    pub fn resolve(options: Options) -> anyhow::Result<Self> {
        let projects = projects(options.projects, options.projects_file, &options.write_keys, options.client_ip)?;
        let by_brokers = if options.kafka_brokers.is_empty() { SinkKind::Direct } else { SinkKind::Kafka };
        let sink = match options.sink.unwrap_or(by_brokers) {
            SinkKind::Direct => Sink::Direct { insert_interval: Duration::from_millis(options.insert_interval_ms) },
            SinkKind::Kafka if options.kafka_brokers.is_empty() => bail!("FOOTFALL_SINK=kafka needs KAFKA_BROKERS"),
            SinkKind::Kafka if options.durable_in == DurableIn::Journal && options.journal_bytes_max == 0 => {
                bail!("FOOTFALL_DURABLE_IN=journal needs a journal: FOOTFALL_JOURNAL_BYTES_MAX is 0")
            }
            SinkKind::Kafka => Sink::Kafka(kafka::Settings {
                brokers: options.kafka_brokers,
                topic: options.kafka_topic,
                message_bytes_max: options.kafka_message_bytes_max,
                durable_in: options.durable_in,
            }),
        };
        let limits = Limits {
            body_bytes_max: options.body_bytes_max,
            decoded_bytes_max: options.decoded_bytes_max,
            batch_events_max: options.batch_events_max,
            pending_events_max: options.pending_events_max,
            in_flight_bytes_max: options.in_flight_bytes_max,
            remembered_events_max: options.remembered_events_max,
            recent_events_max: options.recent_events_max,
            request_time_max: Duration::from_millis(options.request_ms_max),
            body_pause_max: Duration::from_millis(options.body_pause_ms_max),
            address_requests_per_s_max: options.address_requests_per_s_max,
        };
        limits.check()?;
        Ok(Self {
            listen: options.listen,
            tls: match (options.tls_certificate, options.tls_key) {
                (Some(certificate), Some(key)) => Some(tls::Files { certificate, key }),
                (None, None) => None,
                _ => bail!("FOOTFALL_TLS_CERTIFICATE and FOOTFALL_TLS_KEY: give both, or none"),
            },
            projects,
            sink,
            clickhouse: ClickHouse {
                url: clickhouse::parse_url(&options.clickhouse_url)?,
                user: options.clickhouse_user,
                password: options.clickhouse_password,
                cluster: options.clickhouse_cluster.as_deref().map(Cluster::parse).transpose()?,
                engine_listen: options.engine_listen,
                engine_memory_bytes_max: options.engine_memory_bytes_max,
            },
            data: options.data,
            geoip: options.geoip,
            geoip_asn: options.geoip_asn,
            geoip_language: options.geoip_language,
            privacy: Privacy::new(options.client_ip, options.redact_properties.split(','))
                .map_err(anyhow::Error::msg)
                .context("FOOTFALL_REDACT_PROPERTIES")?,
            paths: Paths::parse(&options.paths).context("FOOTFALL_PATHS")?,
            trusted_proxies: networks(&options.trusted_proxies)?,
            limits,
            journal: journal::Limits {
                bytes_max: options.journal_bytes_max,
                age_max: Duration::from_secs(options.journal_age_s_max),
            },
            dead_letters: dead_letters::Policy {
                what: options.dead_letters,
                body_bytes_max: options.dead_letter_bytes_max,
                topic: options.kafka_dead_letter_topic,
            },
            connections_max: options.connections_max,
            head_time_max: Duration::from_millis(options.head_ms_max),
            idle_time_max: Duration::from_millis(options.idle_ms_max),
        })
    }
}

fn networks(list: &str) -> anyhow::Result<Vec<IpNet>> {
    let parse = |text: &str| {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        address
            .or_else(|_| text.parse())
            .with_context(|| format!("FOOTFALL_TRUSTED_PROXIES: {text} is no network such as 10.0.0.0/8"))
    };
    list.split(',').map(str::trim).filter(|n| !n.is_empty()).map(parse).collect()
}

/// In a list or in a file, and never in both: nobody would know which of them counts.
fn projects(
    names: Option<String>,
    file: Option<PathBuf>,
    write_keys: &str,
    client_ip: AddressPolicy,
) -> anyhow::Result<projects::Source> {
    match (names, file) {
        // An empty variable is how compose files leave one out.
        (Some(names), Some(_)) if !names.is_empty() => {
            bail!("PROJECTS and FOOTFALL_PROJECTS_FILE are both given: give one of them")
        }
        (_, Some(_)) if !write_keys.is_empty() => {
            bail!("FOOTFALL_WRITE_KEYS and FOOTFALL_PROJECTS_FILE are both given: write the keys into the file")
        }
        (_, Some(file)) => Ok(projects::Source::File(file)),
        (names, None) => {
            let names = names.as_deref().unwrap_or(listed::DEFAULT);
            Ok(projects::Source::Listed(listed::parse(names, write_keys, client_ip)?))
        }
    }
}

//! Configuration in two stages: [`Options`] as given, [`Config`] as resolved and checked
//! before any port is bound. Every option can come from the environment.

use std::{collections::HashMap, net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use clap::{Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use vector_components::{Privacy, Projects, enrich::Language, privacy::AddressPolicy};

pub use crate::limits::Limits;
use crate::{
    migrate::cluster::Cluster,
    operate::{doctor, erase, export, import, retention},
};

/// Footfall's gateway: events over HTTP, answered when they are durable.
#[derive(Parser, Debug)]
#[command(version)]
#[expect(missing_docs, reason = "the doc comments are the command's help")]
pub struct Options {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The address to listen on.
    #[arg(long, env = "FOOTFALL_LISTEN", default_value = "127.0.0.1:4195", global = true)]
    pub listen: SocketAddr,
    /// The projects whose events are taken, separated by commas; names match exactly.
    #[arg(long, env = "PROJECTS", default_value = "app,website", global = true)]
    pub projects: String,
    /// Secret keys for `Authorization: Bearer`, as key=project, separated by commas.
    #[arg(long, env = "FOOTFALL_WRITE_KEYS", default_value = "", hide_env_values = true, global = true)]
    pub write_keys: String,
    /// Where events go; kafka if brokers are given, else direct to ClickHouse.
    #[arg(long, env = "FOOTFALL_SINK", global = true)]
    pub sink: Option<SinkKind>,
    /// Kafka's bootstrap brokers, separated by commas.
    #[arg(long, env = "KAFKA_BROKERS", default_value = "", global = true)]
    pub kafka_brokers: String,
    /// The topic of events.
    #[arg(long, env = "KAFKA_TOPIC", default_value = "analytics", global = true)]
    pub kafka_topic: String,
    /// The largest message that Kafka takes, in bytes: the topic's `max.message.bytes`, or less.
    #[arg(long, env = "KAFKA_MESSAGE_BYTES_MAX", default_value_t = 1_000_000, global = true)]
    pub kafka_message_bytes_max: usize,
    /// A ClickHouse server; if not given, the embedded engine is started.
    #[arg(long, env = "CLICKHOUSE_URL", default_value = "", global = true)]
    pub clickhouse_url: String,
    /// ClickHouse's user.
    #[arg(long, env = "CLICKHOUSE_USER", default_value = "default", global = true)]
    pub clickhouse_user: String,
    /// ClickHouse's password.
    #[arg(long, env = "CLICKHOUSE_PASSWORD", default_value = "", hide_env_values = true, global = true)]
    pub clickhouse_password: String,
    /// The cluster of CLICKHOUSE_URL, as in its `remote_servers`: tables become replicated and distributed.
    #[arg(long, env = "CLICKHOUSE_CLUSTER", global = true)]
    pub clickhouse_cluster: Option<String>,
    /// The loopback address of the embedded engine.
    #[arg(long, env = "FOOTFALL_ENGINE_LISTEN", default_value = "127.0.0.1:8123", global = true)]
    pub engine_listen: SocketAddr,
    /// The embedded engine's memory, in bytes; if not given, 60 % of the machine's or the container's.
    #[arg(long, env = "FOOTFALL_ENGINE_MEMORY_BYTES_MAX", global = true)]
    pub engine_memory_bytes_max: Option<u64>,
    /// The folder of the embedded engine's data, of the visitor salts and of the remembered arrivals.
    #[arg(long, env = "FOOTFALL_DATA", default_value = ".footfall", global = true)]
    pub data: PathBuf,
    /// A GeoIP City database in MaxMind's format; without one the place stays empty.
    #[arg(long, env = "FOOTFALL_GEOIP", global = true)]
    pub geoip: Option<PathBuf>,
    /// A GeoIP ASN database in MaxMind's format; without one the network stays empty.
    #[arg(long, env = "FOOTFALL_GEOIP_ASN", global = true)]
    pub geoip_asn: Option<PathBuf>,
    /// The language of regions' and cities' names, as far as the City database has it: en, de, es, fr, ja, pt-BR, ru or zh-CN.
    #[arg(long, env = "FOOTFALL_GEOIP_LANGUAGE", default_value = "en", value_parser = parse_language, global = true)]
    pub geoip_language: Language,
    /// What becomes of clients' addresses before anything is stored: keep, truncate or drop.
    #[arg(long, env = "FOOTFALL_CLIENT_IP", default_value = "keep", value_parser = parse_policy, global = true)]
    pub client_ip: AddressPolicy,
    /// Properties whose values are replaced before anything is stored, beside passwords and the like; separated by commas.
    #[arg(long, env = "FOOTFALL_REDACT_PROPERTIES", default_value = "", global = true)]
    pub redact_properties: String,
    /// Networks whose X-Forwarded-For or Forwarded is believed, separated by commas.
    #[arg(long, env = "FOOTFALL_TRUSTED_PROXIES", default_value = "127.0.0.0/8,::1/128", global = true)]
    pub trusted_proxies: String,
    /// A request's body, compressed or not, in bytes.
    #[arg(long, env = "FOOTFALL_BODY_BYTES_MAX", default_value_t = 2 << 20, global = true)]
    pub body_bytes_max: usize,
    /// A request's body after decompression, in bytes.
    #[arg(long, env = "FOOTFALL_DECODED_BYTES_MAX", default_value_t = 16 << 20, global = true)]
    pub decoded_bytes_max: usize,
    /// Events in one request.
    #[arg(long, env = "FOOTFALL_BATCH_EVENTS_MAX", default_value_t = 5_000, global = true)]
    pub batch_events_max: usize,
    /// Events that wait for the sink at once; more are answered 503.
    #[arg(long, env = "FOOTFALL_PENDING_EVENTS_MAX", default_value_t = 100_000, global = true)]
    pub pending_events_max: usize,
    /// Memory that all requests hold at once, in bytes: read, decompressed and encoded; more are answered 503.
    #[arg(long, env = "FOOTFALL_IN_FLIGHT_BYTES_MAX", default_value_t = 128 << 20, global = true)]
    pub in_flight_bytes_max: usize,
    /// Events whose first arrival is remembered for a day, so that one sent again without a time or a name is the same.
    #[arg(long, env = "FOOTFALL_REMEMBERED_EVENTS_MAX", default_value_t = 2_000_000, global = true)]
    pub remembered_events_max: u64,
    /// The time for one request, its durable write included, in milliseconds.
    #[arg(long, env = "FOOTFALL_REQUEST_MS_MAX", default_value_t = 30_000, global = true)]
    pub request_ms_max: u64,
    /// Connections at once; if not given, 10,000, or fewer where file descriptors are short.
    #[arg(long, env = "FOOTFALL_CONNECTIONS_MAX", global = true)]
    pub connections_max: Option<usize>,
    /// The time for a request's head, from its first byte, in milliseconds.
    #[arg(long, env = "FOOTFALL_HEAD_MS_MAX", default_value_t = 10_000, global = true)]
    pub head_ms_max: u64,
    /// The time of a connection without a request, in milliseconds; longer than that of a proxy in front.
    #[arg(long, env = "FOOTFALL_IDLE_MS_MAX", default_value_t = 90_000, global = true)]
    pub idle_ms_max: u64,
    /// The least time between two inserts into ClickHouse, in milliseconds.
    #[arg(long, env = "FOOTFALL_INSERT_INTERVAL_MS", default_value_t = 100, global = true)]
    pub insert_interval_ms: u64,
}

/// What to do.
#[derive(Subcommand, Clone, Debug, Default)]
pub enum Command {
    /// Take events (the default).
    #[default]
    Serve,
    /// Bring the tables of CLICKHOUSE_URL up to date, then end.
    Migrate,
    /// Check everything around the gateway, and say what to do.
    Doctor(doctor::Options),
    /// Is the gateway at FOOTFALL_LISTEN ready? For a container's health check.
    Health,
    /// Keep a project's events for so many days.
    Retention(retention::Options),
    /// Erase a person: events, sessions and dead letters.
    Erase(erase::Options),
    /// Write a project's events into files, a month each.
    Export(export::Options),
    /// Bring events in from another tool.
    Import(import::Options),
}

/// Where events are made durable.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkKind {
    /// Enriched in this process and inserted into ClickHouse.
    Direct,
    /// Produced to Kafka, for Vector to enrich.
    Kafka,
}

/// The resolved configuration.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "as the options of the same names")]
pub struct Config {
    pub listen: SocketAddr,
    pub projects: Projects,
    pub write_keys: WriteKeys,
    pub sink: Sink,
    pub clickhouse: ClickHouse,
    pub data: PathBuf,
    pub geoip: Option<PathBuf>,
    pub geoip_asn: Option<PathBuf>,
    pub geoip_language: Language,
    pub privacy: Privacy,
    pub trusted_proxies: Vec<IpNet>,
    pub limits: Limits,
    pub connections_max: Option<usize>,
    pub head_time_max: Duration,
    pub idle_time_max: Duration,
}

/// The chosen sink with its settings.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "as the options of the same names")]
pub enum Sink {
    Direct { insert_interval: Duration },
    Kafka { brokers: String, topic: String, message_bytes_max: usize },
}

/// How to reach ClickHouse.
#[derive(Clone)]
#[expect(missing_docs, reason = "as the options of the same names")]
pub struct ClickHouse {
    pub url: Option<String>,
    pub user: String,
    pub password: String,
    pub cluster: Option<Cluster>,
    pub engine_listen: SocketAddr,
    pub engine_memory_bytes_max: Option<u64>,
}

/// Secret keys and the project each stands for.
#[derive(Clone, Default)]
pub struct WriteKeys(HashMap<String, String>);

impl Config {
    /// Checks the options and resolves them.
    ///
    /// # Errors
    /// Names the option that is wrong.
    pub fn resolve(options: Options) -> anyhow::Result<Self> {
        let projects = Projects::parse(&options.projects).map_err(anyhow::Error::msg).context("PROJECTS")?;
        let by_brokers = if options.kafka_brokers.is_empty() { SinkKind::Direct } else { SinkKind::Kafka };
        let sink = match options.sink.unwrap_or(by_brokers) {
            SinkKind::Direct => Sink::Direct { insert_interval: Duration::from_millis(options.insert_interval_ms) },
            SinkKind::Kafka if options.kafka_brokers.is_empty() => bail!("FOOTFALL_SINK=kafka needs KAFKA_BROKERS"),
            SinkKind::Kafka => Sink::Kafka {
                brokers: options.kafka_brokers,
                topic: options.kafka_topic,
                message_bytes_max: options.kafka_message_bytes_max,
            },
        };
        let limits = Limits {
            body_bytes_max: options.body_bytes_max,
            decoded_bytes_max: options.decoded_bytes_max,
            batch_events_max: options.batch_events_max,
            pending_events_max: options.pending_events_max,
            in_flight_bytes_max: options.in_flight_bytes_max,
            remembered_events_max: options.remembered_events_max,
            request_time_max: Duration::from_millis(options.request_ms_max),
        };
        limits.check()?;
        Ok(Self {
            listen: options.listen,
            write_keys: WriteKeys::parse(&options.write_keys, &projects)?,
            projects,
            sink,
            clickhouse: ClickHouse {
                url: clickhouse_url(&options.clickhouse_url)?,
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
            trusted_proxies: networks(&options.trusted_proxies)?,
            limits,
            connections_max: options.connections_max,
            head_time_max: Duration::from_millis(options.head_ms_max),
            idle_time_max: Duration::from_millis(options.idle_ms_max),
        })
    }
}

impl ClickHouse {
    /// A client of the server that is configured, or of the embedded engine, started.
    ///
    /// # Errors
    /// If the engine cannot be started.
    pub async fn connect(
        &self,
        data: &std::path::Path,
    ) -> anyhow::Result<(clickhouse::Client, Option<embedded::Server>)> {
        let client = clickhouse::Client::default();
        if let Some(url) = &self.url {
            return Ok((client.with_url(url).with_user(&self.user).with_password(&self.password), None));
        }
        let engine = self.start_engine(data).await?;
        Ok((of_engine(client.with_url(engine.url()), &engine.passwords), Some(engine)))
    }

    /// As [`ClickHouse::connect`]; if a gateway's embedded engine is open already, that one.
    ///
    /// # Errors
    /// As [`ClickHouse::connect`].
    pub async fn open(&self, data: &std::path::Path) -> anyhow::Result<(clickhouse::Client, Option<embedded::Server>)> {
        if self.url.is_none()
            && embedded::is_open(&engine_folder(data))
            && let Ok(passwords) = embedded::Passwords::read(&engine_folder(data))
        {
            let client = clickhouse::Client::default().with_url(format!("http://{}", self.engine_listen));
            let client = of_engine(client, &passwords);
            let asked = client.query_raw("SELECT 1").fetch_one::<u8>();
            if let Ok(Ok(_)) = tokio::time::timeout(Duration::from_secs(10), asked).await {
                return Ok((client, None));
            }
        }
        self.connect(data).await
    }

    async fn start_engine(&self, data: &std::path::Path) -> anyhow::Result<embedded::Server> {
        embedded::Server::start(embedded::Options {
            library: embedded::library::find()?,
            data: engine_folder(data),
            listen: self.engine_listen,
            password: embedded::Password::from_environment()?,
            memory_bytes_max: self.engine_memory_bytes_max,
        })
        .await
    }
}

/// The engine's part of the data folder.
fn engine_folder(data: &std::path::Path) -> PathBuf {
    data.join("clickhouse")
}

fn of_engine(client: clickhouse::Client, passwords: &embedded::Passwords) -> clickhouse::Client {
    client.with_user("default").with_password(passwords.default.reveal())
}

impl std::fmt::Debug for ClickHouse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClickHouse").field("url", &self.url).field("user", &self.user).finish_non_exhaustive()
    }
}

impl WriteKeys {
    fn parse(list: &str, projects: &Projects) -> anyhow::Result<Self> {
        const KEY_BYTES_MIN: usize = 16;
        let mut keys = HashMap::new();
        for (index, pair) in list.split(',').map(str::trim).filter(|p| !p.is_empty()).enumerate() {
            // The key itself is a secret and stays out of the message.
            let (key, project) = pair
                .split_once('=')
                .with_context(|| format!("FOOTFALL_WRITE_KEYS: entry {} is not key=project", index + 1))?;
            if key.len() < KEY_BYTES_MIN {
                bail!("FOOTFALL_WRITE_KEYS: the key of {project} has fewer than {KEY_BYTES_MIN} bytes");
            }
            projects.check(project).map_err(|e| anyhow::anyhow!("FOOTFALL_WRITE_KEYS: {e}"))?;
            keys.insert(key.to_owned(), project.to_owned());
        }
        Ok(Self(keys))
    }

    /// The project of a key.
    #[must_use]
    pub fn project(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

impl std::fmt::Debug for WriteKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WriteKeys({})", self.0.len())
    }
}

fn parse_language(text: &str) -> Result<Language, String> {
    text.parse()
}

fn parse_policy(text: &str) -> Result<AddressPolicy, String> {
    text.parse()
}

fn clickhouse_url(text: &str) -> anyhow::Result<Option<String>> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = url::Url::parse(text).context("CLICKHOUSE_URL is not a URL such as http://localhost:8123")?;
    if !url.username().is_empty() || url.password().is_some() {
        bail!("CLICKHOUSE_URL must not hold a user or password: use CLICKHOUSE_USER and CLICKHOUSE_PASSWORD");
    }
    Ok(Some(text.trim_end_matches('/').to_owned()))
}

fn networks(list: &str) -> anyhow::Result<Vec<IpNet>> {
    let parse = |text: &str| {
        let address = text.parse::<std::net::IpAddr>().map(IpNet::from);
        address
            .or_else(|_| text.parse())
            .with_context(|| format!("FOOTFALL_TRUSTED_PROXIES: {text} is no network such as 10.0.0.0/8"))
    };
    list.split(',').map(str::trim).filter(|n| !n.is_empty()).map(parse).collect()
}

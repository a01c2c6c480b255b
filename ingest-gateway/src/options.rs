//! The options as they are given, each by a flag or from the environment. [`Config`](crate::config::Config)
//! is what they resolve to.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueEnum};
use vector_components::{enrich::Language, privacy::AddressPolicy, validate::EVENT_BYTES_MAX};

use crate::{dead_letters::What, logs::LogFormat};

/// What every command takes.
#[derive(Args, Debug)]
pub struct Options {
    /// The address to listen on.
    #[arg(long, env = "FOOTFALL_LISTEN", default_value = "127.0.0.1:4195", global = true)]
    pub listen: SocketAddr,
    /// A certificate in PEM, with those that lead to its authority: connections are TLS. A new file is taken up by itself.
    #[arg(long, env = "FOOTFALL_TLS_CERTIFICATE", global = true)]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key in PEM.
    #[arg(long, env = "FOOTFALL_TLS_KEY", global = true)]
    pub tls_key: Option<PathBuf>,
    /// How the log is written: text or json, an object a line.
    #[arg(long, env = "FOOTFALL_LOG_FORMAT", value_enum, default_value_t, global = true)]
    pub log_format: LogFormat,
    /// The projects whose events are taken, separated by commas; names match exactly. If neither they nor a file are
    /// given: app,website.
    #[arg(long, env = "PROJECTS", global = true)]
    pub projects: Option<String>,
    /// The projects in a file, in the place of PROJECTS and FOOTFALL_WRITE_KEYS: keys, pages, rates, quotas and more; read
    /// again when it changes.
    #[arg(long, env = "FOOTFALL_PROJECTS_FILE", global = true)]
    pub projects_file: Option<PathBuf>,
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
    /// With Kafka: where an event is durable when it is answered.
    #[arg(long, env = "FOOTFALL_DURABLE_IN", default_value = "kafka", global = true)]
    pub durable_in: DurableIn,
    /// With Kafka, the topic of dropped events.
    #[arg(long, env = "KAFKA_DEAD_LETTER_TOPIC", default_value = "analytics.dead-letter", global = true)]
    pub kafka_dead_letter_topic: String,
    /// What is kept of dropped events: keep (the event without its secrets, and the reason), reasons or off.
    #[arg(long, env = "FOOTFALL_DEAD_LETTERS", value_enum, default_value_t, global = true)]
    pub dead_letters: What,
    /// A dropped event of more bytes is not kept itself, but its reason is.
    #[arg(long, env = "FOOTFALL_DEAD_LETTER_BYTES_MAX", default_value_t = EVENT_BYTES_MAX, global = true)]
    pub dead_letter_bytes_max: usize,
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
    #[arg(long, env = "FOOTFALL_GEOIP_LANGUAGE", default_value = "en", global = true)]
    pub geoip_language: Language,
    /// What becomes of clients' addresses before anything is stored: keep, truncate or drop.
    #[arg(long, env = "FOOTFALL_CLIENT_IP", default_value = "keep", global = true)]
    pub client_ip: AddressPolicy,
    /// Properties whose values are replaced before anything is stored, beside passwords and the like; separated by commas.
    #[arg(long, env = "FOOTFALL_REDACT_PROPERTIES", default_value = "", global = true)]
    pub redact_properties: String,
    /// Paths that are elsewhere than usual, separated by commas: known=new for one, such as /api/event=/numbers, format=/below for
    /// all of a format, such as posthog=/ph; with nothing behind the equals sign they are gone.
    #[arg(long, env = "FOOTFALL_PATHS", default_value = "", global = true)]
    pub paths: String,
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
    /// Requests a second from one address, an IPv6 network of 64 bits being one, and ten times as many at once after a
    /// pause; more are answered 429 before they are read. 0: any number.
    #[arg(long, env = "FOOTFALL_ADDRESS_REQUESTS_PER_S_MAX", default_value_t = 0, global = true)]
    pub address_requests_per_s_max: u32,
    /// Events whose first arrival is remembered for a day, so that one sent again without a time or a name is the same.
    #[arg(long, env = "FOOTFALL_REMEMBERED_EVENTS_MAX", default_value_t = 2_000_000, global = true)]
    pub remembered_events_max: u64,
    /// Events of which it is known that they were stored a short while ago, so that one sent again is answered as a duplicate; 0: none.
    #[arg(long, env = "FOOTFALL_RECENT_EVENTS_MAX", default_value_t = 200_000, global = true)]
    pub recent_events_max: usize,
    /// The time for one request, its durable write included, in milliseconds.
    #[arg(long, env = "FOOTFALL_REQUEST_MS_MAX", default_value_t = 30_000, global = true)]
    pub request_ms_max: u64,
    /// The time between two pieces of a request's body, in milliseconds; then it is answered 408.
    #[arg(long, env = "FOOTFALL_BODY_PAUSE_MS_MAX", default_value_t = 10_000, global = true)]
    pub body_pause_ms_max: u64,
    /// Connections at once; if not given, 10,000, or fewer where file descriptors are short.
    #[arg(long, env = "FOOTFALL_CONNECTIONS_MAX", global = true)]
    pub connections_max: Option<usize>,
    /// The time for a request's head, from its first byte, in milliseconds.
    #[arg(long, env = "FOOTFALL_HEAD_MS_MAX", default_value_t = 10_000, global = true)]
    pub head_ms_max: u64,
    /// The time of a connection without a request, in milliseconds; longer than that of a proxy in front.
    #[arg(long, env = "FOOTFALL_IDLE_MS_MAX", default_value_t = 90_000, global = true)]
    pub idle_ms_max: u64,
    /// Events that are answered and not yet in ClickHouse or Kafka, in bytes, in the journal in FOOTFALL_DATA; more are answered 503.
    /// 0: no journal; an event is answered when ClickHouse or Kafka has it.
    #[arg(long, env = "FOOTFALL_JOURNAL_BYTES_MAX", default_value_t = 1 << 30, global = true)]
    pub journal_bytes_max: u64,
    /// How long an event may wait in the journal, in seconds; while one has waited longer, no more are taken.
    #[arg(long, env = "FOOTFALL_JOURNAL_AGE_S_MAX", default_value_t = 86_400, global = true)]
    pub journal_age_s_max: u64,
    /// The minimum time between two inserts into ClickHouse, in milliseconds.
    #[arg(long, env = "FOOTFALL_INSERT_INTERVAL_MS", default_value_t = 100, global = true)]
    pub insert_interval_ms: u64,
}

/// Where events are made durable.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkKind {
    /// Enriched in this process and inserted into ClickHouse.
    Direct,
    /// Produced to Kafka, for Vector to enrich.
    Kafka,
}

/// What an answered event survives, if events go to Kafka.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DurableIn {
    /// The loss of this machine: all in-sync replicas have it.
    Kafka,
    /// `kill -9` and a power cut: it is synced to this machine's disk, and goes to Kafka in large batches.
    Journal,
}

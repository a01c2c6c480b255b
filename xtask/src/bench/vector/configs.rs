//! The configurations to compare.

use crate::{clickhouse::Server, root};

/// A configuration.
pub struct Config {
    /// Its name in the results.
    pub name: &'static str,
    /// When it has processed every message.
    pub done: Done,
    transform: Transform,
    sink: Sink,
}

/// When a run is complete.
pub enum Done {
    /// When the sink has received every event.
    Received,
    /// When this statement counts every event.
    Stored(&'static str),
}

enum Transform {
    Nothing,
    ParseJson,
    Article,
    Enrich(&'static str),
}

enum Sink {
    Blackhole,
    /// The sink `clickhouse` with default settings, as in the article.
    Article,
    /// As shipped.
    Shipped,
}

const EVENTS: Done = Done::Stored("SELECT count() FROM analytics.events");

/// In the order they run.
pub const CONFIGS: &[Config] = &[
    Config { name: "nothing_blackhole", done: Done::Received, transform: Transform::Nothing, sink: Sink::Blackhole },
    Config {
        name: "parse_json_blackhole",
        done: Done::Received,
        transform: Transform::ParseJson,
        sink: Sink::Blackhole,
    },
    Config { name: "article_blackhole", done: Done::Received, transform: Transform::Article, sink: Sink::Blackhole },
    Config {
        name: "columns_blackhole",
        done: Done::Received,
        transform: Transform::Enrich("columns"),
        sink: Sink::Blackhole,
    },
    Config {
        name: "enrich_blackhole",
        done: Done::Received,
        transform: Transform::Enrich("json_line"),
        sink: Sink::Blackhole,
    },
    Config {
        name: "article_clickhouse",
        done: Done::Stored("SELECT count() FROM lab.data"),
        transform: Transform::Article,
        sink: Sink::Article,
    },
    Config { name: "enrich_clickhouse", done: EVENTS, transform: Transform::Enrich("json_line"), sink: Sink::Shipped },
];

/// The article's table, in a separate database.
pub const ARTICLES_TABLE: [&str; 2] = [
    "CREATE DATABASE lab",
    "CREATE TABLE lab.data (type LowCardinality(String), user_id String, session_id String, timestamp DateTime, locale LowCardinality(String), path String, appVersion LowCardinality(String), details Map(String, String), project LowCardinality(String), browser LowCardinality(String), browser_version LowCardinality(String), os LowCardinality(String), os_version LowCardinality(String), device LowCardinality(String), brand LowCardinality(String), model LowCardinality(String), country LowCardinality(String), region LowCardinality(String), city LowCardinality(String), latitude Float32, longitude Float32) ENGINE = MergeTree ORDER BY (session_id, timestamp)",
];

/// Parses, splits the client addresses, looks the first one up, parses the user agent, and builds the row.
const ARTICLE: &str = r#"
      event = object!(parse_json!(.message))
      ua = parse_user_agent!(string!(event.user_agent), mode: "enriched")
      client = split(string!(event.ip), ",")[0]
      geo = get_enrichment_table_record("geoip", {"ip": client}) ?? {}
      . = {
        "type": event.type, "user_id": event.user_id, "session_id": event.session_id,
        "timestamp": to_unix_timestamp(parse_timestamp!(string!(event.timestamp), "%+")),
        "locale": event.locale, "path": event.path, "appVersion": event.appVersion, "details": event.details,
        "project": event.project, "browser": ua.browser.family, "browser_version": ua.browser.version,
        "os": ua.os.family, "os_version": ua.os.version, "device": ua.device.category, "brand": ua.device.brand,
        "model": ua.device.model, "country": geo.country_code, "region": geo.region_name, "city": geo.city_name,
        "latitude": geo.latitude, "longitude": geo.longitude
      }"#;

impl Config {
    /// The configuration file; each round uses its own consumer group.
    pub fn text(&self, round: u32, brokers: &str, clickhouse: &Server) -> String {
        let (name, geoip) = (self.name, root().join("vector-components/testdata/geoip/GeoLite2-City-Test.mmdb"));
        let geoip = geoip.display();
        let acknowledged = !matches!(self.sink, Sink::Blackhole);
        let transform = match self.transform {
            Transform::Nothing => "type: filter\n    condition: 'true'".to_owned(),
            Transform::ParseJson => "type: remap\n    source: '. = parse_json!(.message)'".to_owned(),
            Transform::Article => format!("type: remap\n    source: |{ARTICLE}"),
            Transform::Enrich(output) => format!("type: footfall_enrich\n    output: {output}\n    geoip: {geoip}"),
        };
        let sink = match self.sink {
            Sink::Blackhole => "type: blackhole\n    print_interval_secs: 0".to_owned(),
            Sink::Article => format!(
                "type: clickhouse\n    endpoint: {}\n    auth: {{strategy: basic, user: '{}', password: '{}'}}\n    \
                 database: lab\n    table: data\n    skip_unknown_fields: true",
                clickhouse.url,
                clickhouse.user(),
                clickhouse.password()
            ),
            Sink::Shipped => shipped(clickhouse),
        };
        format!(
            "acknowledgements: {{enabled: {acknowledged}}}\n\
             enrichment_tables:\n  geoip: {{type: geoip, path: {geoip}}}\n\
             sources:\n  events:\n    type: kafka\n    bootstrap_servers: '{brokers}'\n    topics: [analytics]\n    \
             group_id: bench-{name}-{round}\n    auto_offset_reset: earliest\n    \
             librdkafka_options: {{queued.max.messages.kbytes: '2048'}}\n\
             transforms:\n  work:\n    inputs: [events]\n    {transform}\n\
             sinks:\n  out:\n    inputs: [work]\n    {sink}\n"
        )
    }
}

/// The sink of provisioning/vector/footfall.yaml.
fn shipped(clickhouse: &Server) -> String {
    let file = std::fs::read_to_string(root().join("provisioning/vector/footfall.yaml")).unwrap_or_default();
    let sink = file.split("  clickhouse:\n").nth(1).and_then(|rest| rest.split("\n  dead_letters:").next());
    sink.unwrap_or_default()
        .replace("    inputs: [enrich]\n", "")
        .replace("SECRET[footfall.clickhouse_url]", &clickhouse.url)
        .replace("SECRET[footfall.clickhouse_user]", clickhouse.user())
        .replace("SECRET[footfall.clickhouse_password]", clickhouse.password())
        .trim()
        .to_owned()
}

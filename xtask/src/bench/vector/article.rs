//! The article's part of Vector: its remap, its sink and its table.

use crate::{clickhouse::Server, root};

/// The article's table, in a database of its own.
pub const TABLE: [&str; 2] = [
    "CREATE DATABASE lab",
    "CREATE TABLE lab.data (type LowCardinality(String), user_id String, session_id String, timestamp DateTime, locale LowCardinality(String), path String, appVersion LowCardinality(String), details Map(String, String), project LowCardinality(String), browser LowCardinality(String), browser_version LowCardinality(String), os LowCardinality(String), os_version LowCardinality(String), device LowCardinality(String), brand LowCardinality(String), model LowCardinality(String), country LowCardinality(String), region LowCardinality(String), city LowCardinality(String), latitude Float32, longitude Float32) ENGINE = MergeTree ORDER BY (session_id, timestamp)",
];

/// Parses, splits the address, looks it up, parses the user agent, and makes the row of it.
const REMAP: &str = r#"
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

/// Vector between the article's topic and its table.
pub fn chain(brokers: &str, clickhouse: &Server) -> String {
    around(&transform(), &sink(clickhouse), brokers, "article", true)
}

/// The remap as a transform.
pub fn transform() -> String {
    format!("type: remap\n    source: |{REMAP}")
}

/// The sink `clickhouse` with its defaults.
pub fn sink(clickhouse: &Server) -> String {
    format!(
        "type: clickhouse\n    endpoint: {}\n    auth: {{strategy: basic, user: '{}', password: '{}'}}\n    \
         database: lab\n    table: data\n    skip_unknown_fields: true",
        clickhouse.url,
        clickhouse.user(),
        clickhouse.password()
    )
}

/// The GeoIP database of all sides.
pub fn geoip() -> String {
    root().join("vector-components/testdata/geoip/GeoLite2-City-Test.mmdb").display().to_string()
}

/// A configuration from the topic through one transform into one sink.
pub fn around(transform: &str, sink: &str, brokers: &str, group: &str, acknowledged: bool) -> String {
    let geoip = geoip();
    format!(
        "acknowledgements: {{enabled: {acknowledged}}}\n\
         enrichment_tables:\n  geoip: {{type: geoip, path: {geoip}}}\n\
         sources:\n  events:\n    type: kafka\n    bootstrap_servers: '{brokers}'\n    topics: [analytics]\n    \
         group_id: {group}\n    auto_offset_reset: earliest\n    \
         librdkafka_options: {{queued.max.messages.kbytes: '2048'}}\n\
         transforms:\n  work:\n    inputs: [events]\n    {transform}\n\
         sinks:\n  out:\n    inputs: [work]\n    {sink}\n"
    )
}

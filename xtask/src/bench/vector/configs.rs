//! The configurations to compare.

use super::article;
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

impl Config {
    /// The configuration file; each round uses its own consumer group.
    pub fn text(&self, round: u32, brokers: &str, clickhouse: &Server) -> String {
        let (name, geoip) = (self.name, article::geoip());
        let acknowledged = !matches!(self.sink, Sink::Blackhole);
        let transform = match self.transform {
            Transform::Nothing => "type: filter\n    condition: 'true'".to_owned(),
            Transform::ParseJson => "type: remap\n    source: '. = parse_json!(.message)'".to_owned(),
            Transform::Article => article::transform(),
            Transform::Enrich(output) => format!("type: footfall_enrich\n    output: {output}\n    geoip: {geoip}"),
        };
        let sink = match self.sink {
            Sink::Blackhole => "type: blackhole\n    print_interval_secs: 0".to_owned(),
            Sink::Article => article::sink(clickhouse),
            Sink::Shipped => shipped(clickhouse),
        };
        article::around(&transform, &sink, brokers, &format!("bench-{name}-{round}"), acknowledged)
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

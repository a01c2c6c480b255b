//! The plugin's own metrics, which Grafana serves at `/metrics/plugins/<id>`.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// Labels are closed lists: the query types, and an outcome.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Asked {
    query_type: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Type {
    query_type: &'static str,
}

/// All metrics.
pub struct Metrics {
    registry: Registry,
    queries: Family<Asked, Counter>,
    seconds: Family<Type, Histogram>,
    /// Queries that run now.
    pub running: Gauge,
    /// Channels that are streamed now.
    pub streams: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let seconds = || Histogram::new([0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0]);
        let mut metrics = Self {
            registry: Registry::with_prefix("footfall_datasource"),
            queries: Family::default(),
            seconds: Family::new_with_constructor(seconds),
            running: Gauge::default(),
            streams: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("queries", "Queries by type and outcome", metrics.queries.clone());
        registry.register("query_seconds", "Time of queries that ClickHouse was asked", metrics.seconds.clone());
        registry.register("queries_running", "Queries that run now", metrics.running.clone());
        registry.register("streams_running", "Live channels that are streamed now", metrics.streams.clone());
        metrics
    }
}

impl Metrics {
    /// Notes an answered query: `ok`, `cached` or an error's name; the time if ClickHouse was asked.
    pub fn answered(&self, query_type: &'static str, outcome: &'static str, seconds: Option<f64>) {
        self.queries.get_or_create(&Asked { query_type, outcome }).inc();
        if let Some(seconds) = seconds {
            self.seconds.get_or_create(&Type { query_type }).observe(seconds);
        }
    }

    /// Prometheus' text form.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
